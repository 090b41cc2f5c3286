"""The morning: listing and orders in, suggestions out, links that people decided on written back."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from matching import suggestion_manager, writeback
from pipeline.hotel import orders as order_rows
from pipeline.hotel import queries, reader
from pipeline.hotel import stays as listing_rows
from pipeline.hotel.reader import Coming, Reading, Wanted
from pipeline.hotel.stays import Row
from pipeline.orchestration import missing_rows
from pipeline.orchestration.ahead import Ahead, Later, reading_ahead
from pipeline.orchestration.base_orchestrator import BaseOrchestrator, Step
from pipeline.orchestration.matching_step import CONSUMER, MatchingStep
from pipeline.orchestration.matching_work import Work
from pipeline.runs.registry import Outcome
from snapshots import diffing, snapshot_manager
from snapshots.erased import without_erased
from snapshots.models import Snapshot
from snapshots.snapshot_manager import Changes

STEPS = ("listing", "orders", "changes", "matching", "mirror", "writebacks")


class ListagemHospedesOrchestrator(BaseOrchestrator):
    """Steps communicate by what they read; a step left out is replaced by what is in force."""

    listing: Reading | None = None
    orders: Reading | None = None
    matching: MatchingStep | None = None
    listing_coming: Coming | None = None
    orders_coming: Coming | None = None
    departed_coming: Later[dict[int, Row]] | None = None

    def steps(self) -> Sequence[tuple[str, Step]]:
        work = (self.read_listing, self.read_orders, self.find_changes, self.match, self.mirror, self.write_back)
        return list(zip(STEPS, work, strict=True))

    async def run(self) -> Outcome:
        async with reading_ahead() as ahead:
            await self.begin(ahead)
            return await super().run()

    async def begin(self, ahead: Ahead) -> None:
        """Whatever no step of this run decides about is asked for at once."""
        context, wants = self.context, self.context.wants
        if wants("listing"):
            self.listing_coming = Coming(ahead, queries.listing(context.supabase, context.business_date))
        if wants("orders"):
            self.orders_coming = Coming(ahead, await self._orders_wanted())
        if wants("changes") or wants("matching"):
            self.departed_coming = ahead.begin(queries.departed(context.supabase, context.business_date))

    async def read_listing(self) -> None:
        assert self.listing_coming is not None  # noqa: S101  begun for this step
        self.listing = await reader.read(self.context, "listing", self.listing_coming)
        self.summary["listing"] = self.listing.counts()
        self._complain(_("The guest listing is not in force"), self.listing)

    async def read_orders(self) -> None:
        assert self.orders_coming is not None  # noqa: S101  begun for this step
        self.orders = await reader.read(self.context, "orders", self.orders_coming)
        self.summary["orders"] = self.orders.counts()
        self._complain(_("The service orders' reading is not in force"), self.orders)

    async def _orders_wanted(self) -> Wanted:
        previous = await sync_to_async(_date_before)(self.context.business_date)
        return queries.orders(self.context.supabase, self.context.business_date, previous)

    def _complain(self, what: str, reading: Reading) -> None:
        if reading.snapshot is not None and not reading.usable:
            why = " ".join(map(str, reading.snapshot.sentences))
            self.reasons.append(_("%(what)s: %(why)s Nothing expires because of it.") % {"what": what, "why": why})

    async def find_changes(self) -> None:
        """What the matcher has to deal with. By itself it only brings the local copies up to date."""
        await self.context.phase("changes")
        orders = self.orders or await reader.read_only(await self._orders_wanted())
        if not orders.usable:
            self.reasons.append(_("No order was matched: the orders' reading is not in force."))
            return
        work = await self._work(orders)
        if not work.listing:
            self.reasons.append(_("No order was matched: there is no guest listing in force yet."))
            return
        self.matching = MatchingStep(self.context, work)
        await sync_to_async(self.matching.decide)()

    async def match(self) -> None:
        if not self.context.wants("changes"):
            await self.find_changes()
        await self._match()

    async def _match(self) -> None:
        if self.matching is not None:
            done = await self.matching.run()
            self.summary |= done.as_summary()
            self.reasons += [done.problem] if done.problem else []

    async def _work(self, orders: Reading) -> Work:
        """While the listing is held its changes wait, and the orders are matched against the one in force."""
        supabase, business_date = self.context.supabase, self.context.business_date
        usable = self.listing is None or self.listing.usable
        work = Work(
            stay_changes=await sync_to_async(_changes)(listing_rows.SOURCE, self.listing, wait=not usable),
            order_changes=await sync_to_async(_changes)(order_rows.SOURCE, orders),
            listing=await sync_to_async(_in_force)(self.listing),
            departed=await self._departed(),
            orders=await sync_to_async(without_erased)(order_rows.spec(), _by_id(orders.raw.values())),
            documents=_documents(self.listing),
            may_expire=usable,
            details=_details(self.listing),
        )
        if usable:
            async with asyncio.TaskGroup() as group:
                stays = group.create_task(missing_rows.stays(supabase, business_date))
                gone = group.create_task(missing_rows.orders(supabase))
            work.missing = stays.result()
            work.closed_orders, work.gone_orders = gone.result()
        return work

    async def _departed(self) -> dict[int, Row]:
        assert self.departed_coming is not None  # noqa: S101  begun for every run that matches
        spec = listing_rows.spec(self.context.business_date)
        return await sync_to_async(without_erased)(spec, await self.departed_coming.get())

    async def mirror(self) -> None:
        await self.context.phase("mirror")
        if not self.context.dry_run:
            self.summary["mirrored"] = await self._mirror()

    async def _mirror(self) -> int:
        sent = await suggestion_manager.mirror(self.context.supabase, self.context.check_fence)
        await self.context.advance(sent)
        return sent

    async def write_back(self) -> None:
        """Late conflicts bring cards back, which the mirror then tells as well."""
        await self.context.phase("writebacks")
        if self.context.dry_run:
            return
        done = await writeback.deliver_open(self.context.supabase, self.context.check_fence)
        self.summary["written_back"] = {"done": done.done, "conflicts": done.conflicts, "open": done.still_open}
        await self.context.advance(done.done + done.conflicts)
        if done.done or done.conflicts:
            await self._mirror()


def _date_before(business_date: date) -> date | None:
    """The business date of the orders' last reading of an earlier date."""
    earlier = Snapshot.objects.filter(source__name=order_rows.SOURCE, business_date__lt=business_date)
    return earlier.in_force().order_by("-business_date").values_list("business_date", flat=True).first()


def _changes(source: str, reading: Reading | None, *, wait: bool = False) -> Changes:
    """What the matcher has not dealt with yet; in a dry run together with what publishing would change."""
    pending = snapshot_manager.changes_for(CONSUMER, source)
    if wait:
        return Changes((), pending.since, pending.since)
    if reading is None or reading.snapshot is not None:
        return pending
    spec = reading.spec
    both = diffing.compose(pending, reading.changes, spec.columns, spec.kinds)
    return Changes(both, pending.since, pending.upto)


def _in_force(reading: Reading | None) -> dict[int, Row]:
    """The listing in force; in a dry run the one just read."""
    if reading is not None and reading.snapshot is None:
        return _by_id(reading.flat.values())
    return _by_id(snapshot_manager.current(listing_rows.SOURCE))


def _by_id(rows: Iterable[Row]) -> dict[int, Row]:
    return {int(row["id"]): row for row in rows}


def _details(reading: Reading | None) -> dict[int, Row]:
    return {int(key): listing_rows.details_of(row) for key, row in reading.raw.items()} if reading is not None else {}


def _documents(reading: Reading | None) -> dict[int, str | None]:
    if reading is None:
        return {}
    return {int(key): listing_rows.document_of(row) for key, row in reading.raw.items()}
