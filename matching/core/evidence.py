"""The hotel's comparisons: what an order says against what the listing knows, each piece with its bits."""

import math
from dataclasses import dataclass

from matching.core import lexicon
from matching.core.index import KINDS, HouseIndex
from matching.core.mentions import NameWord, Person
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.rooms import is_one_off, is_swap
from matching.core.stays import Stay
from matching.core.wordmatch import WordHit, WordMatcher

MIN_ROOMS = 30
# Rates of a house are spread over at least so many guests, or a listing of two rows would be sure of itself.
MIN_PRESENT = 20.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence. The bits of a candidate's reasons add up to its score; no document, no whole phone."""

    comparison: str
    level: str
    order_value: str
    guest_value: str
    weight_bits: float


@dataclass(slots=True)
class Evidence:
    """All that speaks for and against one stay, and how much of it tells the guests of one room apart."""

    position: int
    reasons: list[Reason]
    identity: float
    person: int

    @property
    def score(self) -> float:
        return math.fsum(reason.weight_bits for reason in self.reasons)


class Weigher:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, model: Model) -> None:
        self.index, self.matcher, self.model = index, matcher, model
        self.room_chance = 1 / max(MIN_ROOMS, len(index.by_room))
        self._present: dict[tuple[int, frozenset[str]], tuple[dict[str, float], float]] = {}

    def weigh(self, order: Order, position: int) -> Evidence | None:
        """None when the guest was neither there nor near on the order's day."""
        stay = self.index.stays[position]
        presence = self._presence(order, position, stay)
        if presence is None:
            return None
        identity, person = self._persons(order, position, stay)
        identity += self._contacts(order, stay)
        reasons = [presence, *self._room(order, stay), *identity, *self._titular(stay), *self._context(order, stay)]
        return Evidence(position, reasons, math.fsum(r.weight_bits for r in identity), person)

    # --- when ------------------------------------------------------------------------------------
    def _kind(self, order: Order, position: int, stay: Stay) -> str:
        kind = KINDS[self.index.kinds(order.opened.toordinal())[position]]
        if stay.left is not None and order.opened > stay.left and kind in ("leaving", "in_house"):
            return "left"
        if stay.arrived is not None and kind == "arriving":
            return "in_house" if order.opened >= stay.arrived else "arriving"
        return kind

    def rates(self, hints: frozenset[str]) -> dict[str, float]:
        rates = dict(self.model.rates)
        for context in sorted(hints.intersection(self.model.contexts)):
            for kind, factor in self.model.contexts[context].items():
                rates[kind] *= factor
        return rates

    def _presence(self, order: Order, position: int, stay: Stay) -> Reason | None:
        kind = self._kind(order, position, stay)
        if kind == "away":
            return None
        day, hints = order.opened.toordinal(), order.hints.intersection(self.model.contexts)
        if (day, hints) not in self._present:
            kinds, rates = self.index.kinds(day), self.rates(hints)
            total = sum(float((kinds == i).sum()) * rates[name] for i, name in enumerate(KINDS) if i)
            self._present[day, hints] = rates, max(total, MIN_PRESENT)
        rates, total = self._present[day, hints]
        shown = f"{stay.arrival:%d/%m}–{stay.departure:%d/%m}"
        return Reason("presence", kind, f"{order.opened:%d/%m}", shown, math.log2(rates[kind] / total))

    # --- where -----------------------------------------------------------------------------------
    def _room(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.rooms:
            return []
        level, room = self._room_level(order, stay)
        chance = self.room_chance * len(order.rooms)
        return [Reason("room", level, "/".join(order.rooms), room, self.model.bits("room", level, chance))]

    def _room_level(self, order: Order, stay: Stay) -> tuple[str, str]:
        day = order.opened.date()
        then = [o.room for o in stay.occupancies if o.since <= day and (o.until is None or day <= o.until)] or [
            stay.room
        ]
        for room in then:
            if room in order.rooms:
                return "same", room
        for occupancy in stay.occupancies:
            if occupancy.room in order.rooms:
                return ("earlier" if occupancy.since <= day else "later"), occupancy.room
        if stay.room in order.rooms:
            return "later", stay.room
        if not stay.room:
            return "unassigned", ""
        if any(is_swap(stay.room, room) for room in order.rooms):
            return "swapped", stay.room
        if any(is_one_off(stay.room, room) for room in order.rooms):
            return "one_digit_off", stay.room
        return "different", stay.room

    # --- who -------------------------------------------------------------------------------------
    def _persons(self, order: Order, position: int, stay: Stay) -> tuple[list[Reason], int]:
        """The person of the order who fits best, and her place in it."""
        best: tuple[float, int, list[Reason]] = (-math.inf, 0, [])
        for place, person in enumerate(order.persons):
            reasons = self._name(person, position, stay)
            total = math.fsum(r.weight_bits for r in reasons)
            if total > best[0] + 1e-9:
                best = (total, place, reasons)
        return best[2], best[1]

    def _name(self, person: Person, position: int, stay: Stay) -> list[Reason]:
        reasons = [self._word(person, i, word, position, stay) for i, word in enumerate(person.words)]
        if not stay.parts:
            return reasons
        if person.suffix:
            level = "absent" if not stay.suffix else "same" if stay.suffix == person.suffix else "different"
            reasons.append(Reason("suffix", level, person.suffix, stay.suffix, self.model.bits("suffix", level)))
        if person.sex and stay.sex:
            level = "same" if person.sex == stay.sex else "different"
            reasons.append(Reason("sex", level, person.sex, stay.sex, self.model.bits("sex", level)))
        return reasons

    def _word(self, person: Person, place: int, word: NameWord, position: int, stay: Stay) -> Reason:
        hit = self.matcher.hits(word.text).get(position)
        if hit is None:
            ratio = self.model.m("name", "none") if stay.parts else 1.0
            level, guest = ("none" if stay.parts else "unnamed"), ""
        else:
            ratio = self.model.m("name", hit.level) * self._position(person, place, hit, stay) / hit.chance
            level, guest = hit.level, hit.word.title()
        bits = math.log2(1 - word.likelihood + word.likelihood * ratio)
        return Reason("name", level, word.text.title(), guest, bits)

    def _position(self, person: Person, place: int, hit: WordHit, stay: Stay) -> float:
        """Share of writers who put this part of the name in this place."""
        role = next(role for word, role in stay.parts if word == hit.word)
        names = sum(w.likelihood >= 0.5 for w in person.words)
        way = ("formal" if person.formal else "alone") if names <= 1 else "first" if place == 0 else "further"
        return self.model.positions[way][("given", "middle", "family").index(role)]

    # --- how to reach them -----------------------------------------------------------------------
    def _contacts(self, order: Order, stay: Stay) -> list[Reason]:
        return [*self._phone(order, stay), *self._document(order, stay), *self._email(order, stay)]

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
        if stay.document in order.contacts.documents:
            level = "same"
        elif not stay.document and any(d.endswith(stay.document_end) for d in order.contacts.documents):
            level = "ending"
        else:
            level = "different"
        return [Reason("document", level, "", "", self.model.bits("document", level))]

    def _email(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.contacts.emails or not stay.email:
            return []
        level = "same" if stay.email in order.contacts.emails else "different"
        return [Reason("email", level, "", "", self.model.bits("email", level))]

    # --- the rest --------------------------------------------------------------------------------
    def _titular(self, stay: Stay) -> list[Reason]:
        level = "titular" if stay.titular else "companion"
        return [Reason("titular", level, "", "", self.model.bits("titular", level))]

    def _context(self, order: Order, stay: Stay) -> list[Reason]:
        reasons = []
        if stay.codes & order.codes:
            code = min(stay.codes & order.codes)
            reasons.append(Reason("booking", "same", code, code, self.model.bits("booking", "same")))
        labels = sorted((stay.labels & order.words) - lexicon.NAMES)
        if labels:
            chance = (len(self.index.by_label[labels[0]]) + 2) / (len(self.index) + 50)
            reasons.append(
                Reason("label", "same", labels[0].title(), labels[0].title(), self.model.bits("label", "same", chance))
            )
        if order.days:
            reasons.append(self._day(order, stay))
        return reasons

    def _day(self, order: Order, stay: Stay) -> Reason:
        level = (
            "arrival" if stay.arrival in order.days else "departure" if stay.departure in order.days else "different"
        )
        shown = f"{order.days[0]:%d/%m}", f"{stay.arrival:%d/%m}"
        return Reason("day", level, *shown, self.model.bits("day", level, 1 / 12))
