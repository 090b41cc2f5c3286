"""The daily run: reads listing and orders, publishes suggestions, writes accepted links back to the hotel."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from matching import suggestion_manager, writeback
from pipeline.hotel import orders as order_rows
from pipeline.hotel import queries, reader, stays
from pipeline.hotel.reader import Later, ReadAhead, Reading, SourceFetch, SourceQuery, reading_ahead
from pipeline.hotel.stays import Row
from pipeline.orchestration import effects, impact_queries
from pipeline.orchestration.base_orchestrator import BaseOrchestrator, Step
from pipeline.orchestration.change_plan import MatchingWork
from pipeline.orchestration.effects import Effect
from pipeline.orchestration.matching_step import CONSUMER, MatchingStep
from pipeline.runs import Outcome
from sistema_os.supabase import SupabaseClient
from snapshots import diffing, snapshot_manager
from snapshots.erasure import without_erased
from snapshots.models import Snapshot
from snapshots.snapshot_manager import Changes

STEPS = ("listing", "orders", "changes", "matching", "mirror", "writebacks")


class ListagemHospedesOrchestrator(BaseOrchestrator):
    """A step uses what the steps before it read; where one was left out, it uses what is in force."""

    listing: Reading | None = None
    orders: Reading | None = None
    matching: MatchingStep | None = None
    listing_fetch: SourceFetch | None = None
    orders_fetch: SourceFetch | None = None
    departed_read: Later[dict[int, Row]] | None = None

    def steps(self) -> Sequence[tuple[str, Step]]:
        work = (self.read_listing, self.read_orders, self.find_changes, self.match, self.mirror, self.write_back)
        return list(zip(STEPS, work, strict=True))

    async def run(self) -> Outcome:
        async with reading_ahead() as ahead:
            await self.begin(ahead)
            return await super().run()

    async def begin(self, ahead: ReadAhead) -> None:
        """Starts at once all reads that do not depend on a step of this run."""
        context, wants = self.context, self.context.wants
        if wants("listing"):
            self.listing_fetch = SourceFetch(ahead, queries.listing(context.supabase, context.business_date))
        if wants("orders"):
            self.orders_fetch = SourceFetch(ahead, await self.orders_query())
        if wants("changes") or wants("matching"):
            self.departed_read = ahead.begin(queries.departed(context.supabase, context.business_date))

    async def read_listing(self) -> None:
        assert self.listing_fetch is not None  # noqa: S101  begun for this step
        self.listing = await reader.read(self.context, "listing", self.listing_fetch)
        self.summary["listing"] = self.listing.counts()
        self._report_unusable(_("The guest listing is not in force"), self.listing)

    async def read_orders(self) -> None:
        assert self.orders_fetch is not None  # noqa: S101  begun for this step
        self.orders = await reader.read(self.context, "orders", self.orders_fetch)
        self.summary["orders"] = self.orders.counts()
        self._report_unusable(_("The service orders' reading is not in force"), self.orders)

    async def orders_query(self) -> SourceQuery:
        previous = await sync_to_async(_previous_date_of_orders)(self.context.business_date)
        return queries.orders(self.context.supabase, self.context.business_date, previous)

    def _report_unusable(self, what: str, reading: Reading) -> None:
        if reading.snapshot is not None and not reading.usable:
            why = " ".join(map(str, reading.snapshot.sentences))
            self.reasons.append(_("%(what)s: %(why)s Nothing expires because of it.") % {"what": what, "why": why})

    async def find_changes(self) -> None:
        """Plans the matching. Run as a single step, it only updates our copies of stays and orders."""
        await self.context.phase("changes")
        orders = self.orders or await reader.read_only(await self.orders_query())
        if not orders.usable:
            self.reasons.append(_("No order was matched: the orders' reading is not in force."))
            return
        await self.plan_matching(MatchingStep, await self._work(orders))

    async def plan_matching(self, step: type[MatchingStep], work: MatchingWork) -> None:
        if not work.listing:
            self.reasons.append(_("No order was matched: there is no guest listing in force yet."))
            return
        self.matching = step(self.context, work)
        await sync_to_async(self.matching.decide)()

    async def _work(self, orders: Reading) -> MatchingWork:
        """While the listing is held its changes wait, and the orders are matched against the listing in force."""
        supabase, business_date = self.context.supabase, self.context.business_date
        usable = self.listing is None or self.listing.usable
        read = self.listing.raw if self.listing is not None else {}
        work = MatchingWork(
            stay_changes=await sync_to_async(changes_to_match)(stays.SOURCE, self.listing, hold=not usable),
            order_changes=await sync_to_async(changes_to_match)(order_rows.SOURCE, orders),
            listing=await sync_to_async(listing_in_force)(self.listing),
            departed=await self.departed(),
            unconfirmed=await sync_to_async(missing_once)(self.listing, business_date),
            orders=await sync_to_async(without_erased)(order_rows.spec(), by_id(orders.raw.values())),
            documents={int(key): stays.document_of(row) for key, row in read.items()},
            may_expire=usable,
            details={int(key): stays.details_of(row) for key, row in read.items()},
        )
        if usable:
            async with asyncio.TaskGroup() as group:
                missing = group.create_task(_missing_stays(supabase, business_date))
                gone = group.create_task(_missing_orders(supabase))
            work.missing = missing.result()
            work.closed_orders, work.gone_orders = gone.result()
        return work

    async def departed(self) -> dict[int, Row]:
        assert self.departed_read is not None  # noqa: S101  begun for every run that matches
        spec = stays.spec(self.context.business_date)
        return await sync_to_async(without_erased)(spec, await self.departed_read.get())

    async def match(self) -> None:
        if not self.context.wants("changes"):
            await self.find_changes()
        await self.run_matching()

    async def run_matching(self) -> None:
        if self.matching is not None:
            report = await self.matching.run()
            self.summary |= report.as_summary()
            self.reasons += [report.problem] if report.problem else []

    async def mirror(self) -> None:
        await self.context.phase("mirror")
        if not self.context.dry_run:
            self.summary["mirrored"] = await self._mirror()

    async def _mirror(self) -> int:
        sent = await suggestion_manager.mirror(self.context.supabase, self.context.check_fence)
        await self.context.advance(sent)
        return sent

    async def write_back(self) -> None:
        """A late conflict reopens suggestions, so these are mirrored again."""
        await self.context.phase("writebacks")
        if self.context.dry_run:
            return
        done = await writeback.deliver_open(self.context.supabase, self.context.check_fence)
        self.summary["written_back"] = {"done": done.done, "conflicts": done.conflicts, "open": done.still_open}
        await self.context.advance(done.done + done.conflicts)
        if done.done or done.conflicts:
            await self._mirror()


async def _missing_stays(supabase: SupabaseClient, business_date: date) -> list[Effect]:
    """Effects for missing stays with a pending suggestion."""

    def missing() -> dict[int, Row]:
        found = snapshot_manager.missing(stays.SOURCE)
        rows = {int(one.key): dict(one.row) for one in found if one.row[stays.STATUS] in stays.LIVE_STATUSES}
        return {key: rows[key] for key in sorted(impact_queries.stays_with_suggestion(rows))}

    last = await sync_to_async(missing)()
    standing = await queries.standing_stays(supabase, list(last))
    return [e for key in last for e in effects.of_missing_stay(key, last[key], standing.get(key), business_date)]


async def _missing_orders(supabase: SupabaseClient) -> tuple[list[Row], list[int]]:
    """Missing orders with a pending suggestion: rows that still exist (closed meanwhile), and ids that do not."""

    def missing() -> list[int]:
        keys = [int(m.key) for m in snapshot_manager.missing(order_rows.SOURCE) if order_rows.is_open(m.row)]
        return sorted(impact_queries.orders_with_suggestion(keys))

    keys = await sync_to_async(missing)()
    standing = await queries.standing_orders(supabase, keys)
    return list(standing.values()), [key for key in keys if key not in standing]


def _previous_date_of_orders(business_date: date) -> date | None:
    """The last earlier business date with a reading of the orders in force."""
    earlier = Snapshot.objects.filter(source__name=order_rows.SOURCE, business_date__lt=business_date)
    return earlier.in_force().order_by("-business_date").values_list("business_date", flat=True).first()


def changes_to_match(source: str, reading: Reading | None, *, hold: bool = False) -> Changes:
    """The changes that the matcher has not consumed; none of them with `hold`. In a dry run they are combined with what
    publishing the reading would change."""
    pending = snapshot_manager.changes_for(CONSUMER, source)
    if hold:
        return Changes((), pending.since, pending.since)
    if reading is None or reading.snapshot is not None:
        return pending
    spec = reading.spec
    both = diffing.compose(pending, reading.changes, spec.columns, spec.kinds)
    return Changes(both, pending.since, pending.upto)


def listing_in_force(reading: Reading | None = None) -> dict[int, Row]:
    """The snapshot rows of the listing in force; in a dry run those just read."""
    if reading is not None and reading.snapshot is None:
        return by_id(reading.flat.values())
    return by_id(snapshot_manager.current(stays.SOURCE))


def missing_once(reading: Reading | None, business_date: date) -> dict[int, Row]:
    """The last version of live stays that only the last business date's listing does not have. In a dry run those that
    publishing the reading would remove are among them."""
    found = [one.row for one in snapshot_manager.missing(stays.SOURCE, dates=1) if one.dates == 1]
    if reading is not None and reading.snapshot is None:
        found += [change.before for change in reading.changes if change.after is None and change.before is not None]
    rows = (row for row in found if not stays.explained(row, business_date))
    return without_erased(stays.spec(business_date), by_id(rows))


def by_id(rows: Iterable[Row]) -> dict[int, Row]:
    return {int(row[stays.KEY]): row for row in rows}
