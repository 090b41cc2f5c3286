"""How long the cards that wait will take a person, at their own pace of today."""

import statistics
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from matching.models import Decision
from matching.models.choices import Verb
from matching.reports.periods import midnight

# A longer gap was a pause. Fewer looks than that tell no pace.
LONGEST_LOOK: Final = timedelta(minutes=2)
FEWEST_LOOKS: Final = 5
NEWEST: Final = 60


@dataclass(frozen=True)
class OwnPace:
    seconds: int
    minutes: int


def own_pace(user: Any, cards: int) -> OwnPace | None:
    """Seconds a card, by the median of this person's latest decisions of today, and whole minutes for so many cards,
    one at least; None until there is a pace to speak of. One query."""
    today = Decision.objects.filter(user=user, at__gte=midnight()).exclude(verb=Verb.UNDO)
    # A batch is one decision of the person, whatever its size.
    moments = dict(today.order_by("-at").values_list("batch", "at")[:NEWEST])
    times = sorted(moments.values())
    looks = [later - earlier for earlier, later in pairwise(times)]
    looks = [look for look in looks if look <= LONGEST_LOOK]
    if not cards or len(looks) < FEWEST_LOOKS:
        return None
    seconds = statistics.median(look.total_seconds() for look in looks)
    return OwnPace(max(1, round(seconds)), max(1, round(seconds * cards / 60)))
