"""Open orders of certain rooms and their guests: by a link, by the typed room, or by a suggestion."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from matching.core.parsing.rooms.keys import room_key
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import ALIVE, CLOSED_ORDER, State
from matching.room_numbers import bare_room

MAX_SHOWN = 200
# The columns that pages show: hundreds of rows are read at once.
_OF_ORDER = ("number", "request", "department", "opened_at", "linked", "linked_stay")
_OF_STAY = ("listed_name", "registered_name", "social_name", "hidden", "room")


@dataclass(frozen=True)
class OpenOrder:
    """`suggestion`: the accepted one, or else the best pending one; `stay`: the stay of the link or of the
    suggestion."""

    order: Order
    suggestion: MatchSuggestion | None
    room: str
    stay: int | None

    @property
    def linked(self) -> bool:
        return self.order.linked or bool(self.suggestion and self.suggestion.state == State.ACCEPTED)


def concerning(stays: Collection[int], rooms: Iterable[str], most: int = MAX_SHOWN) -> list[OpenOrder]:
    """Oldest first, in four queries. `rooms` are keys as `room_key` makes them."""
    keys = {room for room in rooms if room}
    live = Q(state=State.ACCEPTED) | Q(pk__in=MatchSuggestion.objects.filter(stay__in=stays).heads())
    # By primary key: PostgreSQL combines three indexes, where a join would read every open order.
    named = list(MatchSuggestion.objects.filter(live, stay__in=stays).values_list("order_id", flat=True))
    found = (
        Order.objects.exclude(status__in=CLOSED_ORDER)
        .annotate(typed=bare_room("room_text"))
        .filter(Q(typed__in=keys) | Q(linked_stay__in=stays) | Q(pk__in=named))
    )
    shown: Any = found.only(*_OF_ORDER).prefetch_related(Prefetch("suggestions", _best(), to_attr="alive"))
    return [_open(order) for order in shown.order_by("opened_at", "pk")[:most]]


def _best() -> QuerySet[MatchSuggestion]:
    """One of each order: "accepted" sorts before "pending". Stays are prefetched: a join would read every stay."""
    alive = MatchSuggestion.objects.filter(state__in=ALIVE).only("order", "state", "stay")
    guests = Prefetch("stay", Stay.objects.only(*_OF_STAY))
    return alive.order_by("order", "state", "rank", "pk").distinct("order").prefetch_related(guests)


def _open(order: Any) -> OpenOrder:
    suggestion: MatchSuggestion | None = order.alive[0] if order.alive else None
    guest = suggestion.stay if suggestion else None
    stay = order.linked_stay or (guest.pk if guest else None)
    return OpenOrder(order, suggestion, order.typed or (room_key(guest.room) if guest else ""), stay)
