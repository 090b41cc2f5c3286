"""JSON log lines with the fields of their run and without personal data.

Imports no Django, so that the Supabase client can use it.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, TextIO

from validate_docbr import CNPJ

from sistema_os.masking import is_card

_bound: ContextVar[Mapping[str, Any]] = ContextVar("log_fields", default=MappingProxyType({}))

# Longer texts are cut before they are searched: a request must not buy CPU time with the length of a header.
MAX_TEXT: Final = 32_768
# Between groups of digits: a character, or one that a URL encodes.
_GAP: Final = r"(?:[ ._/+-]|%(?:20|2[bdefBDEF]))"
_PHONE_GAP: Final = r"(?:[ .-]|%(?:20|2[dD]))"
# A number does not begin inside another, but may follow an encoded character such as %20.
_START: Final = r"(?:(?<!\d)|(?<=%\d\d))"
# In this order: patterns that contain others (addresses, keys) come first. Every repetition that may be tried again
# from the next character is bounded, so that the time grows with the length of the text and not with its square.
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"(?P<scheme>(?<![a-z0-9])[a-z][a-z0-9+.-]{0,30}://)(?P<user>[^\s/:@]{0,128}):[^\s/]{0,512}@", re.IGNORECASE
        ),
        r"\g<scheme>\g<user>:***@",
    ),
    # Whoever knows the address of a webhook may post to it.
    (
        re.compile(
            r"(?P<host>https?://(?:hooks\.|[\w.-]{0,64}webhook[\w.-]{0,64}|discord(?:app)?\.com/api|chat\.googleapis\.com"
            r"|api\.telegram\.org/bot|outlook\.office(?:365)?\.com/webhook)[\w.-]{0,64})[^\s\"'<>]*",
            re.IGNORECASE,
        ),
        r"\g<host>/[webhook]",
    ),
    (re.compile(r"(?P<path>/web-?hooks?/)[^\s\"'<>?]+", re.IGNORECASE), r"\g<path>[webhook]"),
    (
        re.compile(r"\b(?P<name>(?:set-)?cookie2?[\"']?\s{0,16}[:=]\s{0,16})[^\r\n]+", re.IGNORECASE),
        r"\g<name>[cookie]",
    ),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){1,2}"), "[key]"),
    (re.compile(r"\bsb_(?:secret|publishable)_[\w-]+"), "[key]"),
    (re.compile(r"\b(?:sbp_|gh[opsur]_|github_pat_|xox[abprs]-|[sr]k_(?:live|test)_|AKIA)[\w-]{12,}"), "[key]"),
    (re.compile(r"\b(bearer|basic)(\s{1,16})(?!\[key\])[\w.~+/=-]+", re.IGNORECASE), r"\1\2[key]"),
    (
        re.compile(
            r"\b(?P<name>(?:proxy-)?authorization[\"']?\s{0,16}[:=]\s{0,16}[\"']?)(?!(?:bearer|basic)\s|\[key\])"
            r"(?:\w{1,32}\s{1,8})?(?!\[key\])[^\s\"',;)}]+",
            re.IGNORECASE,
        ),
        r"\g<name>[key]",
    ),
    (
        re.compile(
            r"(?P<name>(?:api[_-]?key|service_key|hash_key|secret(?:[_-]?key)?|private[_-]?key|passwo?r?d|senha|token"
            r"|session(?:_?id|_key)|csrf\w{0,24}|phpsessid|sid|pin)\b"
            r"[\"']?\s{0,16}(?:[:=]|%3[aAdD])\s{0,16})(?P<quote>[\"']?)(?!\[key\])[^\s\"',;&)}]+",
            re.IGNORECASE,
        ),
        r"\g<name>\g<quote>[key]",
    ),
    # PostgreSQL quotes whole rows and keys in the DETAIL of an error, in the language of the server.
    (
        re.compile(
            r"(Failing row contains |(?:Registro|Linha|Tupla) que falhou cont[eé]m )\(.*(?:\)|\Z)",
            re.DOTALL | re.IGNORECASE,
        ),
        r"\1([row])",
    ),
    (re.compile(r"((?:Key|Chave) \([^()]{0,512}\)=)\([^)]*(?:\)|\Z)", re.IGNORECASE), r"\1([value])"),
    (re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[email]"),
    (re.compile(rf"{_START}\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{4}}{_GAP}?\d{{2}}(?!\d)"), "[cnpj]"),
    (re.compile(rf"{_START}\d{{8}}{_GAP}?\d{{4}}-\d{{2}}(?!\d)"), "[cnpj]"),
    (re.compile(rf"{_START}\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}?\d{{2}}(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)\d{9}(?:-|%2[dD])\d{2}(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)(?:\+?55[ .-]?)?\(\d{2}\)[ .-]?9?[ .-]?\d{4}[ .-]?\d{4}(?!\d)"), "[phone]"),
    (
        re.compile(
            rf"{_START}(?:(?:\+|%2[bB])?55{_GAP}?)?(?:\(|%28)\d{{2}}(?:\)|%29){_GAP}?9?{_GAP}?\d{{4}}{_GAP}?\d{{4}}(?!\d)"
        ),
        "[phone]",
    ),
    (
        re.compile(
            rf"(?:(?<![\d-])|(?<=%\d\d))(?:\+?55[ .-]?)?\d{{2}}{_PHONE_GAP}9?{_PHONE_GAP}?\d{{4}}{_PHONE_GAP}?\d{{4}}"
            r"(?![\d-])"
        ),
        "[phone]",
    ),
    (
        re.compile(rf"(?:\+|%2[bB]|(?<!\d)00)\d{{1,3}}{_GAP}?(?:\(?\d{{1,4}}\)?{_GAP}?){{2,5}}\d{{2,4}}(?!\d)"),
        "[phone]",
    ),
    (re.compile(r"(?<!\d)\(\d{2,4}\)[ .-]?\d{3,4}[ .-]?\d{4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)9\d{4}[ .-]?\d{4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\d-])(?!20\d\d-20\d\d)[2-5]\d{3}-\d{4}(?![\d-])"), "[phone]"),
    # Eleven bare digits are a CPF or a mobile number, ten or thirteen a phone: all of them personal data.
    (re.compile(rf"{_START}\d{{11}}(?!\d)"), "[cpf]"),
    (re.compile(rf"{_START}(?:55)?\d{{10,11}}(?!\d)"), "[phone]"),
)
# Thirteen to nineteen digits: a payment card if the check digit is right, fourteen otherwise perhaps a CNPJ.
_LONG_NUMBER: Final = re.compile(rf"{_START}\d(?:{_GAP}{{0,2}}\d){{12,18}}(?!\d)")
_CNPJ: Final = CNPJ()
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """`text` without documents, cards, phones, e-mails, keys, passwords, sessions and rows quoted by PostgreSQL.

    Ten or eleven bare digits are removed even if they are no document. Names of people cannot be recognised, so callers
    must not put rows into messages. A text over MAX_TEXT characters is cut; the time is linear in its length.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]} [{len(text) - MAX_TEXT} characters cut]"
    text = _LONG_NUMBER.sub(_without_long_number, text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _without_long_number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", re.sub(r"%\w\w", "", match[0]))
    if is_card(digits):
        return "[card]"
    return "[cnpj]" if _CNPJ.validate(digits) else match[0]


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Adds `fields` (run_id, job, ...) to every line logged inside, by this task and the tasks it starts.

    A thread starts with an empty context: bind again inside it.
    """
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


class OutputHandler(logging.StreamHandler[TextIO]):
    """Writes to standard error; a full disk does not stop the process. `failure` is the reason why the last lost line
    could not be written, "" if none was lost: the run log reports it."""

    failure = ""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is that of logging
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        OutputHandler.failure = error.strerror or type(error).__name__


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, the bound fields and plain extras."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(_message(record)),
        }
        line |= {name: _plain(value) for name, value in _bound.get().items()}
        line |= {name: _plain(value) for name, value in _extras(record).items()}
        if record.exc_info or record.exc_text:
            line["traceback"] = redact(record.exc_text or self.formatException(record.exc_info))  # type: ignore[arg-type]  # exc_info is a triple by now
        if record.stack_info:
            line["stack"] = redact(record.stack_info)
        # A lone surrogate cannot be written.
        return json.dumps(line, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()


def _message(record: logging.LogRecord) -> str:
    """The message; if its arguments do not fit, the template alone, so that logging does not print them to stderr."""
    try:
        return record.getMessage()
    except Exception:  # an argument's __str__ is anybody's code
        return f"{record.msg} [arguments did not fit]"


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    """The `extra` fields that are plain values, without objects such as a request with its query string."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _STANDARD and isinstance(value, str | int | float | bool | None)
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    safe = redact(str(value))
    return value if isinstance(value, int | float) and safe == str(value) else safe
