"""Keyset pagination: every row once, in order of a unique key, whatever the server's row cap is."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from sistema_os.supabase import literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.query import Param
from sistema_os.supabase.types import Row

if TYPE_CHECKING:
    from sistema_os.supabase.builders import AsyncQueryBuilder

    Rows = AsyncQueryBuilder[Any]

Key = tuple[str, ...]


def columns_of(key: str | Sequence[str]) -> Key:
    columns = (key,) if isinstance(key, str) else tuple(key)
    if not columns:
        raise UsageError("pages() needs a key.")
    return columns


async def walk(query: "Rows", key: Key, size: int, parallel: int) -> AsyncGenerator[list[Row], None]:
    """Pages in key order. What is inserted or deleted meanwhile may or may not be seen; nothing else is lost."""
    _refuse_windowed(query, size)
    ordered = query
    for column in key:
        ordered = ordered.order(column)
    first = await _page(ordered, key, size)
    if first:
        yield first
    if not first or _is_last(ordered, first, size):
        return
    last = first[-1][key[0]]
    numeric = len(key) == 1 and type(last) is int and type(first[0][key[0]]) is int
    if numeric and parallel > 1:
        rest = _ahead(ordered, key[0], first, size, parallel)
    else:
        rest = _follow(ordered, key, first[-1], size)
    try:
        async for page in rest:
            yield page
    finally:
        await rest.aclose()


def _refuse_windowed(query: "Rows", size: int) -> None:
    head = query._head
    if head.verb != "read" or head.shape != "rows" or head.method != "GET":
        raise UsageError("pages() and stream() walk the rows of a select().")
    if any(param.key in ("order", "limit", "offset") for param in query._params):
        raise UsageError("pages() and stream() set order and limit themselves; filter instead.")
    if size < 1:
        raise UsageError("pages() needs a size of at least 1.")


def _is_last(query: "Rows", page: list[Row], size: int) -> bool:
    """A short page ends the walk only if the server is known to answer more rows than that at once."""
    return len(page) < size and len(page) < query._runner.proven_rows


async def _page(query: "Rows", key: Key, size: int) -> list[Row]:
    """Refuses keys that are absent, null or repeated: rows would be lost at the page's edge."""
    rows: list[Row] = (await query.limit(size).execute()).data
    before: Any = None
    for row in rows:
        try:
            now = [row[column] for column in key]
        except KeyError:
            raise UsageError(f"pages() walks by {', '.join(key)}, which must be among the selected columns.") from None
        if None in now or now == before:
            raise UsageError(f"pages() walks by {', '.join(key)}, which must be unique and never null.")
        before = now
    return rows


def _after(query: "Rows", key: Key, row: Row) -> "Rows":
    if len(key) == 1:
        return query.gt(key[0], row[key[0]])
    # (a, b) > (x, y) is a > x, or a = x and b > y.
    steps = []
    for depth, column in enumerate(key):
        equal = [f"{literals.column(c)}.eq.{literals.list_item(row[c])}" for c in key[:depth]]
        more = f"{literals.column(column)}.gt.{literals.list_item(row[column])}"
        steps.append(f"and({','.join([*equal, more])})" if equal else more)
    return query.or_(",".join(steps))


async def _follow(query: "Rows", key: Key, row: Row, size: int) -> AsyncGenerator[list[Row], None]:
    """Page after page, each beginning behind the last row of the one before."""
    while page := await _page(_after(query, key, row), key, size):
        yield page
        if _is_last(query, page, size):
            return
        row = page[-1]


async def _ahead(
    query: "Rows", key: str, first: list[Row], size: int, parallel: int
) -> AsyncGenerator[list[Row], None]:
    """Key ranges about as wide as the first page's, several in flight, answered in order.

    A range that holds more than a page is followed to its end; one that holds little widens the next.
    """
    top = await _highest(query, key)
    low = first[-1][key]
    width = max(1, (low - first[0][key] + 1) * size // max(1, len(first)))
    running: deque[asyncio.Task[list[list[Row]]]] = deque()
    try:
        while running or low < top:
            while low < top and len(running) < parallel:
                high = low + width
                part = query.gt(key, low) if high >= top else query.gt(key, low).lte(key, high)
                running.append(asyncio.ensure_future(_range(part, key, size)))
                low = high
            got = await running.popleft()
            for page in got:
                yield page
            width = _adapted(width, sum(map(len, got)), size)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _adapted(width: int, rows: int, size: int) -> int:
    if rows < size // 2:
        return width * 2
    return max(1, width // 2) if rows > 2 * size else width


async def _highest(query: "Rows", key: str) -> int:
    """The greatest key now; rows beyond it, inserted later, belong to the last range all the same."""
    kept = tuple(param for param in query._params if param.key not in ("order", "select"))
    newest = query._using((*kept, Param("select", "select", key))).order(key, desc=True).limit(1)
    rows = (await newest.execute()).data
    return int(rows[0][key]) if rows else 0


async def _range(query: "Rows", key: str, size: int) -> list[list[Row]]:
    page = await _page(query, (key,), size)
    if not page or _is_last(query, page, size):
        return [page] if page else []
    return [page, *[more async for more in _follow(query, (key,), page[-1], size)]]
