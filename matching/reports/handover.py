"""What one shift leaves to the next: cards, links and alerts. Every list is cut, every count whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When, prefetch_related_objects

from matching.models import Alert, MatchSuggestion, Order, Stay, WriteBack
from matching.models.choices import Severity, State, WriteState

Row = TypeVar("Row")
MOST_CARDS = 25
MOST_ALERTS = 15
# What only the matcher reads.
_OF_MATCHING = (
    "reasons",
    "order__fingerprint",
    "order__search",
    "stay__fingerprint",
    "stay__search",
    "stay__occupancies",
)
_WORST_FIRST = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True)
class Cut(Generic[Row]):
    """The first rows of a list, and how many it has."""

    rows: list[Row]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def _cut(found: QuerySet[Any], most: int) -> Cut[Any]:
    """Two queries when the list is longer than what is shown, else one."""
    rows = list(found[: most + 1])
    return Cut(rows[:most], found.count() if len(rows) > most else len(rows))


def departing_cards(day: date) -> Cut[MatchSuggestion]:
    """Cards still undecided whose guest leaves on that day, by room."""
    cards = MatchSuggestion.objects.heads().departing(day).select_related("order", "stay")
    return _cut(cards.defer(*_OF_MATCHING).order_by("stay__room", "order__opened_at", "pk"), MOST_CARDS)


def came_back() -> Cut[MatchSuggestion]:
    """Cards whose link Supabase refused after the decision: nothing was written."""
    cards = MatchSuggestion.objects.filter(state=State.PENDING).exclude(conflict="").select_related("order", "stay")
    return _cut(cards.defer(*_OF_MATCHING).order_by("order__opened_at", "pk"), MOST_CARDS)


def to_confirm() -> Cut[WriteBack]:
    """Links and unlinks that Supabase has yet to confirm, oldest first."""
    writes = WriteBack.objects.filter(state=WriteState.OPEN).select_related("order", "suggestion__stay")
    return _cut(writes.order_by("created_at", "pk"), MOST_CARDS)


def open_alerts() -> Cut[Alert]:
    """The worst first, then the newest."""
    place = Case(*_places(_WORST_FIRST), default=Value(9), output_field=IntegerField())
    found = _cut(Alert.objects.filter(settled_at=None).order_by(place, "-created_at", "-pk"), MOST_ALERTS)
    # By number: joined, every order would be read for fifteen.
    prefetch_related_objects(found.rows, Prefetch("order", Order.objects.only("number")), Prefetch("stay", _guests()))
    return found


def _guests() -> QuerySet[Stay]:
    return Stay.objects.only("listed_name", "registered_name", "social_name", "hidden", "room")


def _places(severities: Iterable[Severity]) -> list[When]:
    return [When(severity=severity, then=Value(place)) for place, severity in enumerate(severities)]
