"""The review queue: which card comes next. One card an order: its best candidate still pending."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from matching.models import MatchSuggestion
from matching.querysets import BAND_RANGE
from matching.states import Band

# Doubtful ones first, where a person adds most; strong for sweeping; weak for cleaning.
BANDS = (Band.DOUBT, Band.STRONG, Band.WEAK)


@dataclass(frozen=True)
class BandCount:
    band: Band
    waiting: int
    departing: int


def counts() -> list[BandCount]:
    """Cards waiting by band, and how many of their guests leave today; two queries."""
    wanted = {str(band): Count("pk", filter=BAND_RANGE[band]) for band in BANDS}
    heads = MatchSuggestion.objects.heads()
    everything = heads.aggregate(**wanted)
    departing = heads.departing(timezone.localdate()).aggregate(**wanted)
    return [BandCount(band, everything[str(band)], departing[str(band)]) for band in BANDS]


def at(counted: BandCount, position: int) -> MatchSuggestion | None:
    """The card at that place of the band, counted from 0: departures of today first, then the oldest orders. Past the
    end the queue starts again. Its id and its order are loaded, the rest when asked for."""
    today = timezone.localdate()
    queue = MatchSuggestion.objects.heads().in_band(counted.band).order_by("queued_at", "pk").only("pk", "order")
    # Two questions that an index answers each, where one sorted by both would read the whole queue.
    first, rest = queue.departing(today), queue.exclude(stay__departure=today)
    leaving = counted.departing
    found = first[position:] if position < leaving else rest[position - leaving :]
    return found.first() or first.first() or rest.first()


def free(counted: BandCount, place: int, taken: Collection[int]) -> tuple[int, MatchSuggestion | None]:
    """From that place on, the first card whose order is not among those taken, and where it stands; the card at the
    place itself when all that follow are taken."""
    for step in range(min(counted.waiting, len(taken) + 1)):
        here = (place + step) % counted.waiting
        found = at(counted, here)
        if found is not None and found.order_id not in taken:
            return here, found
    return place, at(counted, place)
