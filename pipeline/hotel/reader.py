"""Reads one source of the hotel, page by page past the row cap, and publishes its snapshot."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from asgiref.sync import sync_to_async

from pipeline.hotel.stays import Row
from pipeline.runs import FenceLost, RunContext
from sistema_os.supabase.query_builder import AsyncQueryBuilder
from snapshots import diffing, snapshot_manager
from snapshots.models import Snapshot
from snapshots.snapshot_manager import ChangeView, SourceSpec

PAGE = 1000
Query = AsyncQueryBuilder[list[Row]]
T = TypeVar("T")


class Later(Generic[T]):
    """The result of a read that was started ahead, or its error."""

    def __init__(self, task: "asyncio.Task[T | Exception]") -> None:
        self._task = task

    async def get(self) -> T:
        found = await self._task
        if isinstance(found, Exception):
            raise found
        return found


class ReadAhead:
    """Starts reads in a task group; see `reading_ahead`."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._tasks: list[asyncio.Task[Any]] = []

    def begin(self, work: Coroutine[Any, Any, T]) -> Later[T]:
        async def settled() -> T | Exception:
            """An error becomes a result: as the error of a task it would cancel the whole group."""
            try:
                return await work
            except Exception as error:  # raised by Later.get
                return error

        task = self._group.create_task(settled())
        self._tasks.append(task)
        return Later(task)

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def reading_ahead() -> AsyncGenerator[ReadAhead, None]:
    """Starts reads before the step that needs them: while one source is stored, the others are being fetched.

    A read that fails raises where its result is awaited and nowhere else: a source that cannot be read must not end
    the step of another. Leaving the block cancels what nobody awaited.
    """
    failed: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        ahead = ReadAhead(group)
        try:
            yield ahead
        except BaseException as error:  # raised below as it is: the group would wrap it, a Cancelled too
            failed = error
        finally:
            ahead.cancel()
    if failed is not None:
        raise failed


@dataclass(frozen=True)
class SourceQuery:
    """What to read: `rows` selects them, `count` counts them on the server with the same filters. `flatten` makes the
    snapshot row of a row as PostgREST returns it."""

    spec: SourceSpec
    rows: Query
    count: Query
    flatten: Callable[[Mapping[str, Any]], Row]

    def pages(self) -> AsyncGenerator[list[Row], None]:
        return self.rows.pages(key=self.spec.key, size=PAGE)

    async def announced(self) -> int:
        """The number of rows by the server's count."""
        return (await self.count.execute()).count or 0


@dataclass
class Reading:
    """One reading of a source: `raw` are the rows as PostgREST returned them, `flat` the snapshot rows, by key. In a
    dry run there is no snapshot; `changes` is then what publishing would change."""

    spec: SourceSpec
    raw: dict[str, Row] = field(default_factory=dict)
    flat: dict[str, Row] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    changes: list[ChangeView] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Neither held nor failed: what was read is in force (or would be, in a dry run)."""
        bad = (Snapshot.Status.HELD, Snapshot.Status.FAILED)
        return self.snapshot is None or self.snapshot.status not in bad

    def counts(self) -> dict[str, Any]:
        """For the run's summary."""
        if self.snapshot is not None:
            new, gone, changed = self.snapshot.added, self.snapshot.removed, self.snapshot.changed
            state = str(self.snapshot.status)
        else:
            new, gone, changed = (sum(c.kind == k for c in self.changes) for k in ("added", "removed", "changed"))
            state = "dry_run"
        return {"rows": len(self.raw), "new": new, "gone": gone, "changed": changed, "state": state}


class SourceFetch:
    """A source that is being fetched: the announced number of rows before and after, and between them its pages."""

    def __init__(self, ahead: ReadAhead, query: SourceQuery) -> None:
        """Starts with the count, then reads the rows: a consistent reading lies between the two counts."""
        self.query = query
        self._ahead = ahead
        self._pages: asyncio.Queue[list[Row] | None] = asyncio.Queue()
        self.declared = ahead.begin(query.announced())
        self.after = ahead.begin(self._fetch())

    async def pages(self) -> AsyncIterator[list[Row]]:
        """The pages that could be fetched; if they end early, `after` raises the error."""
        while (page := await self._pages.get()) is not None:
            yield page

    async def _fetch(self) -> int:
        """The number announced at the end. It is queried as soon as all announced rows have arrived, in parallel with
        the page that proves that there are no more."""
        try:
            declared, received, last = await self.declared.get(), 0, None
            async with aclosing(self.query.pages()) as pages:
                async for page in pages:
                    self._pages.put_nowait(page)
                    received += len(page)
                    last = self._ahead.begin(self.query.announced()) if received == declared else None
            return await (last or self._ahead.begin(self.query.announced())).get()
        finally:
            self._pages.put_nowait(None)


async def read(context: RunContext, phase: str, fetch: SourceFetch) -> Reading:
    """Stores and snapshots one source as a phase of the run. An error while reading leaves what is in force."""
    declared = await fetch.declared.get()
    await context.phase(phase, declared)
    reading = Reading(fetch.query.spec)
    if context.dry_run:
        await _store_pages(context, fetch, reading, None)
        await fetch.after.get()
        reading.changes = await sync_to_async(_preview_changes)(reading)
        return reading
    ingest = await sync_to_async(snapshot_manager.begin)(
        fetch.query.spec, business_date=context.business_date, run_id=context.run_id
    )
    try:
        await _store_pages(context, fetch, reading, ingest)
        after = await fetch.after.get()
    except BaseException as error:
        if not isinstance(error, FenceLost):
            await sync_to_async(ingest.abort)(type(error).__name__)
        raise
    # Once started, the thread publishes even if this task is cancelled meanwhile: nothing may be undone after it.
    reading.snapshot = await sync_to_async(ingest.publish)(declared, context.fence, after)
    return reading


async def read_only(query: SourceQuery) -> Reading:
    """The rows alone, for a run that does not collect this source."""
    reading = Reading(query.spec)
    async with aclosing(query.pages()) as pages:
        async for page in pages:
            await sync_to_async(_add_page)(query, reading, page)
    return reading


async def _store_pages(
    context: RunContext, fetch: SourceFetch, reading: Reading, ingest: snapshot_manager.Ingest | None
) -> None:
    stored = 0
    async for page in fetch.pages():
        await sync_to_async(_add_page)(fetch.query, reading, page, ingest)
        stored += len(page)
        await context.advance(stored, str(page[-1][fetch.query.spec.key]))


def _add_page(
    query: SourceQuery, reading: Reading, page: list[Row], ingest: snapshot_manager.Ingest | None = None
) -> None:
    """In the ORM's thread: a page of a thousand rows would block the event loop."""
    flat = [query.flatten(row) for row in page]
    for raw, row in zip(page, flat, strict=True):
        key = str(raw[query.spec.key])
        reading.raw[key], reading.flat[key] = raw, row
    if ingest is not None:
        ingest.add(flat)


def _preview_changes(reading: Reading) -> list[ChangeView]:
    spec = reading.spec
    before = ((str(row[spec.key]), row) for row in snapshot_manager.current(spec.name))
    return list(diffing.diff(before, reading.flat.items(), spec.columns, spec.kinds))
