"""The review queue: which card comes next. One card an order: its best candidate still pending."""

from dataclasses import dataclass

from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.utils import timezone

from matching.models import MatchSuggestion
from matching.querysets import BAND_RANGE, SuggestionQuerySet
from matching.states import Band

# Doubtful ones first, where a person adds most; strong for sweeping; weak for cleaning.
BANDS = (Band.DOUBT, Band.STRONG, Band.WEAK)


@dataclass(frozen=True)
class BandCount:
    band: Band
    waiting: int
    departing: int


def counts() -> list[BandCount]:
    """Cards waiting by band, and how many of their guests leave today; one query."""
    today = Q(stay__departure=timezone.localdate())
    wanted = {f"{band}_all": Count("pk", filter=BAND_RANGE[band]) for band in BANDS}
    wanted |= {f"{band}_today": Count("pk", filter=BAND_RANGE[band] & today) for band in BANDS}
    found = MatchSuggestion.objects.heads().aggregate(**wanted)
    return [BandCount(band, found[f"{band}_all"], found[f"{band}_today"]) for band in BANDS]


def waiting(band: Band) -> SuggestionQuerySet:
    """Departures of today first, then the oldest orders."""
    leaves_today = Case(
        When(stay__departure=timezone.localdate(), then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    queue = MatchSuggestion.objects.heads().in_band(band)
    return queue.order_by(leaves_today, "order__opened_at", "pk")


def at(band: Band, position: int) -> MatchSuggestion | None:
    """The card at that place, counted from 0; past the end the queue starts again."""
    found = waiting(band)[position : position + 1].first() if position else None
    return found or waiting(band).first()
