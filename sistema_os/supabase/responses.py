"""From the server's reply to data or to one of our errors, without passing on anything personal."""

import re
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any, NamedTuple

from sistema_os.supabase import codec, errors, retry
from sistema_os.supabase.errors import NotSingleRow, ResponseError, TruncatedResult
from sistema_os.supabase.query import Call, Head, Query
from sistema_os.supabase.transport import Reply
from sistema_os.supabase.types import APIResponse, ServerInfo

# A smaller row cap than this is not expected of any server; it saves a look behind every short answer.
LEAST_CAP = 100
_EMBEDDED = re.compile(r"(?:([\w ]{1,64}):)?([\w ]{1,64})(?:![\w!]{1,64})?\(")
# What is taken from a server's message: names that the schema gave. The rest may quote what a person typed.
_NAMED = re.compile(r"\b(relation|column|constraint) [\"']?([A-Za-z_][\w.]*)[\"']?(?= |$)")
_CLASSES: tuple[tuple[str, type[ResponseError]], ...] = (
    (r"PGRST3\d\d|42501|28\w{3}", errors.AuthError),
    (r"PGRST20[134]|42P10", errors.BadQuery),
    (r"PGRST20\d|42P01|42883", errors.NotFound),
    (r"PGRST116|PGRST505", errors.NotSingleRow),
    (r"21000", errors.DuplicateKeyInBatch),
    (r"57014", errors.StatementTimeout),
    (r"PGRST00[0-3]|53\w{3}|57P0\d|08\w{3}", errors.Unavailable),
    (r"23505|23503|23P01|40001|40P01", errors.Conflict),
    (r"PGRST1\d\d|22\w{3}|23\w{3}|42\w{3}|P0\w{3}|0\w{4}", errors.BadQuery),
)
_BY_STATUS: dict[int, type[ResponseError]] = {
    401: errors.AuthError,
    403: errors.AuthError,
    404: errors.NotFound,
    406: errors.NotSingleRow,
    409: errors.Conflict,
    **dict.fromkeys((400, 405, 411, 413, 414, 415, 416, 422, 431), errors.BadQuery),
    **dict.fromkeys(retry.STATUSES | retry.LASTING_STATUSES, errors.Unavailable),
}
_SENTENCES: dict[type[ResponseError], str] = {
    errors.AuthError: "the key is wrong or its role lacks the right",
    errors.NotFound: "there is no such table or function; a migration may be missing",
    errors.BadQuery: "the request or a value in it is not accepted",
    errors.Conflict: "it collides with stored rows or another transaction",
    errors.NotSingleRow: "the result is not exactly one row",
    errors.DuplicateKeyInBatch: "two rows of one upsert have the same key",
    errors.StatementTimeout: "the database ended the statement for taking too long",
    errors.Unavailable: "the service is not available now",
}
# Where the class alone would send somebody the wrong way.
_SENTENCES_OF_CODES = {
    "PGRST103": "no row stands at that offset",
    "PGRST106": "the schema is not among those that the server exposes",
    "PGRST108": "a filter names an embedded table that select() does not",
    "PGRST122": "the server does not know a preference, such as max_affected() before PostgREST 12.2",
    "PGRST200": "there is no relationship between the tables that select() embeds; a foreign key may be missing",
    "PGRST201": "the embedding is ambiguous: name its foreign key, as in table!foreign_key(...)",
    "PGRST202": "there is no such function with these arguments; a migration may be missing",
    "PGRST203": "several functions of that name fit these arguments",
    "PGRST204": "a column of the body does not exist; a migration may be missing",
    "PGRST303": "the key's token is expired or its claims are not accepted",
    "42P10": "on_conflict names columns without a unique constraint",
}
_SENTENCES_OF_STATUSES = {
    402: "the project is restricted, over its quota or unpaid",
    408: "the gateway waited too long for the request",
    525: "the gateway could not agree on TLS with the project",
    526: "the gateway does not accept the project's certificate",
    530: "the gateway could not reach the project",
    540: "the project is paused; resume it in Supabase's dashboard",
    546: "the service ran out of its resources",
}


class Refusal(NamedTuple):
    """The JSON that PostgREST answers an error with; empty where the body was something else."""

    code: str = ""
    message: str = ""
    hint: str = ""
    details: str = ""


def _refusal(reply: Reply) -> Refusal:
    try:
        body = codec.decode(reply.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # The answer to a HEAD has no body; PostgREST from 13 on has the code in a header as well.
        found = re.search(r"\berror=([A-Z0-9]{5,8})\b", reply.headers.get("proxy-status", ""))
        return Refusal(found[1] if found else "")
    return Refusal(*(str(body.get(name) or "") for name in Refusal._fields))


def failure(call: Call, reply: Reply, attempt: int) -> ResponseError:
    """The error that a reply outside 2xx stands for."""
    said = _refusal(reply)
    kind = next((cls for codes, cls in _CLASSES if re.fullmatch(codes, said.code)), None)
    kind = kind or _BY_STATUS.get(reply.status, ResponseError)
    named = dict(_NAMED.findall(said.message)) if said.code.startswith(("23", "42", "PGRST2")) else {}
    reason = ", ".join([_sentence(call, kind, reply.status, said.code), *map(" ".join, named.items())])
    mark = f"{reply.status}, {said.code}" if said.code else str(reply.status)
    return kind(
        f"Supabase refused to {call.head.verb} {call.head.table}: {reason} ({mark}).",
        status=reply.status,
        code=said.code,
        hint=said.hint if said.code.startswith("PGRST2") else "",
        operation=call.head.verb,
        table=call.head.table,
        column=named.get("column", ""),
        constraint=named.get("constraint", ""),
        attempt=attempt,
        retry_after=retry.retry_after(reply.headers.get("retry-after")),
        rows=_counted(said.details),
    )


def _counted(details: str) -> int | None:
    """How many rows PGRST116 found. Nothing else of `details` is read: it quotes rows."""
    found = re.search(r"\bcontains? (\d+) rows?\b", details)
    return int(found[1]) if found else None


def _sentence(call: Call, kind: type[ResponseError], status: int, code: str) -> str:
    if code == "23502" and call.head.verb == "upsert":
        return "an upsert inserts first, so that it needs every column that may not be null; update() does not"
    known = _SENTENCES_OF_CODES.get(code) or ("" if code else _SENTENCES_OF_STATUSES.get(status, ""))
    return known or _SENTENCES.get(kind, _strange(status))


def _strange(status: int) -> str:
    return "it redirects, and the key is not sent elsewhere" if 300 <= status < 400 else "an error without explanation"


def unreadable(call: Call, reply: Reply, why: str) -> errors.UnreadableBody:
    message = f"The answer to {call.head.verb} {call.head.table} cannot be read: {why} ({reply.status})."
    return errors.UnreadableBody(message, status=reply.status, operation=call.head.verb, table=call.head.table)


def decoded(call: Call, reply: Reply) -> Any:
    """The decoded body in the query's shape; raises UnreadableBody."""
    shape = call.head.shape
    if shape == "csv" or call.head.accept.startswith("application/vnd.pgrst.plan+text"):
        return _text(call, reply)
    if not reply.body:
        return _nothing(call, reply)
    why = ""
    try:
        data = codec.decode(reply.body, call.head.exact)
    except ValueError as error:
        why = str(error)
    if not why and not _fits(call.head, data):
        why = "it is JSON, but not the rows that were asked for"
    if why:
        raise unreadable(call, reply, why)
    return data


def _text(call: Call, reply: Reply) -> str:
    """Raises UnreadableBody for a page of HTML in place of the rows."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise unreadable(call, reply, f"it is {kind}")
    return reply.body.decode("utf-8", "replace")


def _fits(head: Head, data: Any) -> bool:
    """A function may return anything; rows are a list of objects, one row is an object."""
    if head.verb == "call":
        return True
    if head.shape == "rows":
        return _is_rows(data)
    if head.shape == "single":
        return isinstance(data, dict)
    return head.shape != "maybe" or isinstance(data, dict) or _is_rows(data)


def _is_rows(data: Any) -> bool:
    return isinstance(data, list) and set(map(type, data)) <= {dict}


def _nothing(call: Call, reply: Reply) -> Any:
    head = call.head
    if head.method == "GET" and reply.status != 204:
        raise unreadable(call, reply, "it is empty")
    return [] if head.shape == "rows" else None


class Window(NamedTuple):
    """`Content-Range`: which rows came and, if counted, how many there are."""

    first: int = 0
    rows: int = 0
    total: int | None = None


def window(reply: Reply) -> Window:
    return _window(reply.headers.get("content-range", "")[:64])


@lru_cache(maxsize=256)
def _window(text: str) -> Window:
    found = re.fullmatch(r"(?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)", text, re.ASCII)
    if not found:
        return Window()
    first, last, total = found.groups()
    rows = int(last) - int(first) + 1 if first else 0
    return Window(int(first or 0), rows, None if total == "*" else int(total))


class Verdict(Enum):
    """UNSURE: only a look at the next row tells whether the server's row cap ended the rows."""

    WHOLE = "whole"
    CUT = "cut"
    UNSURE = "unsure"


def verdict(query: Query, call: Call, seen: Window, max_rows: int, server: ServerInfo) -> Verdict:
    """Did the server's row cap, rather than the query, end the rows? PostgREST answers 200 either way.

    `max_rows` is the configured cap, which the server's own may differ from until it has been met.
    """
    head = call.head
    counted = seen.total is not None and "count=exact" in head.prefer
    if not seen.rows or not (counted or may_be_cap(seen.rows, max_rows, server)):
        return Verdict.WHOLE
    if head.method == "HEAD" or head.verb not in ("read", "call") or head.shape not in ("rows", "csv", "call"):
        return Verdict.WHOLE
    limit = query._param("limit")
    if limit is not None and seen.rows >= int(limit):
        return Verdict.WHOLE
    if counted and seen.total is not None:
        return Verdict.CUT if seen.first + seen.rows < seen.total else Verdict.WHOLE
    if head.method == "GET":
        return Verdict.UNSURE
    # A function is not called again only to look: it may write.
    return Verdict.CUT if seen.rows == (server.max_rows or max_rows) else Verdict.WHOLE


def may_be_cap(rows: int, max_rows: int, server: ServerInfo) -> bool:
    """Whether a list of so many rows may have been ended by the server's cap."""
    if server.max_rows is not None:
        return rows == server.max_rows
    return rows == max_rows or (rows >= LEAST_CAP and rows >= server.proven_rows)


class Embedded(NamedTuple):
    """The longest list inside a row that has no limit of its own: its name, its table, its length."""

    name: str
    table: str
    rows: int


def longest_embedding(query: Query, data: Any, max_rows: int) -> Embedded | None:
    """What the cap may have ended inside a row, which `Content-Range` says nothing about."""
    select = query._param("select") or ""
    if "(" not in select or not isinstance(data, list | dict):
        return None
    limits = {p.key.removesuffix(".limit"): int(p.value) for p in query._params if p.key.endswith(".limit")}
    tables = {alias or name: name for alias, name in _EMBEDDED.findall(select)}
    unlimited = {key for key, name in tables.items() if limits.get(name, limits.get(key, max_rows + 1)) > max_rows}
    lengths = dict.fromkeys(unlimited, 0)
    _measure(data if isinstance(data, list) else [data], set(tables), lengths)
    name = max(lengths, key=lambda key: lengths[key], default="")
    return Embedded(name, tables[name], lengths[name]) if name else None


def _measure(rows: Iterable[Any], names: set[str], lengths: dict[str, int]) -> None:
    for row in rows:
        for name in names & row.keys() if isinstance(row, dict) else ():
            inner = row[name]
            if name in lengths and isinstance(inner, list):
                lengths[name] = max(lengths[name], len(inner))
            if inner:
                _measure(inner if isinstance(inner, list) else [inner], names, lengths)


class Answer(NamedTuple):
    """A whole reply that is still bytes: small to keep while it waits its turn, decoded when it is wanted."""

    query: Query
    call: Call
    reply: Reply
    seen: Window

    def __repr__(self) -> str:
        return repr(self.reply)

    def response(self) -> APIResponse[Any]:
        """Raises UnreadableBody, or NotSingleRow for several rows where maybe_single() expects one."""
        head = self.call.head
        data = decoded(self.call, self.reply)
        counted = head.prefer and any(preference.startswith("count=") for preference in head.prefer)
        return APIResponse(_shaped(head, data), self.seen.total if counted else None)


def truncated(head: Head, what: str, rows: int) -> TruncatedResult:
    return TruncatedResult(
        f"More {what} match than the {rows} that the server returns at once; read them with pages() or stream().",
        status=200,
        operation=head.verb,
        table=head.table,
    )


def _shaped(head: Head, data: Any) -> Any:
    if head.shape != "maybe" or not isinstance(data, list):
        return data
    if len(data) > 1:
        raise NotSingleRow(
            f"{len(data)} rows of {head.table} match where at most one was expected.",
            status=200,
            operation=head.verb,
            table=head.table,
            rows=len(data),
        )
    return data[0] if data else None


def joined(parts: list[APIResponse[Any]]) -> APIResponse[Any]:
    if len(parts) == 1:
        return parts[0]
    rows = [row for part in parts for row in part.data]
    counts = [part.count for part in parts if part.count is not None]
    return APIResponse(rows, sum(counts) if counts else None)
