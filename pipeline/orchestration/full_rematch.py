"""Every open order against the whole house again: after a new model, a restored database, or out of doubt.

The daily run matches only what changed. This one matches all, and is to find nothing to do but what a new model or a
name grown rarer brings. It consumes no changes, expires nothing and raises no alert: these stay the daily run's.
"""

from collections.abc import Iterable, Sequence

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _

from pipeline.hotel import orders as order_rows
from pipeline.hotel import queries, reader, stays
from pipeline.hotel.reader import Reading
from pipeline.hotel.stays import Row
from pipeline.orchestration import change_plan, impact_queries
from pipeline.orchestration.ahead import Ahead, Later
from pipeline.orchestration.base_orchestrator import Step
from pipeline.orchestration.change_plan import Plan
from pipeline.orchestration.listagem_hospedes_orchestrator import ListagemHospedesOrchestrator
from pipeline.orchestration.matching_step import CONSUMER, MatchingStep
from pipeline.orchestration.matching_work import Work
from snapshots import snapshot_manager
from snapshots.erased import without_erased
from snapshots.snapshot_manager import Changes

STEPS = ("orders", "matching", "mirror")


class EveryOrder(MatchingStep):
    def decide(self) -> None:
        """All but the orders that offer a stay whose change the daily run has yet to deal with: a cancelled one is to
        expire with its reason, not to be outranked."""
        super().decide()
        waiting = {int(c.key) for c in snapshot_manager.changes_for(CONSUMER, stays.SOURCE)}
        offered = {order for orders in impact_queries.known(waiting).offered.values() for order in orders}
        self.plan = Plan(match=set(change_plan.matchable(self.work.orders)) - offered)


class Rematching(ListagemHospedesOrchestrator):
    """The orders as the hotel has them now, the listing in force as the daily run published it."""

    orders_read: Later[Reading]
    listing_read: Later[Reading]

    def steps(self) -> Sequence[tuple[str, Step]]:
        return list(zip(STEPS, (self.read, self.match, self.mirror), strict=True))

    async def begin(self, ahead: Ahead) -> None:
        supabase, business_date = self.context.supabase, self.context.business_date
        if self.context.wants(STEPS[0]) or self.context.wants(STEPS[1]):
            self.orders_read = ahead.begin(reader.read_only(await self._orders_wanted()))
            # For the documents alone, which no snapshot holds.
            self.listing_read = ahead.begin(reader.read_only(queries.listing(supabase, business_date)))
            self.departed_coming = ahead.begin(queries.departed(supabase, business_date))

    async def read(self) -> None:
        await self.context.phase(STEPS[0])
        work = await self._everything()
        if not work.listing:
            self.reasons.append(_("No order was matched: there is no guest listing in force yet."))
            return
        self.matching = EveryOrder(self.context, work)
        await sync_to_async(self.matching.decide)()

    async def match(self) -> None:
        if not self.context.wants(STEPS[0]):
            await self.read()
        await self._match()

    async def _everything(self) -> Work:
        orders, listing = await self.orders_read.get(), await self.listing_read.get()
        return Work(
            stay_changes=await sync_to_async(_none)(stays.SOURCE),
            order_changes=await sync_to_async(_none)(order_rows.SOURCE),
            listing=await sync_to_async(_in_force)(),
            departed=await self._departed(),
            orders=await sync_to_async(without_erased)(order_rows.spec(), _by_id(orders.raw.values())),
            documents={int(key): stays.document_of(row) for key, row in listing.raw.items()},
            may_expire=False,
            details={int(key): stays.details_of(row) for key, row in listing.raw.items()},
        )


def _none(source: str) -> Changes:
    pending = snapshot_manager.changes_for(CONSUMER, source)
    return Changes((), pending.since, pending.since)


def _in_force() -> dict[int, Row]:
    return _by_id(snapshot_manager.current(stays.SOURCE))


def _by_id(rows: Iterable[Row]) -> dict[int, Row]:
    return {int(row["id"]): row for row in rows}
