"""From the server's reply to data or to one of our errors, without passing on anything personal."""

import re
from typing import Any, NamedTuple

from sistema_os.supabase import codec, errors, retry
from sistema_os.supabase.errors import ResponseError
from sistema_os.supabase.query import Call
from sistema_os.supabase.transport import Reply

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


def data(call: Call, reply: Reply) -> Any:
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
