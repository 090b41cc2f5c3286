"""From changes to suggestions: effects, expiry, alerts, and the affected orders matched again.

Nothing is lost between publishing a listing and matching it: the changes are read from the consumer's cursor, which is
advanced in the last transaction of this step. After a crash before that the next run does the same work again, and all
its writes are idempotent; a resumed run skips the chunks that its predecessor committed for the same changes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils.translation import gettext as _

from matching import alerts, rooms, suggestion_manager
from matching.core import UNANSWERED_BELOW, Model
from matching.core.parsing.fields import BadRow, day
from matching.hospede_matcher import MatchResult, match_orders
from matching.learning import model_registry
from matching.models import Alert
from matching.models.choices import Band, EndReason
from matching.suggestion_manager import Counts
from matching.suggestions import retry_on_deadlock
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays as stay_rows
from pipeline.hotel.stays import Row
from pipeline.orchestration import change_plan, effects, impact_queries
from pipeline.orchestration.change_plan import ChangePlan, MatchingReport, MatchingWork
from pipeline.runs import RunContext
from snapshots import snapshot_manager
from snapshots.snapshot_manager import Changes

PHASE = "matching"
CONSUMER = "matching"
CHUNK = 100
# The run's log names at most this many unreadable rows; the summary has their number.
MOST_NAMED = 20


@dataclass(frozen=True)
class Unreadable:
    """`problem` names the column, never its value."""

    side: str
    key: int
    problem: str


class MatchingStep:
    def __init__(self, context: RunContext, work: MatchingWork) -> None:
        self.context, self.work = context, work
        self.report = MatchingReport()
        self.plan = ChangePlan()
        self.stays: dict[int, Row] = {}
        self.model = Model()
        self.directory = rooms.StoredDirectory()
        self.unreadable: list[Unreadable] = []
        # A checkpoint is valid only for the same changes.
        self.upto = [work.stay_changes.upto, work.order_changes.upto]

    def decide(self) -> None:
        """Plans the work. Writes only our copies of what changed."""
        work, date = self.work, self.context.business_date
        self.unreadable = drop_unreadable(work)
        occupied = impact_queries.rooms_over_time(work.stay_changes)
        for key, row in {**work.departed, **work.unconfirmed, **work.listing}.items():
            self.stays[key] = stay_rows.for_matching(
                row, occupied.get(key), work.documents.get(key), work.details.get(key)
            )
        if not self.context.dry_run:
            changed = (int(c.key) for c in work.stay_changes if c.after is not None)
            self._refresh(changed, [*work.orders.values(), *work.closed_orders])
            rooms.fill(rooms_of(self.stays.values()), self.context.fence)
            rooms.learn(self.context.fence)
        found = [*effects.of_stays(work.stay_changes, date), *effects.of_orders(work.order_changes), *work.missing]
        self.plan = change_plan.make(found, work.orders, impact_queries.known(change_plan.stays_of(found)))
        matchable = change_plan.matchable(work.orders)
        self.plan.match |= impact_queries.judged_since(matchable)
        self.plan.match |= rooms.requested(matchable)
        if work.stay_changes:
            self.plan.match |= impact_queries.without_suggestions(matchable)

    def _refresh(self, stays: Iterable[int], orders: Iterable[Row]) -> None:
        rows = [self.stays[key] for key in stays if key in self.stays]
        suggestion_manager.refresh(orders, rows, fence=self.context.fence)

    async def run(self) -> MatchingReport:
        """After `decide`: matches and writes. A dry run only counts."""
        await self.context.phase(PHASE, len(self.plan.match))
        orders = [self.work.orders[key] for key in sorted(self.plan.match)]
        stays = list(self.stays.values())
        self.model = await sync_to_async(self._model_in_use)()
        self.directory = await sync_to_async(rooms.stored)()
        self.report.directory = self.directory.version
        result = await sync_to_async(match_orders)(
            orders,
            stays,
            model=self.model,
            directory=self.directory.directory,
            order_aliases=self.directory.order_aliases,
            business_date=self.context.business_date,
            doubted=self.work.unconfirmed.keys() - self.work.listing.keys(),
        )
        self.report.matched = len(orders)
        answered = {c.os_id for c in result.candidates if c.listagem_id is not None or c.probability > UNANSWERED_BELOW}
        self.report.unanswered = len(self.plan.match - answered)
        given = {"orders": orders, "stays": stays}
        self.unreadable += [
            Unreadable(one.side, given[one.side][one.row - 1][stay_rows.KEY], one.problem) for one in result.skipped
        ]
        self.report.skipped = len(self.unreadable)
        self.report.undated = sum(order_rows.is_undated(row) for row in orders)
        for row in self.unreadable[:MOST_NAMED]:
            self.context.log.warning("Row %s of %s could not be matched: %s", row.key, row.side, row.problem)
        if self.context.dry_run:
            await sync_to_async(self._count)(result, orders)
        else:
            await self._write(result)
            self.report.queue = await sync_to_async(impact_queries.queue_by_band)()
        return self.report

    def _model_in_use(self) -> Model:
        """A stored version that cannot be read must not prevent the matching: then the built-in model is used."""
        try:
            found = model_registry.in_use()
        except model_registry.UnreadableModel as error:
            self.report.problem = _(
                "The matching model in use cannot be read (%(why)s): the program's own was used. Roll it back."
            ) % {"why": error}
            found = model_registry.base()
        self.report.model = found.version
        return found

    def _count(self, result: MatchResult, orders: list[Row]) -> None:
        """A dry run: the numbers that a run would have reported."""
        self.report.queue = dict.fromkeys(Band.values, 0)
        for candidate in result.candidates:
            if candidate.rank == 1:
                self.report.queue[Band.of(candidate.probability)] += 1
        self._add(suggestion_manager.preview(result, orders=orders, stays=self.stays.values()))
        self.report.expired = len(impact_queries.stays_with_suggestion(self._expiring()))
        self.report.alerts = len(self.plan.alerts)

    def _expiring(self) -> set[int]:
        return {stay for stays in self.plan.expire.values() for stay in stays}

    async def _write(self, result: MatchResult) -> None:
        """In chunks, each a transaction. The orders of expiring stays are the first chunk (perhaps an empty one); the
        others follow by id, without those that the resumed run had committed for the same changes."""
        suggested = {c.listagem_id for c in result.candidates if c.listagem_id is not None}
        await sync_to_async(self._refresh)(suggested, [])
        known = await sync_to_async(impact_queries.known)(self._expiring())
        first = self.plan.match & {order for orders in known.offered.values() for order in orders}
        checkpoint = self.context.checkpoint
        committed = int(checkpoint.get("last_order", 0)) if checkpoint.get("changes") == self.upto else 0
        rest = sorted(key for key in self.plan.match - first if key > committed)
        await sync_to_async(self._begin)(result, sorted(first))
        for start in range(0, len(rest), CHUNK):
            chunk = rest[start : start + CHUNK]
            await self.context.advance(len(self.plan.match) - len(rest) + start, str(chunk[0]))
            await sync_to_async(self._publish)(result, chunk)
        await self.context.advance(len(self.plan.match))
        await sync_to_async(self._close)()

    def _begin(self, result: MatchResult, first: list[int]) -> None:
        """Expires suggestions and publishes new ones for the same orders in one transaction: a crash leaves no order
        without suggestions that no later run would match again."""

        def work() -> tuple[int, Counts]:
            with transaction.atomic():
                self.context.fence()
                model_registry.remember(self.model)
                self.directory.remember()
                return self._expire(), self._publish_orders(result, first)

        # A bulk decision may lock the same orders in another order; PostgreSQL aborts one of the two, perhaps this one.
        expired, counts = retry_on_deadlock(work)
        self.report.expired += expired
        self._add(counts)

    def _expire(self) -> int:
        fence = self.context.fence
        expired = 0
        for reason, stays in self.plan.expire.items():
            expired += suggestion_manager.expire(stays=stays, reason=reason, fence=fence)
        if self.work.may_expire:
            gone = self.work.gone_orders
            expired += suggestion_manager.expire(orders=gone, reason=EndReason.ORDER_GONE, fence=fence)
            expired += suggestion_manager.expire_closed(self.context.business_date, fence)
        return expired

    def _publish(self, result: MatchResult, chunk: list[int]) -> None:
        def work() -> Counts:
            with transaction.atomic():
                self.context.fence()
                counts = self._publish_orders(result, chunk)
                self.context.save_checkpoint({"changes": self.upto, "last_order": chunk[-1]})
                return counts

        self._add(retry_on_deadlock(work))

    def _publish_orders(self, result: MatchResult, orders: list[int]) -> Counts:
        wanted = set(orders)
        part = replace(result, candidates=tuple(c for c in result.candidates if c.os_id in wanted))
        counts = suggestion_manager.publish(part, orders=orders, run_id=self.context.run_id, fence=self.context.fence)
        rooms.record_unread(part.candidates, orders)
        rooms.fulfil(orders, self.directory.read_at)
        return counts

    def _add(self, counts: Counts) -> None:
        total = self.report.counts
        for one in fields(counts):
            setattr(total, one.name, getattr(total, one.name) + getattr(counts, one.name))

    def _close(self) -> None:
        """Raises the alerts, advances the cursors and clears the checkpoint: the changes are consumed, once."""
        with transaction.atomic():
            self.context.fence()
            before = Alert.objects.count()
            for call in self.plan.alerts:
                alerts.raise_alert(call.kind, call.severity, order=call.order, stay=call.stay, params=dict(call.params))
            self.report.alerts = Alert.objects.count() - before
            consumed = ((stay_rows.SOURCE, self.work.stay_changes), (order_rows.SOURCE, self.work.order_changes))
            for source, changes in consumed:
                if changes.upto > changes.since:
                    snapshot_manager.advance(CONSUMER, source, changes.upto, changes.since)
            self.context.save_checkpoint({})


def rooms_of(stays: Iterable[Row]) -> Iterator[str]:
    """The rooms of these stays as the listing writes them, those before a move included."""
    for row in stays:
        yield str(row.get(stay_rows.ROOM) or "")
        for span in row.get("ocupacoes") or ():
            yield str(span.get("uh") or "")


def drop_unreadable(work: MatchingWork) -> list[Unreadable]:
    """Removes stays whose dates cannot be read, and their changes, from `work` and returns them.

    PostgreSQL knows "infinity" and the year 20000, Python does not. Such a row is not matched, and nothing expires
    because of it, until the hotel corrects it; the correction is a change, which is then processed. An order whose
    date cannot be read stays: see `matching.core.parsing.fields.opening`.
    """
    found = []
    for key, row in {**work.departed, **work.unconfirmed, **work.listing}.items():
        if problem := _stay_problem(row):
            found.append(Unreadable("stays", key, problem))
            for rows in (work.listing, work.departed, work.unconfirmed):
                rows.pop(key, None)
    work.stay_changes = _readable_changes(work.stay_changes)
    return found


def _readable_changes(changes: Changes) -> Changes:
    """A stay that was unreadable before the change counts as a new one: it has not been processed so far."""
    kept = []
    for change in changes:
        if change.after is not None and _stay_problem(change.after):
            continue
        was_unreadable = change.before is not None and _stay_problem(change.before)
        kept.append(replace(change, kind="added", before=None) if was_unreadable and change.after else change)
    return Changes(kept, changes.since, changes.upto)


def _stay_problem(row: Mapping[str, Any]) -> str:
    try:
        day(row, stay_rows.ARRIVAL)
        day(row, stay_rows.DEPARTURE)
    except BadRow as problem:
        return str(problem)
    return ""
