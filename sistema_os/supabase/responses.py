"""From the server's reply to data or to one of our errors, without passing on anything personal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from sistema_os.supabase import codec, errors, retry
from sistema_os.supabase.errors import NotSingleRow, ResponseError, TruncatedResult
from sistema_os.supabase.query import Call, Head, Query
from sistema_os.supabase.transport import Reply
from sistema_os.supabase.types import APIResponse

_EMBEDDED = re.compile(r"(?:([\w ]+):)?([\w ]+)(?:![\w!]+)?\(")
# What is taken from a server's message: names that the schema gave. The rest may quote what a person typed.
_NAMED = re.compile(r"\b(relation|column|constraint) [\"']?([A-Za-z_][\w.]*)[\"']?(?= |$)")
_CLASSES: tuple[tuple[str, type[ResponseError]], ...] = (
    (r"PGRST3\d\d|42501|28\w{3}", errors.AuthError),
    (r"PGRST20[0-9]|42P01|42883", errors.NotFound),
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
    **dict.fromkeys(retry.STATUSES, errors.Unavailable),
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


class Refusal(NamedTuple):
    """The JSON that PostgREST answers an error with; empty where the body was something else."""

    code: str = ""
    message: str = ""
    hint: str = ""


def _refusal(reply: Reply) -> Refusal:
    try:
        body = codec.decode(reply.body)
    except ValueError:
        return Refusal()
    if not isinstance(body, dict):
        return Refusal()
    return Refusal(*(str(body.get(name) or "") for name in Refusal._fields))


def failure(call: Call, reply: Reply, attempt: int) -> ResponseError:
    """The error that a reply outside 2xx stands for."""
    said = _refusal(reply)
    kind = next((cls for codes, cls in _CLASSES if re.fullmatch(codes, said.code)), None)
    kind = kind or _BY_STATUS.get(reply.status, ResponseError)
    named = dict(_NAMED.findall(said.message)) if said.code.startswith(("23", "42", "PGRST2")) else {}
    reason = ", ".join([_SENTENCES.get(kind, _strange(reply.status)), *map(" ".join, named.items())])
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
    )


def _strange(status: int) -> str:
    return "it redirects, and the key is not sent elsewhere" if 300 <= status < 400 else "an error without explanation"


def unreadable(call: Call, reply: Reply, why: str) -> errors.UnreadableBody:
    message = f"The answer to {call.head.verb} {call.head.table} cannot be read: {why} ({reply.status})."
    return errors.UnreadableBody(message, status=reply.status, operation=call.head.verb, table=call.head.table)


def decoded(call: Call, reply: Reply) -> Any:
    """The decoded body in the query's shape; raises UnreadableBody."""
    shape = call.head.shape
    if shape == "csv" or call.head.accept.startswith("application/vnd.pgrst.plan+text"):
        return reply.body.decode("utf-8", "replace")
    if not reply.body:
        return _nothing(call, reply)
    why = ""
    try:
        return codec.decode(reply.body)
    except ValueError as error:
        why = str(error)
    raise unreadable(call, reply, why)


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
    found = re.fullmatch(r"(?:(\d+)-(\d+)|\*)/(\d+|\*)", reply.headers.get("content-range", ""))
    if not found:
        return Window()
    first, last, total = found.groups()
    rows = int(last) - int(first) + 1 if first else 0
    return Window(int(first or 0), rows, None if total == "*" else int(total))


class Verdict(Enum):
    """UNSURE: exactly as many rows as the cap; only a look at the next row tells."""

    WHOLE = "whole"
    CUT = "cut"
    UNSURE = "unsure"


def verdict(query: Query, call: Call, seen: Window, max_rows: int) -> Verdict:
    head = call.head
    if head.method == "HEAD" or head.verb not in ("read", "call") or head.shape not in ("rows", "csv", "call"):
        return Verdict.WHOLE
    limit = query._param("limit")
    if not seen.rows or (limit is not None and seen.rows >= int(limit)):
        return Verdict.WHOLE
    if "count=exact" in head.prefer and seen.total is not None:
        return Verdict.CUT if seen.first + seen.rows < seen.total else Verdict.WHOLE
    if seen.rows != max_rows:
        return Verdict.WHOLE
    # A function is not called again only to look: it may write.
    return Verdict.UNSURE if head.method == "GET" else Verdict.CUT


def cut_embedding(query: Query, data: Any, max_rows: int) -> str:
    """The name of an embedded list that the cap ended, which `Content-Range` says nothing about."""
    select = query._param("select") or ""
    if "(" not in select or not isinstance(data, list | dict):
        return ""
    limits = {p.key.removesuffix(".limit"): int(p.value) for p in query._params if p.key.endswith(".limit")}
    names = {alias or name: name for alias, name in _EMBEDDED.findall(select)}
    checked = {key for key, name in names.items() if limits.get(name, limits.get(key, max_rows + 1)) > max_rows}
    return _full(data if isinstance(data, list) else [data], set(names), checked, max_rows)


def _full(rows: Iterable[Any], names: set[str], checked: set[str], max_rows: int) -> str:
    for row in rows:
        for name in names & row.keys() if isinstance(row, dict) else ():
            inner = row[name]
            if name in checked and isinstance(inner, list) and len(inner) == max_rows:
                return name
            found = _full(inner if isinstance(inner, list) else [inner], names, checked, max_rows) if inner else ""
            if found:
                return found
    return ""


@dataclass(frozen=True, slots=True)
class Answer:
    query: Query
    call: Call
    reply: Reply
    seen: Window
    max_rows: int

    def response(self) -> APIResponse[Any]:
        """Raises UnreadableBody, NotSingleRow, or TruncatedResult for a list cut inside a row."""
        data = decoded(self.call, self.reply)
        if cut := cut_embedding(self.query, data, self.max_rows):
            raise truncated(self.call.head, f"embedded {cut}", self.max_rows)
        counted = any(preference.startswith("count=") for preference in self.call.head.prefer)
        return APIResponse(_shaped(self.call.head, data), self.seen.total if counted else None)


def truncated(head: Head, what: str, rows: int) -> TruncatedResult:
    return TruncatedResult(
        f"More {what} match than the {rows} that the server answers at once; read them with pages() or stream().",
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
        )
    return data[0] if data else None


def joined(parts: list[APIResponse[Any]]) -> APIResponse[Any]:
    if len(parts) == 1:
        return parts[0]
    rows = [row for part in parts for row in part.data]
    counts = [part.count for part in parts if part.count is not None]
    return APIResponse(rows, sum(counts) if counts else None)
