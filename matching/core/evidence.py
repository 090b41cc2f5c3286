"""The hotel's comparisons: what an order says against what the listing knows, each piece with its bits."""

import math
from collections.abc import Sequence

import numpy as np

from matching.core import lexicon
from matching.core.blocking import ROOM_CAP
from matching.core.contacts import NO_CONTACTS
from matching.core.index import KINDS, HouseIndex
from matching.core.model import Model
from matching.core.naming import Naming
from matching.core.orders import Order
from matching.core.presence import Presence, Seen, day_month
from matching.core.reasons import Evidence, Reason
from matching.core.rooms import is_one_off, swaps
from matching.core.stays import Stay
from matching.core.wordmatch import WordMatcher

MIN_ROOMS = 30
# Days for which a guest who was expected may still be on the way.
LATE_ARRIVAL = 1
# A date named in an order meets a guest's arrival by accident about once in so many.
DAY_CHANCE = 1 / 12
CHECKING_IN = [KINDS.index(kind) for kind in ("arriving", "arrived", "expected")]


class Weigher:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, presence: Presence, model: Model) -> None:
        self.index, self.model, self.presence = index, model, presence
        self.naming = Naming(index, matcher, model)
        self.room_chance = 1 / max(MIN_ROOMS, len(index.by_room))
        levels = {True: "titular", False: "companion"}
        self._titular = {main: Reason("titular", n, "", "", model.bits("titular", n)) for main, n in levels.items()}

    def weigh(self, order: Order, positions: Sequence[int]) -> list[Evidence]:
        seen = self.presence.seen(order)
        return [self._weigh(order, position, seen) for position in positions]

    def _weigh(self, order: Order, position: int, seen: Seen) -> Evidence:
        stay = self.index.stays[position]
        identity, person = self._persons(order, position)
        if order.contacts != NO_CONTACTS:
            identity = [*identity, *self._phone(order, stay), *self._document(order, stay), *self._email(order, stay)]
        reasons = [
            self.presence.weigh(order, position, seen),
            *self._room(order, stay),
            *identity,
            self._titular[stay.titular],
            *self._context(order, stay),
        ]
        named = bool(order.persons) and self.naming.is_met(order.persons[person], identity)
        return Evidence(position, reasons, math.fsum([r.weight_bits for r in identity]), person, named)

    def elsewhere(self, order: Order, share: float) -> float:
        """Bits for a guest whom no block brought up: who is on no list yet, who checks in today without a room so far,
        and everybody else in the house, whom nothing fits.

        `share` is what the blocks held of the house before any evidence.
        """
        name = self.naming.elsewhere(order.persons[0]) if order.persons else 0.0
        room = self.model.bits("room", "different") if order.rooms else 0.0
        others = max(0.0, 1 - share) * 2 ** (name + room)
        return math.log2(self.model.unlisted + others + self._checking_in(order) * 2**name)

    def _checking_in(self, order: Order) -> float:
        """Weight of the guests who come today and have no room yet, when the order names one that is free for them."""
        if not order.rooms or not len(self.index.roomless) or self._is_taken(order):
            return 0.0
        seen = self.presence.seen(order)
        kinds = seen.kinds[self.index.roomless]
        coming = seen.shares[kinds][np.isin(kinds, CHECKING_IN)]
        return float(coming.sum()) * 2 ** self.model.bits("room", "free_on_arrival")

    # --- where -----------------------------------------------------------------------------------
    def _room(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.rooms:
            return []
        level, room = self._room_level(order, stay)
        chance = self.room_chance * len(order.rooms)
        return [Reason("room", level, "/".join(order.rooms), room, self.model.bits("room", level, chance))]

    def _room_level(self, order: Order, stay: Stay) -> tuple[str, str]:
        """Then before now: what counts is where the guest was when the order was opened."""
        day = order.opened.date()
        then = [o.room for o in stay.occupancies if o.since <= day and (o.until is None or day <= o.until)]
        for room in then or [stay.room]:
            if room in order.rooms:
                return "same", room
        for occupancy in stay.occupancies:
            if occupancy.room in order.rooms:
                return ("earlier" if occupancy.since <= day else "later"), occupancy.room
        if stay.room in order.rooms:
            return "later", stay.room
        return self._slip(order, stay.room) if stay.room else (self._without_room(order, stay), "")

    @staticmethod
    def _slip(order: Order, room: str) -> tuple[str, str]:
        if any(room in swaps(typed) for typed in order.rooms):
            return "swapped", room
        return ("one_digit_off" if any(is_one_off(room, typed) for typed in order.rooms) else "different"), room

    def _without_room(self, order: Order, stay: Stay) -> str:
        """Who is to check in today may well have got the room, if the listing shows nobody else in it for the night."""
        day = order.opened.date()
        if not 0 <= (day - stay.arrival).days <= LATE_ARRIVAL:
            return "unassigned"
        return "unassigned" if self._is_taken(order) else "free_on_arrival"

    def _is_taken(self, order: Order) -> bool:
        """Does the listing show somebody who stays the night in a room of the order?"""
        day = order.opened.date()
        positions = (p for room in order.rooms for p in self.index.by_room.get(room, ())[-ROOM_CAP:])
        return any(s.arrival <= day < s.departure for s in (self.index.stays[p] for p in positions))

    # --- who -------------------------------------------------------------------------------------
    def _persons(self, order: Order, position: int) -> tuple[list[Reason], int]:
        """The person of the order who fits best, and her place in it."""
        best: tuple[float, int, list[Reason]] = (-math.inf, 0, [])
        for place, person in enumerate(order.persons):
            reasons = self.naming.weigh(person, position)
            total = math.fsum(r.weight_bits for r in reasons)
            if total > best[0] + 1e-9:
                best = (total, place, reasons)
        return best[2], best[1]

    def _phone(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.contacts.phones or not stay.phone:
            return []
        level = "different"
        for phone in order.contacts.phones:
            if phone[-10:] == stay.phone[-10:] and len(phone) >= 10:
                level = "same"
            elif phone[-8:] == stay.phone[-8:] and level == "different":
                level = "last_eight"
        ends = f"…{order.contacts.phones[0][-2:]}", f"…{stay.phone[-2:]}"
        return [Reason("phone", level, *ends, self.model.bits("phone", level))]

    def _document(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.contacts.documents or not (stay.document or stay.document_end):
            return []
        level = "different"
        if stay.document in order.contacts.documents:
            level = "same"
        elif not stay.document and any(d.endswith(stay.document_end) for d in order.contacts.documents):
            level = "ending"
        return [Reason("document", level, "", "", self.model.bits("document", level))]

    def _email(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.contacts.emails or not stay.email:
            return []
        level = "same" if stay.email in order.contacts.emails else "different"
        return [Reason("email", level, "", "", self.model.bits("email", level))]

    # --- the rest --------------------------------------------------------------------------------
    def _context(self, order: Order, stay: Stay) -> list[Reason]:
        reasons = []
        if code := min(stay.codes & order.codes, default=""):
            reasons.append(Reason("booking", "same", code, code, self.model.bits("booking", "same")))
        if label := min((stay.labels & order.words) - lexicon.NAMES, default=""):
            chance = (len(self.index.by_label[label]) + 2) / (len(self.index) + 50)
            bits = self.model.bits("label", "same", chance)
            reasons.append(Reason("label", "same", label.title(), label.title(), bits))
        if order.days:
            level = "arrival" if stay.arrival in order.days else "different"
            level = "departure" if level == "different" and stay.departure in order.days else level
            shown = day_month(order.days[0]), day_month(stay.arrival)
            reasons.append(Reason("day", level, *shown, self.model.bits("day", level, DAY_CHANCE)))
        return reasons
