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

_bound: ContextVar[Mapping[str, Any]] = ContextVar("log_fields", default=MappingProxyType({}))

# Longer texts are cut before they are searched: a request must not buy CPU time with the length of a header.
MAX_TEXT: Final = 32_768
# In this order: patterns that contain others (addresses, keys) come first. Every repetition that may be tried again
# from the next character is bounded, so that the time grows with the length of the text and not with its square.
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"(?P<scheme>(?<![a-z0-9])[a-z][a-z0-9+.-]{0,30}://)(?P<user>[^\s/:@]{0,128}):[^\s/]{0,512}@", re.IGNORECASE
        ),
        r"\g<scheme>\g<user>:***@",
    ),
    (re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){1,2}"), "[key]"),
    (re.compile(r"\bsb_(?:secret|publishable)_[\w-]+"), "[key]"),
    (re.compile(r"\b(bearer|basic)(\s{1,16})(?!\[key\])[\w.~+/=-]+", re.IGNORECASE), r"\1\2[key]"),
    (
        re.compile(
            r"(?P<name>(?:api_?key|service_key|hash_key|secret(?:_key)?|passwo?r?d|senha|token)\b"
            r"[\"']?\s{0,16}[:=]\s{0,16})(?P<quote>[\"']?)(?!\[key\])[^\s\"',;&)}]+",
            re.IGNORECASE,
        ),
        r"\g<name>\g<quote>[key]",
    ),
    # PostgreSQL quotes whole rows and keys in the DETAIL of an error.
    (re.compile(r"(Failing row contains )\(.*(?:\)|\Z)", re.DOTALL), r"\1([row])"),
    (re.compile(r"(Key \([^()]{0,512}\)=)\([^)]*(?:\)|\Z)"), r"\1([value])"),
    (re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[email]"),
    (re.compile(r"(?<!\d)\d{3}[. ]\d{3}[. ]\d{3}[-/. ]?\d{2}(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)\d{9}-\d{2}(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)(?:\+?55[ .-]?)?\(\d{2}\)[ .-]?9?[ .-]?\d{4}[ .-]?\d{4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\d-])(?:\+?55[ .-]?)?\d{2}[ .-]9?[ .-]?\d{4}[ .-]?\d{4}(?![\d-])"), "[phone]"),
    (re.compile(r"\+\d{1,3}[ .-]?(?:\(?\d{2,4}\)?[ .-]?){2,4}\d{2,4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)9\d{4}[ .-]?\d{4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![\d-])(?!20\d\d-20\d\d)[2-5]\d{3}-\d{4}(?![\d-])"), "[phone]"),
    # Eleven bare digits are a CPF or a mobile number, ten or thirteen a phone: all of them personal data.
    (re.compile(r"(?<!\d)\d{11}(?!\d)"), "[cpf]"),
    (re.compile(r"(?<!\d)(?:55)?\d{10,11}(?!\d)"), "[phone]"),
)
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """`text` without CPFs, phone numbers, e-mails, keys, passwords and rows quoted by PostgreSQL.

    Ten or eleven bare digits are removed even if they are no document. Names of people cannot be recognised, so callers
    must not put rows into messages. A text over MAX_TEXT characters is cut; the time is linear in its length.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]} [{len(text) - MAX_TEXT} characters cut]"
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


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
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    """The message; if its arguments do not fit, the template alone, so that logging does not print them to stderr."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
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
