"""Figures of the review work: linked orders, waiting times and pace. Each is aggregated in one query."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Aggregate, Count, DurationField, F, FilteredRelation, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order, Stay
from matching.models.choices import OrderStatus, State, Verb
from matching.reports.agreement import CACHE_SECONDS, last_decision
from matching.reports.periods import Period, midnight

# Classes of waiting time, upper ends; the last class has none.
WAITS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
# As long as the lease of a card; a longer gap between two decisions was a break.
LONGEST_LOOK = timedelta(minutes=2)


@dataclass
class Orders:
    """Orders opened, cancelled ones left out: linked here, linked in the hotel's own system, or not at all."""

    total: int = 0
    here: int = 0
    elsewhere: int = 0

    @property
    def linked(self) -> int:
        return self.here + self.elsewhere

    @property
    def share(self) -> float | None:
        return self.linked / self.total if self.total else None

    def add(self, other: "Orders") -> None:
        self.total += other.total
        self.here += other.here
        self.elsewhere += other.elsewhere


def orders_by_day(chosen: Period) -> dict[date, Orders]:
    """By the day they were opened, over the period and the one before it."""
    # At most one of an order is accepted, so the join repeats no order.
    accepted = FilteredRelation("suggestions", condition=Q(suggestions__state=State.ACCEPTED))
    opened = Order.objects.filter(opened_at__gte=chosen.before.since, opened_at__lt=chosen.until)
    days = (
        opened.exclude(status=OrderStatus.CANCELLED)
        .annotate(day=TruncDate("opened_at"), accepted=accepted)
        .values("day")
        .annotate(
            total=Count("pk"),
            by_us=Count("pk", filter=Q(accepted__isnull=False)),
            by_others=Count("pk", filter=Q(accepted__isnull=True, linked=True)),
        )
    )
    return {row["day"]: Orders(row["total"], row["by_us"], row["by_others"]) for row in days.order_by("day")}


def summed(days: Mapping[date, Orders], within: Period) -> Orders:
    total = Orders()
    for day, orders in days.items():
        if within.holds(day):
            total.add(orders)
    return total


@dataclass(frozen=True)
class Work:
    """The figures of the manager's page for a period."""

    orders: Mapping[date, Orders]
    waiting: "Waiting"
    # The same for the period before.
    waited_before: "Waiting"
    pace: "Pace"
    per_stay: "PerStay"
    # Department -> orders opened in the period, and linked of them.
    by_department: Mapping[str, tuple[int, int]]


def work(chosen: Period) -> Work:
    """Cached until the next decision, and for CACHE_SECONDS at most: orders change without decisions, too."""
    key = f"work:{chosen.last}:{chosen.days}:{last_decision()}"
    found: Work | None = cache.get(key)
    if found is None:
        found = Work(
            orders_by_day(chosen),
            waiting(chosen),
            waiting(chosen.before),
            pace(chosen),
            per_stay(chosen),
            opened_by_department(chosen),
        )
        cache.set(key, found, CACHE_SECONDS)
    return found


class Percentile(Aggregate):
    """Continuous percentile of the values that are not null; None without any."""

    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=float(fraction), **extra)


@dataclass(frozen=True)
class Waiting:
    """The time from opening an order to linking it."""

    links: int
    median: timedelta | None
    p90: timedelta | None
    # Median time from the suggestion to the decision, the part that the review accounts for.
    reviewing: timedelta | None
    # Counts by class: the upper ends of WAITS, and longer.
    classes: tuple[int, ...]

    @property
    def within_a_day(self) -> int:
        return sum(self.classes[: len(WAITS)])


def waiting(chosen: Period) -> Waiting:
    """Links decided in the period that are still in force."""
    links = MatchSuggestion.objects.filter(
        state=State.ACCEPTED, decision__at__gte=chosen.since, decision__at__lt=chosen.until
    ).annotate(wait=F("decision__at") - F("order__opened_at"), look=F("decision__at") - F("created_at"))
    edges = [timedelta(0), *WAITS]
    wanted: dict[str, Any] = {
        f"class_{row}": Count("pk", filter=_between(edges[row], edges[row + 1] if row < len(WAITS) else None))
        for row in range(len(edges))
    }
    found = links.aggregate(
        links=Count("pk"),
        median=Percentile("wait", 0.5),
        p90=Percentile("wait", 0.9),
        reviewing=Percentile("look", 0.5),
        **wanted,
    )
    classes = tuple(found[f"class_{row}"] for row in range(len(edges)))
    return Waiting(found["links"], found["median"], found["p90"], found["reviewing"], classes)


def _between(over: timedelta, upto: timedelta | None) -> Q:
    """The first class includes orders whose opening time is after their link."""
    above = Q(wait__gt=over) if over else Q()
    return above & Q(wait__lte=upto) if upto is not None else above


@dataclass(frozen=True)
class Pace:
    """The pace of the whole team, which reveals no single person's figure."""

    decisions: int
    in_bulk: int
    undone: int
    # Median seconds from one decision to the next of the same person, breaks left out; None under FEWEST_LOOKS.
    seconds: float | None


FEWEST_LOOKS = 10
# A batch counts as one decision: its rows are milliseconds apart.
_PACE = """
WITH batches AS (
    SELECT user_id, batch, min(at) AS at, count(*) AS size FROM {decisions}
    WHERE at >= %(since)s AND at < %(until)s AND verb <> %(undo)s GROUP BY user_id, batch
), gaps AS (
    SELECT size, at - lag(at) OVER (PARTITION BY user_id ORDER BY at) AS gap FROM batches
)
SELECT coalesce(sum(size), 0), coalesce(sum(size) FILTER (WHERE size > 1), 0),
    count(*) FILTER (WHERE gap <= %(longest)s),
    extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap <= %(longest)s)),
    (SELECT count(*) FROM {decisions} WHERE at >= %(since)s AND at < %(until)s AND verb = %(undo)s)
FROM gaps
"""


def pace(chosen: Period) -> Pace:
    words: dict[str, Any] = {
        "since": chosen.since,
        "until": chosen.until,
        "undo": Verb.UNDO.value,
        "longest": LONGEST_LOOK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PACE.format(decisions=Decision._meta.db_table), words)
        decisions, in_bulk, looks, seconds, undone = cursor.fetchone()
    return Pace(int(decisions), int(in_bulk), undone, float(seconds) if looks >= FEWEST_LOOKS else None)


@dataclass(frozen=True)
class PerStay:
    """Orders of the period that are linked to a guest, by reservation."""

    stays: int
    orders: int
    with_several: int

    @property
    def mean(self) -> float | None:
        return self.orders / self.stays if self.stays else None


def per_stay(chosen: Period) -> PerStay:
    links = MatchSuggestion.objects.filter(
        state=State.ACCEPTED,
        stay__isnull=False,
        order__opened_at__gte=chosen.since,
        order__opened_at__lt=chosen.until,
    )
    found = (
        links.values("stay__reservation_id")
        .annotate(n=Count("pk"))
        .aggregate(stays=Count("n"), orders=Sum("n"), several=Count("n", filter=Q(n__gt=1)))
    )
    return PerStay(found["stays"], found["orders"] or 0, found["several"])


def opened_by_department(chosen: Period) -> dict[str, tuple[int, int]]:
    accepted = FilteredRelation("suggestions", condition=Q(suggestions__state=State.ACCEPTED))
    opened = Order.objects.filter(opened_at__gte=chosen.since, opened_at__lt=chosen.until)
    counted = (
        opened.exclude(status=OrderStatus.CANCELLED)
        .annotate(accepted=accepted)
        .values("department")
        .annotate(n=Count("pk"), with_link=Count("pk", filter=Q(accepted__isnull=False) | Q(linked=True)))
    )
    return {row["department"]: (row["n"], row["with_link"]) for row in counted.order_by()}


@dataclass(frozen=True)
class Queued:
    """Orders that wait for a review: of guests who leave today, opened more than a day ago, and the oldest of them."""

    waiting: int = 0
    departing: int = 0
    old: int = 0
    oldest: datetime | None = None


def queued_by_department() -> dict[str, Queued]:
    """Whenever they were opened. One query: `queued_at` is when the order was opened."""
    leaving = Stay.objects.filter(departure=timezone.localdate()).values("pk")
    counted = (
        MatchSuggestion.objects.heads()
        .order_by()
        .values_list("order__department")
        .annotate(
            waiting=Count("pk"),
            departing=Count("pk", filter=Q(stay__in=leaving)),
            old=Count("pk", filter=Q(queued_at__lt=timezone.now() - timedelta(days=1))),
            oldest=Min("queued_at"),
        )
    )
    return {department: Queued(*numbers) for department, *numbers in counted}


@dataclass(frozen=True)
class DepartmentRow:
    """Orders of a department: opened in the period and linked of them; waiting for review, and of guests leaving
    today, whenever they were opened."""

    department: str
    opened: int
    linked: int
    waiting: int
    departing: int


def department_rows(opened: Mapping[str, tuple[int, int]], queued: Mapping[str, Queued]) -> list[DepartmentRow]:
    """The department with the most opened orders first."""
    rows = []
    for name in opened.keys() | queued.keys():
        of_queue = queued.get(name, Queued())
        rows.append(DepartmentRow(name, *opened.get(name, (0, 0)), of_queue.waiting, of_queue.departing))
    return sorted(rows, key=lambda row: (-row.opened, -row.waiting, row.department))


FEWEST_OWN_LOOKS: Final = 5
NEWEST: Final = 60


@dataclass(frozen=True)
class OwnPace:
    seconds: int
    minutes: int


def own_pace(user: Any, cards: int) -> OwnPace | None:
    """The median seconds between this person's latest decisions of today, and the whole minutes that so many cards will
    take, at least one; None for fewer than FEWEST_OWN_LOOKS intervals. One query."""
    today = Decision.objects.filter(user=user, at__gte=midnight()).exclude(verb=Verb.UNDO)
    # A batch counts as one decision.
    moments = dict(today.order_by("-at").values_list("batch", "at")[:NEWEST])
    times = sorted(moments.values())
    looks = [later - earlier for earlier, later in pairwise(times)]
    looks = [look for look in looks if look <= LONGEST_LOOK]
    if not cards or len(looks) < FEWEST_OWN_LOOKS:
        return None
    seconds = statistics.median(look.total_seconds() for look in looks)
    return OwnPace(max(1, round(seconds)), max(1, round(seconds * cards / 60)))
