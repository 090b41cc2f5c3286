"""The house photo: which stay is in which room on a business date. An unchanged second photo writes nothing."""

from datetime import date
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline import labels
from pipeline.business_date import database_time
from pipeline.hotel import house_photo
from pipeline.hotel.reader import PAGE
from pipeline.hotel.stays import KEY, SOURCE, Row
from pipeline.runs import ExpectedFailure, Outcome, RunContext, job
from snapshots.models import Snapshot


@job(
    "hospedes_casa",
    title=gettext_lazy("House photo"),
    idempotent=True,
    phases=("house", "store"),
    reads_now=True,
    by_date="writes",
)
async def run(context: RunContext) -> Outcome:
    if later := await sync_to_async(_later_listing)(context.business_date):
        sentence = _(
            "The guest listing in force is of %(later)s: a photo taken now would not show the house of %(date)s."
        )
        days = {"later": labels.day_words(later), "date": labels.day_words(context.business_date)}
        raise ExpectedFailure(sentence % days)
    if await sync_to_async(_listing_is_held)(context.business_date):
        return Outcome("partial", {}, _("The guest listing of this date is held: no photo is taken of a doubtful one."))
    house, roomless = await _collect(context)
    before = await house_photo.before(context.supabase, context.business_date)
    summary = {"rows": len(house), "without_room": roomless, **vars(house_photo.compare(before, house.values()))}
    if not house and before:
        return Outcome("partial", summary, _("Nobody is in the house according to the listing: no photo was written."))
    if context.wants("store"):
        summary |= await _write(context, house)
    return Outcome("succeeded", summary)


def _later_listing(day: date) -> date | None:
    """The business date of a listing in force that is later than `day`: the hotel's table shows that day, not `day`."""
    later = Snapshot.objects.filter(source__name=SOURCE, business_date__gt=day).in_force()
    return later.order_by("-business_date").values_list("business_date", flat=True).first()


def _listing_is_held(day: date) -> bool:
    latest = Snapshot.objects.filter(source__name=SOURCE, business_date=day).order_by("-id").first()
    return latest is not None and latest.status == Snapshot.Status.HELD


async def _collect(context: RunContext) -> tuple[dict[int, Row], int]:
    """Photo rows of the guests in the house, by stay, and the number of those without a room."""
    await context.phase("house")
    query = house_photo.guests_in_house(context.supabase)
    house: dict[int, Row] = {}
    seen = 0
    async for page in query.pages(key=KEY, size=PAGE):
        seen += len(page)
        for source in page:
            if row := house_photo.photo_row(context.business_date, source):
                house[source[KEY]] = row
        await context.advance(seen, str(page[-1][KEY]))
    return house, seen - len(house)


async def _write(context: RunContext, house: dict[int, Row]) -> dict[str, Any]:
    """Upserts what differs from the stored photo of this date, then deletes the other stays by primary key."""
    stored = {row[house_photo.STAY]: row for row in await house_photo.stored(context.supabase, context.business_date)}
    changed = [row for key, row in house.items() if house_photo.differs(row, stored.get(key))]
    obsolete = sorted(stored.keys() - house.keys())
    await context.phase("store", len(changed) + len(obsolete))
    if not context.dry_run:
        now = (await sync_to_async(database_time)()).isoformat()
        await _upsert(context, [house_photo.with_time(row, now) for row in changed])
        await _remove(context, obsolete)
    await context.advance(len(changed) + len(obsolete))
    return {"written": len(changed), "removed": len(obsolete)}


async def _upsert(context: RunContext, rows: list[Row]) -> None:
    photo = context.supabase.async_table(house_photo.PHOTO)
    for start in range(0, len(rows), PAGE):
        await context.check_fence()
        outcomes = await photo.upsert_many(rows[start : start + PAGE], on_conflict=house_photo.PHOTO_KEY)
        outcomes.raise_for_failure()


async def _remove(context: RunContext, stays: list[int]) -> None:
    photo = context.supabase.async_table(house_photo.PHOTO)
    for start in range(0, len(stays), PAGE):
        await context.check_fence()
        obsolete = photo.delete(returning="minimal").eq(house_photo.DATE, context.business_date)
        await obsolete.in_(house_photo.STAY, stays[start : start + PAGE]).execute()
