"""An `in.(…)` too long for one address, spread over several requests."""

from typing import Any
from urllib.parse import quote

from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.query import _SAFE, Call, Param, Query, query_string, render
from sistema_os.supabase.types import APIResponse

# Supabase's gateway refuses longer ones.
MOST_BYTES = 6000
# And no server takes these.
LONGEST = 60_000


def calls(query: Query, max_rows: int) -> list[Call]:
    """One request, or several with disjoint values whose rows together are the answer."""
    parts = portions(query, max_rows)
    if len(parts) > 1:
        _refuse_unsplittable(query)
    rendered = [render(query._head, params) for params in parts]
    if longest := next((call for call in rendered if len(call.target) > LONGEST), None):
        raise UsageError(f"The filters on {query._head.table} make an address of {len(longest.target)} bytes.")
    return rendered


def portions(query: Query, max_rows: int) -> list[tuple[Param, ...]]:
    """The query's parameters, as often as its longest list must be divided."""
    params = query._params
    listed = max(params, key=lambda param: len(param.items), default=None)
    if listed is None or not listed.items:
        return [params]
    length = len(query._head.path) + len(query_string(params))
    # Only a read can meet the row cap.
    most = max(1, max_rows // 2) if query._head.verb == "read" else len(listed.items)
    if length <= MOST_BYTES and len(listed.items) < max(max_rows, most):
        return [params]
    rest = tuple(param for param in params if param is not listed)
    room = (
        MOST_BYTES - len(query._head.path) - len(query_string(rest)) - len(quote(listed.key, _SAFE)) - len("?&=in.()")
    )
    return [
        (*rest, listed._replace(value=f"in.({','.join(part)})", items=tuple(part)))
        for part in _filled(listed.items, room, most)
    ]


def _refuse_unsplittable(query: Query) -> None:
    head = query._head
    limited = any(preference.startswith("max-affected=") for preference in head.prefer)
    if head.verb not in ("read", "update", "delete") or head.shape != "rows" or limited:
        raise UsageError(f"in_() holds too many values for one {head.verb} of {head.table}; do it in portions.")
    if any(param.kind in ("order", "window") and "." not in param.key for param in query._params):
        raise UsageError("in_() holds too many values for one request, and order or limit do not go with several.")


def _filled(items: tuple[str, ...], room: int, most: int) -> list[list[str]]:
    if room < 500:
        raise UsageError("The other filters leave no room for in_() in the address.")
    filled: list[list[str]] = [[]]
    left = room
    for item in items:
        size = len(quote(item, _SAFE)) + 1
        if filled[-1] and (size > left or len(filled[-1]) >= most):
            filled.append([])
            left = room
        filled[-1].append(item)
        left -= size
    return filled


def joined(parts: list[APIResponse[Any]]) -> APIResponse[Any]:
    if len(parts) == 1:
        return parts[0]
    rows = [row for part in parts for row in part.data]
    counts = [part.count for part in parts if part.count is not None]
    return APIResponse(rows, sum(counts) if counts else None)


def probe(call: Call, offset: int) -> Call:
    """The same query, asked only whether there is a row at `offset`."""
    path, _, query = call.target.partition("?")
    kept = [pair for pair in query.split("&") if not pair.startswith(("offset=", "limit="))]
    target = f"{path}?{'&'.join([*kept, f'offset={offset}', 'limit=1'])}"
    return call._replace(target=target)
