"""One source, read page by page past the row cap, and its snapshot."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from pipeline.context import RunContext
from pipeline.orchestration.ahead import Ahead
from pipeline.orchestration.listing_rows import Row
from pipeline.runs import FenceLost
from sistema_os.supabase.query_builder import AsyncQueryBuilder
from snapshots import diffing, snapshot_manager
from snapshots.models import Snapshot
from snapshots.snapshot_manager import ChangeView, SourceSpec

PAGE = 1000
Query = AsyncQueryBuilder[list[Row]]
Flatten = Callable[[Mapping[str, Any]], Row]


@dataclass
class Reading:
    """`raw` are the rows as PostgREST gave them, `flat` as the snapshot holds them, by key. In a dry run
    there is no snapshot; `changes` is then what publishing would change."""

    spec: SourceSpec
    raw: dict[str, Row] = field(default_factory=dict)
    flat: dict[str, Row] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    changes: list[ChangeView] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """Neither held nor failed: what was read is what is in force (or would be, in a dry run)."""
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


@dataclass(frozen=True)
class Wanted:
    """What to read: `select` gives rows, `count` the number that the server announces for the same filters."""

    spec: SourceSpec
    rows: Query
    count: Query
    flatten: Flatten


class Coming:
    """A source on its way: the number of rows it announces before and after, and between them its pages."""

    def __init__(self, ahead: Ahead, wanted: Wanted) -> None:
        """Its count strictly before its rows: between the two counts lies what a sound reading holds."""
        self.wanted = wanted
        self._ahead = ahead
        self._pages: asyncio.Queue[list[Row] | None] = asyncio.Queue()
        self.declared = ahead.begin(_announced(wanted))
        self.after = ahead.begin(self._fetch())

    async def pages(self) -> AsyncIterator[list[Row]]:
        """As far as they came; where that was not to the end, `after` raises what was in the way."""
        while (page := await self._pages.get()) is not None:
            yield page

    async def _fetch(self) -> int:
        try:
            return await self._read()
        finally:
            self._pages.put_nowait(None)

    async def _read(self) -> int:
        """The number announced at the end. It is asked for as soon as all has come that was announced at first, beside
        the page that proves that there is no more."""
        declared, received, last = await self.declared.get(), 0, None
        async with aclosing(_pages(self.wanted)) as pages:
            async for page in pages:
                self._pages.put_nowait(page)
                received += len(page)
                last = self._ahead.begin(_announced(self.wanted)) if received == declared else None
        return await (last or self._ahead.begin(_announced(self.wanted))).get()


async def read(context: RunContext, phase: str, coming: Coming) -> Reading:
    """Takes in and snapshots one source as a phase of the run. An error while reading leaves what is in force."""
    declared = await coming.declared.get()
    await context.phase(phase, declared)
    reading = Reading(coming.wanted.spec)
    if context.dry_run:
        await _fill(context, coming, reading, None)
        await coming.after.get()
        reading.changes = await sync_to_async(_would_change)(reading)
        return reading
    ingest = await sync_to_async(snapshot_manager.begin)(
        coming.wanted.spec, business_date=context.business_date, run_id=context.run_id
    )
    try:
        await _fill(context, coming, reading, ingest)
        after = await coming.after.get()
    except BaseException as error:
        if not isinstance(error, FenceLost):
            await sync_to_async(ingest.abort)(type(error).__name__)
        raise
    # Once begun, the thread publishes even if this task is cancelled meanwhile: nothing may be undone after it.
    reading.snapshot = await sync_to_async(ingest.publish)(declared, context.fence, after)
    return reading


async def read_only(wanted: Wanted) -> Reading:
    """The rows alone, for a run that was not asked to collect this source."""
    reading = Reading(wanted.spec)
    async with aclosing(_pages(wanted)) as pages:
        async for page in pages:
            await sync_to_async(_take)(wanted, reading, page)
    return reading


def _pages(wanted: Wanted) -> AsyncGenerator[list[Row], None]:
    return wanted.rows.pages(key=wanted.spec.key, size=PAGE)


async def _announced(wanted: Wanted) -> int:
    return (await wanted.count.execute()).count or 0


async def _fill(context: RunContext, coming: Coming, reading: Reading, ingest: snapshot_manager.Ingest | None) -> None:
    wanted, read_so_far = coming.wanted, 0
    async for page in coming.pages():
        await sync_to_async(_take)(wanted, reading, page, ingest)
        read_so_far += len(page)
        await context.advance(read_so_far, str(page[-1][wanted.spec.key]))


def _take(wanted: Wanted, reading: Reading, page: list[Row], ingest: snapshot_manager.Ingest | None = None) -> None:
    """In the ORM's thread: a page of a thousand rows would keep the loop from beating."""
    flat = [wanted.flatten(row) for row in page]
    for raw, row in zip(page, flat, strict=True):
        key = str(raw[wanted.spec.key])
        reading.raw[key], reading.flat[key] = raw, row
    if ingest is not None:
        ingest.add(flat)


def _would_change(reading: Reading) -> list[ChangeView]:
    spec = reading.spec
    before = ((str(row[spec.key]), row) for row in snapshot_manager.current(spec.name))
    return list(diffing.diff(before, reading.flat.items(), spec.columns, spec.kinds))
