"""Reservations on the books for the coming year, by stay date and room type. A collector process computes them."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipeline.business_date import database_time
from pipeline.hotel import on_the_books as books
from pipeline.hotel.on_the_books import Row
from pipeline.jobs.collector_process import collect
from pipeline.runs import ExpectedFailure, Outcome, RunContext, job

HORIZON_DAYS = 365
PAGE = 1000
MOST_NAMED = 20
COLLECTOR = "pipeline.jobs.rm_collector"


@job(
    "rm_daily_collection",
    title=gettext_lazy("Occupancy map"),
    idempotent=True,
    phases=("collect", "store"),
    reads_now=True,
    by_date="writes",
)
async def run(context: RunContext) -> Outcome:
    await context.phase("collect")
    inventory = (await context.supabase.async_table(books.INVENTORY).select(books.INVENTORY_SELECT).execute()).data
    if not inventory:
        raise ExpectedFailure(_("The room inventory is empty: without it there is no occupancy to collect."))
    unreadable: list[int] = []
    rows = await collect(COLLECTOR, _feed(context, inventory, unreadable))
    summary = _summary(rows)
    if context.wants("store"):
        summary["written"] = await _write(context, rows)
    return _partial(summary, unreadable) if unreadable else Outcome("succeeded", summary)


def _partial(summary: dict[str, Any], unreadable: list[int]) -> Outcome:
    """The revenue figures are incomplete, so the run is partial."""
    named = ", ".join(map(str, unreadable[:MOST_NAMED])) + ("…" if len(unreadable) > MOST_NAMED else "")
    reason = ngettext(
        "%(count)d reservation is not in these figures, for its dates are no dates: %(named)s.",
        "%(count)d reservations are not in these figures, for their dates are no dates: %(named)s.",
        len(unreadable),
    )
    summary |= {"unreadable_bookings": len(unreadable)}
    return Outcome("partial", summary, reason % {"count": len(unreadable), "named": named})


def _is_readable(row: Row) -> bool:
    try:
        books.booking(row)
    except ValueError:
        return False
    return True


async def _feed(
    context: RunContext, inventory: list[Row], unreadable: list[int]
) -> AsyncIterator[list[Mapping[str, Any]]]:
    """Yields the readable reservations; the ids of the others are added to `unreadable`."""
    yield [{"business_date": context.business_date.isoformat(), "days": HORIZON_DAYS}]
    yield [{"stock": row} for row in inventory]
    last = context.business_date + timedelta(HORIZON_DAYS)
    query = context.supabase.async_table(books.BOOKINGS).select(books.BOOKING_SELECT)
    query = query.in_(books.STATUS, books.COUNTED)
    query = query.gte(books.PLANNED_DEPARTURE, context.business_date).lte(books.PLANNED_ARRIVAL, last)
    fed = 0
    async for page in query.pages(key=books.BOOKING_KEY, size=PAGE):
        readable = []
        for row in page:
            if _is_readable(row):
                readable.append(row)
            else:
                unreadable.append(row[books.BOOKING_KEY])
        yield [{"booking": row} for row in readable]
        fed += len(page)
        await context.advance(fed, str(page[-1][books.BOOKING_KEY]))


async def _write(context: RunContext, rows: list[Row]) -> int:
    """Upserts what differs from the stored collection of this date; an unchanged second run writes nothing."""
    stored = await _stored(context)
    now = (await sync_to_async(database_time)()).isoformat()
    changed = [row | {books.COLLECTED_AT: now} for row in rows if books.differs(row, stored.get(books.key(row)))]
    await context.phase("store", len(changed))
    if context.dry_run:
        return len(changed)
    table = context.supabase.async_table(books.BOOKS)
    for start in range(0, len(changed), PAGE):
        await context.check_fence()
        chunk = changed[start : start + PAGE]
        (await table.upsert_many(chunk, on_conflict=books.BOOKS_KEY)).raise_for_failure()
        await context.advance(start + len(chunk), "/".join(books.key(chunk[-1])))
    return len(changed)


async def _stored(context: RunContext) -> dict[tuple[str, str], Row]:
    query = context.supabase.async_table(books.BOOKS).select(books.BOOKS_SELECT)
    query = query.eq(books.COLLECTED_ON, context.business_date)
    pages = query.pages(key=books.WITHIN_COLLECTION, size=PAGE)
    return {books.key(row): row async for page in pages for row in page}


def _summary(rows: list[Row]) -> dict[str, Any]:
    """Tonight, the next week and the next month, over all room types."""
    totals = books.totals(rows)
    return {
        "rows": len(rows),
        "tonight": books.occupancy(totals[:1]),
        "next_7_days": books.occupancy(totals[:7]),
        "next_30_days": books.occupancy(totals[:30]),
    }
