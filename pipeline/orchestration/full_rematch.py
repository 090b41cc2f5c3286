"""Matches every open order against all stays again: after a new model or a restored database, or to verify.

The daily run matches only what changed. This run usually finds only what a new model or a name that became rarer
changes. It consumes no changes, expires nothing and raises no alert: these remain for the daily run.
"""

from collections.abc import Sequence

from asgiref.sync import sync_to_async

from pipeline.hotel import orders as order_rows
from pipeline.hotel import queries, reader, stays
from pipeline.hotel.reader import Later, ReadAhead, Reading
from pipeline.orchestration import change_plan, impact_queries
from pipeline.orchestration.base_orchestrator import Step
from pipeline.orchestration.change_plan import ChangePlan, MatchingWork
from pipeline.orchestration.listagem_hospedes_orchestrator import (
    ListagemHospedesOrchestrator,
    by_id,
    changes_to_match,
    listing_in_force,
    missing_once,
)
from pipeline.orchestration.matching_step import CONSUMER, MatchingStep
from snapshots import snapshot_manager
from snapshots.erasure import without_erased

STEPS = ("orders", "matching", "mirror")


class FullMatchingStep(MatchingStep):
    def decide(self) -> None:
        """All orders but those with a suggestion for a stay whose change the daily run has not processed: the
        suggestion of a cancelled stay must expire with its reason, not be superseded."""
        super().decide()
        unprocessed = {int(c.key) for c in snapshot_manager.changes_for(CONSUMER, stays.SOURCE)}
        offered = {order for orders in impact_queries.known(unprocessed).offered.values() for order in orders}
        self.plan = ChangePlan(match=set(change_plan.matchable(self.work.orders)) - offered)


class FullRematch(ListagemHospedesOrchestrator):
    """The current orders of the hotel against the listing in force as the daily run published it."""

    orders_read: Later[Reading]
    listing_read: Later[Reading]

    def steps(self) -> Sequence[tuple[str, Step]]:
        return list(zip(STEPS, (self.read, self.match, self.mirror), strict=True))

    async def begin(self, ahead: ReadAhead) -> None:
        supabase, business_date = self.context.supabase, self.context.business_date
        if self.context.wants("orders") or self.context.wants("matching"):
            self.orders_read = ahead.begin(reader.read_only(await self.orders_query()))
            # Read for the documents alone, which no snapshot holds.
            self.listing_read = ahead.begin(reader.read_only(queries.listing(supabase, business_date)))
            self.departed_read = ahead.begin(queries.departed(supabase, business_date))

    async def read(self) -> None:
        await self.context.phase("orders")
        orders, listing = await self.orders_read.get(), await self.listing_read.get()
        work = MatchingWork(
            stay_changes=await sync_to_async(changes_to_match)(stays.SOURCE, None, hold=True),
            order_changes=await sync_to_async(changes_to_match)(order_rows.SOURCE, None, hold=True),
            listing=await sync_to_async(listing_in_force)(),
            departed=await self.departed(),
            unconfirmed=await sync_to_async(missing_once)(None, self.context.business_date),
            orders=await sync_to_async(without_erased)(order_rows.spec(), by_id(orders.raw.values())),
            documents={int(key): stays.document_of(row) for key, row in listing.raw.items()},
            may_expire=False,
            details={int(key): stays.details_of(row) for key, row in listing.raw.items()},
        )
        await self.plan_matching(FullMatchingStep, work)

    async def match(self) -> None:
        if not self.context.wants("orders"):
            await self.read()
        await self.run_matching()
