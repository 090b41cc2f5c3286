"""Any guest for an order: the people whom the dialog shows before one types, and what it finds."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import ALIVE
from matching.presentation import badges
from matching.room_numbers import typed_room
from matching.stay_search import Among, FoundBy, Hit, Presence, is_offered, offered_stays, room_term, search_stays

SHOWN = 20
# People of a group before one types.
MOST_OF_GROUP = 8
_CHIPS = {
    Presence.IN_HOUSE: "ok",
    Presence.ARRIVES_TODAY: "wait",
    Presence.EXPECTED: "wait",
    Presence.LEFT: "off",
}


@dataclass(frozen=True)
class Person:
    """A guest who may be chosen. `why` is what speaks for the guest, `against` what speaks against; `value` is that of
    the button."""

    stay: Stay
    pieces: Sequence[tuple[str, bool]]
    chip: str
    why: str
    against: str
    value: str


@dataclass(frozen=True)
class Group:
    title: str
    people: list[Person]


class GuestChoice:
    """The people for one order. `replaces`: the decision that a choice corrects."""

    def __init__(self, order: Order, head: MatchSuggestion | None, replaces: int | None = None) -> None:
        self.order, self.head, self.replaces = order, head, replaces
        self.today = timezone.localdate()
        self.opened = timezone.localtime(order.opened_at).date()
        self.rooms = _rooms_named(order, head)

    @cached_property
    def candidates(self) -> list[Stay]:
        """The guests whom the card offers. One query."""
        alive = MatchSuggestion.objects.filter(order=self.order, state__in=ALIVE, stay__isnull=False)
        return [suggestion.stay for suggestion in alive.select_related("stay") if suggestion.stay is not None]

    @cached_property
    def bookings(self) -> set[int]:
        return {stay.reservation_id for stay in self.candidates if stay.reservation_id is not None}

    def value(self, stay: Stay | None) -> str:
        """Of a button that links the order to the stay, or to nobody."""
        parts = (self.order.pk, self.order.texto_versao, stay.pk if stay else "", self.replaces or "")
        return ":".join(str(part) for part in parts)

    def found(self, text: str, user: Any, among: Collection[Among] = ()) -> tuple[list[Person], bool]:
        """At most SHOWN people, and whether there are more."""
        hits = search_stays(text, user=user, limit=SHOWN + 1, among=among)
        return [self._person(hit.stay, hit) for hit in hits[:SHOWN]], len(hits) > SHOWN

    def groups(self) -> list[Group]:
        """Before one types: companions of the candidates, the people of the room, and those who arrive in it. Nobody
        stands in two groups. Two queries."""
        shown = {stay.pk for stay in self.candidates}
        offered = offered_stays(self.today)
        companions = self._group(_("In the same reservation"), offered.filter(reservation_id__in=self.bookings), shown)
        of_room: list[Stay] = []
        if self.rooms:
            named = Q()
            for room in self.rooms:
                named |= Q(terms__contains=f" {room_term(room)} ")
            of_room = list(offered.filter(named).order_by("-departure", "pk")[: 4 * MOST_OF_GROUP])
        room = " / ".join(sorted(self.rooms))
        were = [stay for stay in of_room if self._was_there(stay)]
        arrive = [stay for stay in of_room if stay.arrival >= self.opened]
        later = [stay for stay in of_room if stay not in were and stay not in arrive]
        groups = [
            companions,
            self._group(_("In room %(room)s when the order was opened") % {"room": room}, were, shown),
            self._group(_("Arriving in room %(room)s") % {"room": room}, arrive, shown),
            self._group(_("In room %(room)s at another time") % {"room": room}, later, shown),
        ]
        return [group for group in groups if group.people]

    def mates(self, family: Iterable[Stay], candidates: Iterable[int]) -> list[Person]:
        """The people of the reservation, `family`, who may be chosen and are no candidates. No query."""
        offered = [stay for stay in family if is_offered(stay, self.today)]
        return [self._person(stay) for stay in offered if stay.pk not in set(candidates)][:MOST_OF_GROUP]

    def _group(self, title: str, stays: Iterable[Stay], shown: set[int]) -> Group:
        people = [stay for stay in stays if stay.pk not in shown][:MOST_OF_GROUP]
        shown |= {stay.pk for stay in people}
        return Group(title, [self._person(stay) for stay in people])

    def _person(self, stay: Stay, hit: Hit | None = None) -> Person:
        presence = hit.presence if hit else Presence.of(stay, self.today)
        chip = str(presence.label)
        if presence == Presence.LEFT:
            chip = _("left on %(day)s") % {"day": date_format(stay.departure, _("m/d"))}
        return Person(
            stay=stay,
            pieces=hit.pieces if hit else ((stay.name, False),),
            chip=badges.chip(_CHIPS[presence], chip),
            why=", ".join(self._why(stay, hit)),
            against=", ".join(self._against(stay)),
            value=self.value(stay),
        )

    def _why(self, stay: Stay, hit: Hit | None) -> list[str]:
        reasons = [] if hit is None or hit.worst in (FoundBy.ROOM, FoundBy.FORMER_ROOM) else [str(hit.worst.label)]
        if stay.reservation_id in self.bookings:
            reasons.append(_("same reservation"))
        if self._was_there(stay):
            reasons.append(_("in the order's room"))
        return reasons or ([str(hit.worst.label)] if hit else [])

    def _against(self, stay: Stay) -> list[str]:
        reasons = []
        if stay.departure < self.opened:
            reasons.append(_("had already left"))
        elif stay.arrival > self.opened:
            reasons.append(_("arrived after the order") if stay.arrival <= self.today else _("has not arrived yet"))
        elif self.rooms and not self._was_there(stay):
            reasons.append(_("the order says room %(room)s") % {"room": " / ".join(sorted(self.rooms))})
        return reasons

    def _was_there(self, stay: Stay) -> bool:
        """In a room of the order on the day when it was opened."""
        if not stay.arrival <= self.opened <= stay.departure:
            return False
        return not self.rooms.isdisjoint(typed_room(room) for room in stay.rooms_on(self.opened))


def _rooms_named(order: Order, head: MatchSuggestion | None) -> set[str]:
    """Keys of the rooms that the order names: in its own field, or in the text as the engine read it."""
    read = {
        typed_room(str(reason["order_value"] or ""))
        for reason in (head.reasons if head else ())
        if reason["comparison"] == "room" and reason["level"] != "unread"
    }
    return ({typed_room(order.room_text)} | read) - {""}
