"""Orders, open and closed, of certain rooms and their guests: by a link, by the typed room, or by a suggestion."""

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
_OF_ORDER = ("number", "request", "department", "opened_at", "status", "linked", "linked_stay")
_OF_STAY = ("listed_name", "registered_name", "social_name", "hidden", "room", "arrival", "departure")
_OF_SUGGESTION = ("order", "state", "stay", "probability", "decision__at", "decision__user")


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
    """Open orders, oldest first, in four queries. `rooms` are keys as `room_key` makes them."""
    found = _concerning(stays, rooms).exclude(status__in=CLOSED_ORDER)
    return _read(found.order_by("opened_at", "pk")[:most])


def closed_concerning(stays: Collection[int], rooms: Iterable[str], most: int = MAX_SHOWN) -> list[OpenOrder]:
    """Closed orders, newest first, in four queries."""
    found = _concerning(stays, rooms).filter(status__in=CLOSED_ORDER)
    return _read(found.order_by("-opened_at", "-pk")[:most])


def with_number(number: str, most: int = MAX_SHOWN) -> list[OpenOrder]:
    """The orders of this number, open or closed, newest first, in three queries."""
    found = Order.objects.annotate(typed=bare_room("room_text")).filter(search__contains=number, number=number)
    return _read(found.order_by("-opened_at", "-pk")[:most])


def with_keys(keys: Collection[int]) -> list[OpenOrder]:
    """These orders, open or closed, newest first, in three queries."""
    found = Order.objects.annotate(typed=bare_room("room_text")).filter(pk__in=keys)
    return _read(found.order_by("-opened_at", "-pk"))


def _concerning(stays: Collection[int], rooms: Iterable[str]) -> QuerySet[Order]:
    keys = {room for room in rooms if room}
    live = Q(state=State.ACCEPTED) | Q(pk__in=MatchSuggestion.objects.filter(stay__in=stays).heads())
    # By primary key: PostgreSQL combines three indexes, where a join would read every open order.
    named = list(MatchSuggestion.objects.filter(live, stay__in=stays).values_list("order_id", flat=True))
    found = Order.objects.annotate(typed=bare_room("room_text"))
    return found.filter(Q(typed__in=keys) | Q(linked_stay__in=stays) | Q(pk__in=named))


def _read(orders: Any) -> list[OpenOrder]:
    shown = orders.only(*_OF_ORDER).prefetch_related(Prefetch("suggestions", _best(), to_attr="alive"))
    return [_with_suggestion(order) for order in shown]


def _best() -> QuerySet[MatchSuggestion]:
    """One of each order: "accepted" sorts before "pending". Stays are prefetched: a join would read every stay."""
    alive = MatchSuggestion.objects.filter(state__in=ALIVE).select_related("decision__user").only(*_OF_SUGGESTION)
    guests = Prefetch("stay", Stay.objects.only(*_OF_STAY))
    return alive.order_by("order", "state", "rank", "pk").distinct("order").prefetch_related(guests)


def _with_suggestion(order: Any) -> OpenOrder:
    suggestion: MatchSuggestion | None = order.alive[0] if order.alive else None
    guest = suggestion.stay if suggestion else None
    stay = order.linked_stay or (guest.pk if guest else None)
    return OpenOrder(order, suggestion, order.typed or (room_key(guest.room) if guest else ""), stay)
