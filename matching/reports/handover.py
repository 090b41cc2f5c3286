"""What a shift leaves to the next: cards, links and alerts. Lists are truncated, counts are complete."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When, prefetch_related_objects

from matching.models import Alert, MatchSuggestion, Order, Stay, WriteBack
from matching.models.choices import Severity, State, WriteState

Row = TypeVar("Row")
MAX_CARDS = 25
MAX_ALERTS = 15
# Columns that only the matcher reads.
_OF_MATCHING = (
    "reasons",
    "order__fingerprint",
    "order__search",
    "stay__fingerprint",
    "stay__search",
    "stay__terms",
    "stay__occupancies",
)
_WORST_FIRST = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """The first rows of a list, and the number of all."""

    rows: list[Row]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def _cut(found: QuerySet[Any], most: int) -> Cut[Any]:
    """One query, and a second one for the count of a longer list."""
    rows = list(found[: most + 1])
    return Cut(rows[:most], found.count() if len(rows) > most else len(rows))


def came_back() -> Cut[MatchSuggestion]:
    """Cards that returned to the queue because Supabase refused the link."""
    cards = MatchSuggestion.objects.filter(state=State.PENDING).exclude(conflict="").select_related("order", "stay")
    return _cut(cards.defer(*_OF_MATCHING).order_by("order__opened_at", "pk"), MAX_CARDS)


def to_confirm() -> Cut[WriteBack]:
    """Links and unlinks that Supabase has yet to confirm, oldest first."""
    writes = WriteBack.objects.filter(state=WriteState.OPEN).select_related("order", "suggestion__stay")
    return _cut(writes.order_by("created_at", "pk"), MAX_CARDS)


def open_alerts() -> Cut[Alert]:
    """The most severe first, then the newest."""
    ranks = [When(severity=severity, then=Value(rank)) for rank, severity in enumerate(_WORST_FIRST)]
    rank = Case(*ranks, default=Value(9), output_field=IntegerField())
    found = _cut(Alert.objects.filter(settled_at=None).order_by(rank, "-created_at", "-pk"), MAX_ALERTS)
    # By primary key: a join would read every order for fifteen alerts.
    guests = Stay.objects.only("listed_name", "registered_name", "social_name", "hidden", "room")
    prefetch_related_objects(found.rows, Prefetch("order", Order.objects.only("number")), Prefetch("stay", guests))
    return found
