"""Keyset pagination: every row once, in order of a unique key, whatever the server's row cap is."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

from sistema_os.supabase import literals, responses
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.filters import Modifiers
from sistema_os.supabase.query import Param, portions
from sistema_os.supabase.responses import Answer
from sistema_os.supabase.types import Row

Key = tuple[str, ...]


def columns_of(key: str | Sequence[str]) -> Key:
    columns = (key,) if isinstance(key, str) else tuple(literals.listed(key, "The key of pages()"))
    columns = tuple([literals.text(column, "A column of the key") for column in columns])
    if not columns:
        raise UsageError("pages() needs a key.")
    return columns


async def walk(query: Modifiers, key: Key, size: int, parallel: int) -> AsyncGenerator[list[Row], None]:
    """Pages in key order (within each portion of a long in_() list).

    Rows inserted or deleted during the walk may be missing; every other row appears exactly once.
    """
    _refuse_windowed(query, size)
    literals.whole(parallel, "parallel of pages()", 1)
    size = min(size, query._runner.server.max_rows or query._runner.limits.max_rows)
    for part in portions(query, size):
        ordered = query._using(part)
        for column in key:
            ordered = ordered.order(column)
        async with aclosing(_walk(ordered, key, size, parallel)) as pages:
            async for page in pages:
                yield page


async def _walk(ordered: Modifiers, key: Key, size: int, parallel: int) -> AsyncGenerator[list[Row], None]:
    first = await _page(ordered, key, size)
    if first:
        yield first
    if not first or _is_last(ordered, first, size):
        return
    top = await _greatest(ordered, key)
    if type(top) is int and type(first[0][key[0]]) is int and parallel > 1:
        rest = _ahead(ordered, key[0], first, top, size, parallel)
    else:
        rest = _follow(ordered, key, first[-1], size)
    async with aclosing(rest) as pages:
        async for page in pages:
            yield page


def _refuse_windowed(query: Modifiers, size: int) -> None:
    head = query._head
    if head.verb != "read" or head.shape != "rows" or head.method != "GET":
        raise UsageError("pages() and stream() walk the rows of a select().")
    if any(param.key in ("order", "limit", "offset") for param in query._params):
        raise UsageError("pages() and stream() set order and limit themselves; filter instead.")
    literals.whole(size, "The size of pages()", 1)


def _is_last(query: Modifiers, page: list[Row], size: int) -> bool:
    """A short page ends the walk only if the server is known to answer more rows than that at once."""
    return len(page) < size and len(page) < query._runner.server.proven_rows


async def _page(query: Modifiers, key: Key, size: int) -> list[Row]:
    return await _rows(query, await query._runner.fetch(query.limit(size), paged=True), key)


async def _rows(query: Modifiers, answers: list[Answer], key: Key) -> list[Row]:
    """The decoded rows. Raises UsageError for absent or repeated keys: they would lose rows between pages."""
    rows: list[Row] = responses.joined(await query._runner.decode(answers)).data
    try:
        keys = [row[key[0]] for row in rows] if len(key) == 1 else [tuple([row[c] for c in key]) for row in rows]
    except KeyError:
        raise UsageError(f"pages() walks by {', '.join(key)}, which must be among the selected columns.") from None
    if len(set(keys)) != len(keys):
        raise UsageError(f"pages() walks by {', '.join(key)}, which must be unique.")
    return rows


def _after(query: Modifiers, key: Key, row: Row) -> Modifiers:
    if len(key) == 1:
        return query.gt(key[0], row[key[0]])
    # (a, b) > (x, y) is a > x, or a = x and b > y.
    steps = []
    for depth, column in enumerate(key):
        equal = [f"{literals.column(c)}.eq.{literals.list_item(row[c])}" for c in key[:depth]]
        more = f"{literals.column(column)}.gt.{literals.list_item(row[column])}"
        steps.append(f"and({','.join([*equal, more])})" if equal else more)
    return query.or_(",".join(steps))


async def _follow(query: Modifiers, key: Key, row: Row, size: int) -> AsyncGenerator[list[Row], None]:
    """One page at a time, each starting after the last row of the previous one."""
    while page := await _page(_after(query, key, row), key, size):
        yield page
        if _is_last(query, page, size):
            return
        row = page[-1]


class _Range(NamedTuple):
    """A range of keys up to `high` (None: no upper bound) whose first page has been requested. `span` is its width."""

    span: int
    high: int | None
    query: Modifiers
    page: asyncio.Task[list[Answer]]


async def _ahead(
    query: Modifiers, key: str, first: list[Row], top: int, size: int, parallel: int
) -> AsyncGenerator[list[Row], None]:
    """Requests ranges of keys in parallel and yields their pages in order; a range should hold about one page.

    The width of the next range follows the density of keys in the last one. What a range holds beyond its first page
    is read page by page, so at most 2 * `parallel` undecoded pages are in memory.
    """
    gate = asyncio.Semaphore(parallel)
    low = first[-1][key]
    width = _width(low - first[0][key] + 1, len(first), size)
    running: deque[_Range] = deque()
    try:
        while running or low < top:
            while low < top and len(running) < 2 * parallel:
                running.append(_launch(gate, query, key, low, width, top, size))
                low += width
            page, rows = await _rows(query, await running[0].page, (key,)), 0
            part = running.popleft()
            async with aclosing(_rest(part, key, page, size)) as pages:
                async for more in pages:
                    rows += len(more)
                    yield more
            width = _width(part.span, rows, size)
    finally:
        for part in running:
            part.page.cancel()
        await asyncio.gather(*(part.page for part in running), return_exceptions=True)


def _launch(gate: asyncio.Semaphore, query: Modifiers, key: str, low: int, width: int, top: int, size: int) -> _Range:
    high = low + width if low + width < top else None
    part = query.gt(key, low) if high is None else query.gt(key, low).lte(key, high)
    return _Range(width, high, part, asyncio.ensure_future(_gated(gate, part, size)))


async def _gated(gate: asyncio.Semaphore, query: Modifiers, size: int) -> list[Answer]:
    async with gate:
        answers: list[Answer] = await query._runner.fetch(query.limit(size), paged=True)
        return answers


async def _rest(part: _Range, key: str, page: list[Row], size: int) -> AsyncGenerator[list[Row], None]:
    """`page`, then the remaining pages of the same range."""
    if not page:
        return
    yield page
    if page[-1][key] == part.high or _is_last(part.query, page, size):
        return
    async with aclosing(_follow(part.query, (key,), page[-1], size)) as pages:
        async for more in pages:
            yield more


def _width(span: int, rows: int, size: int) -> int:
    """The width of a range expected to hold 4/5 of a page. At least `size`: so many keys never exceed one page."""
    expected = span * size * 4 // (5 * rows) if rows else span * 4
    return max(size, min(expected, span * 4))


async def _greatest(query: Modifiers, key: Key) -> Any:
    """The greatest value of a single-column key, or None. Later rows fall into the last range, which is unbounded.

    Descending order puts nulls first, so the same query finds a null key, which raises UsageError: `>` skips nulls.
    """
    if len(key) > 1:
        await _refuse_null_keys(query, key)
        return None
    kept = tuple(param for param in query._params if param.key not in ("order", "select"))
    newest = query._using((*kept, Param("select", "select", key[0]))).order(key[0], desc=True).limit(1)
    rows = (await newest._runner.run(newest)).data
    if rows and rows[0][key[0]] is None:
        raise _nullable(key)
    return rows[0][key[0]] if rows else None


async def _refuse_null_keys(query: Modifiers, key: Key) -> None:
    """Raises UsageError if any row has a null in one of several key columns."""
    kept = tuple(param for param in query._params if param.key not in ("order", "select"))
    asked = query._using((*kept, Param("select", "select", ",".join(key))))
    nulls = asked.or_(",".join(f"{literals.column(column)}.is.null" for column in key)).limit(1)
    if (await nulls._runner.run(nulls)).data:
        raise _nullable(key)


def _nullable(key: Key) -> UsageError:
    return UsageError(f"pages() walks by {', '.join(key)}, which must never be null.")
