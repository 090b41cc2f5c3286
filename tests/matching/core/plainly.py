"""The evidence read plainly: one order, one stay, one word at a time. Slow, and what the arrays are measured by.

Taken from the engine are only which stays are weighed (its blocks) and which words a written word may stand for.
"""

import datetime as dt
import math
from collections.abc import Sequence

from matching.core import Engine, Model, Reason
from matching.core.comparisons.batch import Batch
from matching.core.comparisons.rooms import EVERYBODY_OUT, MIN_ROOMS
from matching.core.explanation import shown_label
from matching.core.index.house_index import KINDS, LATE_ARRIVAL
from matching.core.index.word_matcher import BACKGROUND_GUESTS, _background
from matching.core.parsing.mentions import STRONG, NameWord, Person
from matching.core.parsing.orders import Order
from matching.core.parsing.rooms.keys import is_one_off, swaps
from matching.core.parsing.stays import GONE_STATUSES, Stay, parse_stay
from matching.core.weights import DAY_CHANCE, label_chance
from tests.matching.core.house import Row

ROLES = ("given", "middle", "family")
UNMET = ("none", "not_listed", "unnamed", "family")
Hit = tuple[str, str, float]


class Plain:
    def __init__(self, rows: Sequence[Row], model: Model | None = None) -> None:
        self.engine = Engine(rows, model)
        self.model = self.engine.model
        listed = (parse_stay(row) for row in rows)
        self.stays = sorted((s for s in listed if s.status not in GONE_STATUSES), key=lambda s: s.listagem_id)
        self.rooms = {o.room for s in self.stays for o in s.occupancies} | {s.room for s in self.stays} - {""}

    def weigh(self, order: Order) -> dict[int, list[Reason]]:
        """Position of a stay -> its reasons, before the guests of a booking are taken together."""
        batch = Batch.of([order])
        seen = self.engine.presence.seen(batch)
        kinds = self.engine.index.kinds(order.opened.toordinal())
        positions = self.engine.blocking.block(batch, seen).pairs.right.tolist()
        bits, prior = seen.bits[0], float(seen.prior[0])
        return {p: self._reasons(order, self.stays[p], KINDS[kinds[p]], bits, prior) for p in positions}

    def _reasons(self, order: Order, stay: Stay, kind: str, bits: Sequence[float], prior: float) -> list[Reason]:
        kind = _by_the_clock(kind, order, stay)
        window = f"{stay.arrival:%d/%m}–{stay.departure:%d/%m}"
        main = "titular" if stay.titular else "companion"
        return [
            Reason("prior", "guest", "", "", prior),
            Reason("presence", kind, f"{order.opened:%d/%m}", window, float(bits[KINDS.index(kind)]) - prior),
            *self._room(order, stay),
            *self._persons(order, stay),
            *self._contacts(order, stay),
            Reason("titular", main, "", "", self.model.bits("titular", main)),
            *self._rest(order, stay),
        ]

    # --- where -----------------------------------------------------------------------------------
    def _room(self, order: Order, stay: Stay) -> list[Reason]:
        if not order.rooms:
            return []
        level, room = self._room_level(order, stay)
        chance = len(order.rooms) / max(MIN_ROOMS, len(self.rooms))
        return [Reason("room", level, order.room_shown, room, self.model.bits("room", level, chance))]

    def _room_level(self, order: Order, stay: Stay) -> tuple[str, str]:
        level, room = self._level_alone(order, stay)
        if level == "earlier" and order.hints & {"gone", "moved"}:
            level = "earlier_said"
        level = self._in_turn(order, stay, room, level) if level in ("same", "mentioned") else level
        return "later_said" if level == "later" and "next_guest" in order.hints else level, room

    def _in_turn(self, order: Order, stay: Stay, room: str, level: str) -> str:
        day = order.opened.date()
        there = [s for s in self.stays if room in {s.room, *(o.room for o in s.occupancies)}]
        if stay.arrival > day:
            return "later" if any(s.arrival <= day < s.departure for s in there) else level
        if stay.departure > day:
            return level
        until = day if order.opened.hour >= EVERYBODY_OUT else day - dt.timedelta(days=1)
        left = [s.departure for s in self.stays if s.room == room and s.departure <= until]
        return "earlier" if left and stay.departure < max(left) else level

    def _level_alone(self, order: Order, stay: Stay) -> tuple[str, str]:
        day = order.opened.date()
        then = [o.room for o in stay.occupancies if o.since <= day and (o.until is None or day <= o.until)]
        for room in then or [stay.room]:
            if room in order.rooms:
                return order.room_levels[order.rooms.index(room)], room
        for occupancy in stay.occupancies:
            if occupancy.room in order.rooms:
                return ("earlier" if occupancy.since <= day else "later"), occupancy.room
        if stay.room in order.rooms:
            return "later", stay.room
        if not stay.room:
            return self._without_room(order, stay), ""
        if any(stay.room in swaps(typed) for typed in order.rooms):
            return "swapped", stay.room
        return ("one_digit_off" if any(is_one_off(stay.room, r) for r in order.rooms) else "different"), stay.room

    def _without_room(self, order: Order, stay: Stay) -> str:
        day = order.opened.date()
        there = [s for s in self.stays if {s.room, *(o.room for o in s.occupancies)} & set(order.rooms)]
        due = 0 <= (day - stay.arrival).days <= LATE_ARRIVAL
        return "free_on_arrival" if due and not any(s.arrival <= day < s.departure for s in there) else "unassigned"

    # --- who -------------------------------------------------------------------------------------
    def hits(self, word: str) -> dict[int, Hit]:
        ways = list(self.engine.matcher._ways(word))
        found: dict[int, tuple[float, str, str]] = {}
        for position, stay in enumerate(self.stays):
            parts = [part for part, _ in stay.parts]
            for way in ways:
                meant = [self.engine.index.words[code] for code in way.meant]
                if met := [part for part in meant if part in parts]:
                    best = parts[0] if parts[0] in met else met[0]
                    found[position] = way.m, way.level, best
                    break
        expected = math.fsum(m for m, _, _ in found.values())
        usual = (expected + BACKGROUND_GUESTS * _background(word)) / (len(self.stays) + BACKGROUND_GUESTS)
        return {p: (level, part, m / usual) for p, (m, level, part) in found.items()}

    def _persons(self, order: Order, stay: Stay) -> list[Reason]:
        """The person of the order who fits best."""
        best: tuple[float, list[Reason]] = (-math.inf, [])
        for person in order.persons:
            reasons = self._person(person, stay)
            total = math.fsum(r.weight_bits for r in reasons)
            if total > best[0] + 1e-9:
                best = total, reasons
        return best[1]

    def _person(self, person: Person, stay: Stay) -> list[Reason]:
        if not stay.parts:
            return [self._unnamed(person, place, stay) for place in range(len(person.words))]
        position = self.stays.index(stay)
        hits = [self.hits(word.text).get(position) for word in person.words]
        met = {hit[1] for hit in hits if hit is not None}
        roles = [role for part, role in stay.parts if part in met]
        shorter = "given" in roles and len(stay.parts) < len(person.words) and len(met) >= min(2, len(stay.parts))
        reasons = [self._word(person, i, hit, "not_listed" if shorter else "none", stay) for i, hit in enumerate(hits)]
        if len(met) >= 2:
            level = "complete" if len(met) == len(stay.parts) else "partial"
            reasons.append(Reason("whole_name", level, "", "", self.model.bits("whole_name", level)))
        if person.suffix:
            level = "absent" if not stay.suffix else "same" if stay.suffix == person.suffix else "different"
            reasons.append(Reason("suffix", level, person.suffix, stay.suffix, self.model.bits("suffix", level)))
        if person.sex and stay.sex:
            level = "same" if person.sex == stay.sex else "different"
            reasons.append(Reason("sex", level, person.sex, stay.sex, self.model.bits("sex", level)))
        return reasons

    def _word(self, person: Person, place: int, hit: Hit | None, missing: str, stay: Stay) -> Reason:
        word = person.words[place]
        if hit is None:
            return Reason("name", missing, word.text.title(), "", _mixed(word, self.model.m("name", missing)))
        role = next(role for part, role in stay.parts if part == hit[1])
        if sum(w.likelihood >= STRONG for w in person.words) <= 1:
            way = "formal" if person.formal else "alone"
        else:
            way = "first" if place == 0 else "last" if place == len(person.words) - 1 else "inner"
        ratio = hit[2] * self.model.positions[way][ROLES.index(role)]
        return Reason("name", hit[0], word.text.title(), hit[1].title(), _mixed(word, ratio))

    def _unnamed(self, person: Person, place: int, stay: Stay) -> Reason:
        word, alone = person.words[place], sum(w.likelihood >= STRONG for w in person.words) <= 1
        later = place > 0 or (person.formal and len(person.words) == 1)
        mates = [(p, s) for p, s in enumerate(self.stays) if s.booking == stay.booking and s.parts]
        for position, mate in mates if later else ():
            hit = self.hits(word.text).get(position)
            if hit is not None and (hit[1], "family") in mate.parts:
                bits = _mixed(word, hit[2] * self.model.m("name", "family"))
                return Reason("name", "family", word.text.title(), hit[1].title(), bits)
        ratio = 1.0 if later and not (person.formal and alone) else self.model.m("name", "unnamed")
        return Reason("name", "unnamed", word.text.title(), "", _mixed(word, ratio))

    # --- the rest --------------------------------------------------------------------------------
    def _contacts(self, order: Order, stay: Stay) -> list[Reason]:
        said, reasons = order.contacts, []
        if said.phones and stay.phone:
            whole = any(len(p) >= 10 and p[-10:] == stay.phone[-10:] for p in said.phones)
            level = (
                "same"
                if whole
                else "last_eight"
                if any(p[-8:] == stay.phone[-8:] for p in said.phones)
                else "different"
            )
            ends = f"…{said.phones[0][-2:]}", f"…{stay.phone[-2:]}"
            reasons.append(Reason("phone", level, *ends, self.model.bits("phone", level)))
        elif said.phones and any(
            p[-8:] == s.phone[-8:] for p in said.phones for s in self.stays if s.phone and s.booking == stay.booking
        ):
            shown = f"…{said.phones[0][-2:]}", ""
            reasons.append(Reason("phone", "of_booking", *shown, self.model.bits("phone", "of_booking")))
        if said.documents and (stay.document or stay.document_end):
            ends_so = not stay.document and any(d.endswith(stay.document_end) for d in said.documents)
            level = "same" if stay.document in said.documents else "ending" if ends_so else "different"
            reasons.append(Reason("document", level, "", "", self.model.bits("document", level)))
        if said.emails and stay.email:
            level = "same" if stay.email in said.emails else "different"
            reasons.append(Reason("email", level, "", "", self.model.bits("email", level)))
        return reasons

    def _rest(self, order: Order, stay: Stay) -> list[Reason]:
        reasons = []
        if code := min(stay.codes & order.codes, default=""):
            reasons.append(Reason("booking", "same", code, code, self.model.bits("booking", "same")))
        if label := min(stay.labels.intersection(order.labels), default=""):
            chance = label_chance(sum(label in s.labels for s in self.stays), len(self.stays))
            bits = self.model.bits("label", "same", chance)
            reasons.append(Reason("label", "same", shown_label(label), shown_label(label), bits))
        if order.days:
            level = "departure" if stay.departure in order.days else "different"
            level = "arrival" if stay.arrival in order.days else level
            shown = f"{order.days[0]:%d/%m}", f"{stay.arrival:%d/%m}"
            reasons.append(Reason("day", level, *shown, self.model.bits("day", level, DAY_CHANCE)))
        return reasons


def _by_the_clock(kind: str, order: Order, stay: Stay) -> str:
    if kind in ("leaving", "in_house", "arrived") and isinstance(stay.left, dt.datetime):
        if order.opened <= stay.left:
            return "still_in" if kind == "leaving" else kind
        return "just_left" if order.opened - stay.left <= dt.timedelta(days=1) else "left"
    if kind in ("arriving", "arrived") and isinstance(stay.arrived, dt.datetime):
        return "in_house" if order.opened >= stay.arrived else "not_yet"
    return kind


def _mixed(word: NameWord, ratio: float) -> float:
    return math.log2(1 - word.likelihood + word.likelihood * ratio)
