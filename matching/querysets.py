"""Questions that several pages ask about suggestions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower, Trim

from matching.states import DOUBT_FROM, STRONG_FROM, Band, State, WriteState

if TYPE_CHECKING:
    from matching.models import MatchSuggestion  # noqa: F401  named in the base class below


BAND_RANGE = {
    Band.STRONG: Q(probability__gte=STRONG_FROM),
    Band.DOUBT: Q(probability__gte=DOUBT_FROM, probability__lt=STRONG_FROM),
    Band.WEAK: Q(probability__lt=DOUBT_FROM),
}


# "UH 203", "apto. 0203", "quarto nº 203": what people write before a room's number.
BEFORE_ROOM = r"^(uh|aptos?|apt|ap|quarto|qto|suite|suíte|room)[ .:#nº°-]*"


def bare_room(field: str) -> Func:
    """`open_orders.typed_room` of that field, in the database. An index holds it: a change here needs a migration."""
    bare = Func(
        Lower(Trim(F(field))), Value(BEFORE_ROOM), Value(""), function="regexp_replace", output_field=TextField()
    )
    return Func(bare, Value("0"), function="ltrim", output_field=TextField())


def unshown(suggestion: str = "") -> tuple[str, ...]:
    """Columns of a suggestion, its order and its guest that no list shows; `suggestion` is the way to it."""
    of_order = ("fingerprint", "search")
    of_stay = ("fingerprint", "occupancies", "search")
    joined = (*(f"order__{name}" for name in of_order), *(f"stay__{name}" for name in of_stay))
    return tuple(f"{suggestion}{name}" for name in ("reasons", *joined))


class SuggestionQuerySet(QuerySet["MatchSuggestion"]):
    def pending(self) -> SuggestionQuerySet:
        return self.filter(state=State.PENDING)

    def heads(self) -> SuggestionQuerySet:
        """The best candidate still pending of each order: what the queue shows, the others being its alternatives."""
        return self.filter(queued_at__isnull=False)

    def in_band(self, band: Band) -> SuggestionQuerySet:
        return self.filter(BAND_RANGE[band])

    def departing(self, day: date) -> SuggestionQuerySet:
        return self.filter(stay__departure=day)

    def with_unconfirmed(self) -> SuggestionQuerySet:
        """Adds `unconfirmed`: a write to Supabase that this suggestion's last decision still waits for."""
        writes = apps.get_model("matching", "WriteBack").objects
        return self.annotate(unconfirmed=Exists(writes.filter(suggestion=OuterRef("pk"), state=WriteState.OPEN)))

    def as_card(self) -> SuggestionQuerySet:
        """With all that a page shows of each."""
        return self.with_unconfirmed().select_related("order", "stay", "decision__user")
