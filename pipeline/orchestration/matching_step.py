"""From what changed to suggestions: effects, expiry, alerts, the orders touched matched again.

Nothing is lost between publishing a listing and matching it: the changes are read from the consumer's cursor,
which moves in the last transaction of this step. A crash before it does the same work again, and every write of
it is idempotent; a resumed run leaves out the chunks that its predecessor had committed for the same changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils.translation import gettext as _

from matching import alerts, suggestion_manager
from matching.core import UNANSWERED_BELOW, Model, Skipped
from matching.hospede_matcher import MatchResult, match_orders
from matching.learning import model_registry
from matching.models import Alert
from matching.models.choices import Band, EndReason
from matching.suggestion_manager import Counts
from matching.suggestions.locks import again_after_deadlock
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays as listing_rows
from pipeline.hotel.stays import Row
from pipeline.orchestration import change_plan, effects, impact_queries
from pipeline.orchestration.change_plan import Plan
from pipeline.orchestration.matching_work import Done, Work
from pipeline.orchestration.readable import Unreadable, leave_out
from pipeline.runs.context import RunContext
from snapshots import snapshot_manager
from snapshots.snapshot_manager import Changes

PHASE = "matching"
CONSUMER = "matching"
CHUNK = 100
# Rows that cannot be read are named in the run's log up to here; the count is whole.
MOST_NAMED = 20


class MatchingStep:
    def __init__(self, context: RunContext, work: Work) -> None:
        self.context, self.work = context, work
        self.done = Done()
        self.plan = Plan()
        self.stays: dict[int, Row] = {}
        self.model = Model()
        self.unreadable: list[Unreadable] = []

    async def run(self) -> Done:
        """After `decide`. Writes, unless the run is a dry one: then it only counts."""
        await self.context.phase(PHASE, len(self.plan.match))
        orders = [self.work.orders[key] for key in sorted(self.plan.match)]
        stays = list(self.stays.values())
        self.model = await sync_to_async(self._model_in_use)()
        result = await sync_to_async(match_orders)(
            orders, stays, model=self.model, business_date=self.context.business_date
        )
        self.done.matched = len(orders)
        self._name_skipped(result.skipped, {"orders": orders, "stays": stays})
        told = {c.os_id for c in result.candidates if c.listagem_id is not None or c.probability > UNANSWERED_BELOW}
        self.done.unanswered = len(self.plan.match - told)
        if self.context.dry_run:
            await sync_to_async(self._count)(result)
        else:
            await self._write(result)
            self.done.queue = await sync_to_async(impact_queries.queue_by_band)()
        return self.done

    def _model_in_use(self) -> Model:
        """A version that nobody can read must not keep the house from its suggestions."""
        try:
            found = model_registry.in_use()
        except model_registry.UnreadableModel as error:
            self.done.problem = _(
                "The matching model in use cannot be read (%(why)s): the program's own was used. Roll it back."
            ) % {"why": error}
            found = model_registry.base()
        self.done.model = found.version
        return found

    def _name_skipped(self, skipped: Sequence[Skipped], read: Mapping[str, Sequence[Row]]) -> None:
        """Those that the engine left out, besides what `decide` did."""
        engine = [Unreadable(one.side, read[one.side][one.row - 1]["id"], one.problem) for one in skipped]
        self.unreadable += engine
        self.done.skipped = len(self.unreadable)
        for row in self.unreadable[:MOST_NAMED]:
            self.context.log.warning("Row %s of %s could not be matched: %s", row.key, row.side, row.problem)

    def decide(self) -> None:
        """What there is to do. Nothing is written but the local copies of what changed."""
        work, date = self.work, self.context.business_date
        self.unreadable = leave_out(work)
        rooms = impact_queries.rooms_over_time(work.stay_changes)
        for key, row in {**work.departed, **work.listing}.items():
            self.stays[key] = listing_rows.for_matching(
                row, rooms.get(key), work.documents.get(key), work.details.get(key)
            )
        if not self.context.dry_run:
            changed = (int(c.key) for c in work.stay_changes if c.after is not None)
            self._refresh(changed, [*work.orders.values(), *work.closed_orders])
        found = [*effects.of_stays(work.stay_changes, date), *effects.of_orders(work.order_changes), *work.missing]
        self.plan = change_plan.make(found, work.orders, impact_queries.known(change_plan.stays_of(found)))
        matchable = change_plan.matchable(work.orders)
        self.plan.match |= impact_queries.judged_since(matchable)
        if work.stay_changes:
            self.plan.match |= impact_queries.without_suggestions(matchable)

    def _refresh(self, stays: Iterable[int], orders: Iterable[Row]) -> None:
        rows = [self.stays[key] for key in stays if key in self.stays]
        suggestion_manager.refresh(orders, rows, fence=self.context.fence)

    async def _write(self, result: MatchResult) -> None:
        offered = {c.listagem_id for c in result.candidates if c.listagem_id is not None}
        await sync_to_async(self._refresh)(offered, [])
        first, *rest = await sync_to_async(self._chunks)()
        await sync_to_async(self._begin)(result, first)
        left = sum(map(len, rest))
        for chunk in rest:
            await self.context.advance(len(self.plan.match) - left, str(chunk[0]))
            await sync_to_async(self._publish)(result, chunk)
            left -= len(chunk)
        await self.context.advance(len(self.plan.match))
        await sync_to_async(self._close)()

    def _chunks(self) -> list[list[int]]:
        """The orders of stays that expire stand first (perhaps none); the rest follows by id, without what the run
        that this one resumes had committed."""
        ending = {stay for stays in self.plan.expire.values() for stay in stays}
        affected = {order for orders in impact_queries.known(ending).offered.values() for order in orders}
        first = self.plan.match & affected
        rest = sorted(key for key in self.plan.match - first if key > self._committed())
        return [sorted(first), *(rest[start : start + CHUNK] for start in range(0, len(rest), CHUNK))]

    def _committed(self) -> int:
        kept = self.context.checkpoint
        return int(kept.get("last_order", 0)) if kept.get("changes") == self._upto() else 0

    def _upto(self) -> list[int]:
        """Names the changes that this step works on: a checkpoint is worth something for the same ones only."""
        return [self.work.stay_changes.upto, self.work.order_changes.upto]

    def _begin(self, result: MatchResult, first: list[int]) -> None:
        """What expires, and the new suggestions of the orders concerned, in one transaction: no crash leaves an
        order without suggestions that nothing would match again."""

        def work() -> tuple[int, Counts]:
            with transaction.atomic():
                self.context.fence()
                model_registry.remember(self.model)
                return self._expire(), suggestion_manager.publish(_only(result, first), orders=first, **self._run())

        # A person's batch may hold the same orders crosswise; PostgreSQL ends one of the two, perhaps this one.
        expired, counts = again_after_deadlock(work)
        self.done.expired += expired
        self._add(counts)

    def _publish(self, result: MatchResult, chunk: list[int]) -> None:
        def work() -> Counts:
            with transaction.atomic():
                self.context.fence()
                counts = suggestion_manager.publish(_only(result, chunk), orders=chunk, **self._run())
                self.context.save_checkpoint({"changes": self._upto(), "last_order": chunk[-1]})
                return counts

        self._add(again_after_deadlock(work))

    def _run(self) -> dict[str, Any]:
        return {"run_id": self.context.run_id, "fence": self.context.fence}

    def _add(self, counts: Counts) -> None:
        made = self.done.counts
        made.created += counts.created
        made.rescored += counts.rescored
        made.superseded += counts.superseded
        made.unchanged += counts.unchanged
        made.withheld += counts.withheld

    def _expire(self) -> int:
        fence = self.context.fence
        ended = 0
        for reason, stays in self.plan.expire.items():
            ended += suggestion_manager.expire(stays=stays, reason=reason, fence=fence)
        if self.work.may_expire:
            ended += suggestion_manager.expire(orders=self.work.gone_orders, reason=EndReason.ORDER_GONE, fence=fence)
            ended += suggestion_manager.expire_closed(self.context.business_date, fence)
        return ended

    def _close(self) -> None:
        """Alerts, the cursors and the end of the checkpoint: the changes are dealt with, once."""
        with transaction.atomic():
            self.context.fence()
            before = Alert.objects.count()
            for call in self.plan.alerts:
                alerts.raise_alert(call.kind, call.severity, order=call.order, stay=call.stay, params=dict(call.params))
            self.done.alerts = Alert.objects.count() - before
            for source, changes in self._consumed():
                if changes.upto > changes.since:
                    snapshot_manager.advance(CONSUMER, source, changes.upto, changes.since)
            self.context.save_checkpoint({})

    def _consumed(self) -> list[tuple[str, Changes]]:
        return [(listing_rows.SOURCE, self.work.stay_changes), (order_rows.SOURCE, self.work.order_changes)]

    def _count(self, result: MatchResult) -> None:
        """A dry run: what would be there, in numbers."""
        self.done.queue = dict.fromkeys(Band.values, 0)
        for candidate in result.candidates:
            if candidate.rank == 1:
                self.done.queue[Band.of(candidate.probability)] += 1
        orders = [self.work.orders[key] for key in sorted(self.plan.match)]
        self._add(suggestion_manager.preview(result, orders=orders, stays=self.stays.values()))
        self.done.expired = len(impact_queries.waiting_stays({s for stays in self.plan.expire.values() for s in stays}))
        self.done.alerts = len(self.plan.alerts)


def _only(result: MatchResult, orders: Iterable[int]) -> MatchResult:
    wanted = set(orders)
    return replace(result, candidates=tuple(c for c in result.candidates if c.os_id in wanted))
