"""The few hypotheses that are shown, told in reasons: from arrays back to what a person reads."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.contacts import BOOKING, CONTACTS, Contacting
from matching.core.comparisons.kinship import RELATION
from matching.core.comparisons.names import SEX, SUFFIX, WHOLE, level_name
from matching.core.comparisons.presence import PRESENCE
from matching.core.comparisons.rooms import ROOM
from matching.core.hypotheses import Hypotheses
from matching.core.index.columns import HIDDEN, SEXES, SUFFIXES
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import spread, starts_of
from matching.core.kernel.comparisons import Comparison
from matching.core.model import Reason
from matching.core.parsing.mentions import SAID, Person
from matching.core.parsing.orders import Order
from matching.core.weights import ATTRIBUTES, BLOCK, DAY, DENIED, DESCRIBED, FLOOR, MAIN, STAY_DAY, Weighed

_PLAIN = ("document", "email")
# Odds beyond that are no number.
LEAST_PROBABILITY = 1e-12


@lru_cache(maxsize=4_096)
def day_month(ordinal: int) -> str:
    return f"{dt.date.fromordinal(ordinal):%d/%m}"


class Explainer:
    """Reasons of the few pairs that are shown, in the order in which a person asks: when, where, who, and the rest.

    Told by pair: `explain` takes a place among the weighed pairs, one of `rows`. Bits are so sharpened that those of
    two hypotheses differ by exactly the log2 of their odds.
    """

    def __init__(
        self, index: HouseIndex, weighed: Weighed, found: Hypotheses, rows: NDArray[np.int64], sharpness: float
    ) -> None:
        self.index, self.columns, self.weighed, self.sharpness = index, index.columns, weighed, sharpness
        self.batch = weighed.batch
        pairs, best = weighed.pairs.at(rows), weighed.best
        self.place = {row: place for place, row in enumerate(rows.tolist())}
        self.orders, self.stays = pairs.left.tolist(), pairs.right.tolist()
        self.prior = (weighed.prior[pairs.left] * sharpness).tolist()
        self.relations = weighed.related.codes[rows].tolist()
        self.relation_bits = (weighed.related.bits[rows] * sharpness).tolist()
        self.mates = weighed.related.mates[rows].tolist()
        self.codes = {name: codes[rows].tolist() for name, codes in weighed.codes.items()}
        self.bits = {name: (bits[rows] * sharpness).tolist() for name, bits in weighed.bits.items()}
        self.rooms = weighed.rooms[rows].tolist()
        self.labels = {name: labels[rows].tolist() for name, labels in weighed.labels.items()}
        self.arrivals = self.columns.arrival[pairs.right].tolist()
        self.departures = self.columns.departure[pairs.right].tolist()
        self.persons = (self.batch.person_starts[pairs.left] + best.person[rows]).tolist()
        self.names = _Names(index, weighed, best.side[rows], pairs.right, sharpness)
        self.company = (found.company[rows] * sharpness).tolist()
        self.together = (found.together[rows] * sharpness).tolist()
        self.counts = found.counts[rows].tolist()

    def explain(self, row: int, probability: float) -> tuple[Reason, ...]:
        """Prior, evidence and competition: the bits add up to the log2 odds of the probability shown."""
        reasons = self.evidence(row)
        return (*reasons, _competition(reasons, probability))

    def evidence(self, row: int) -> tuple[Reason, ...]:
        at = self.place[row]
        return (
            Reason("prior", "guest", "", "", self.prior[at]),
            self._presence(at),
            *self._dated(self.batch.orders[self.orders[at]]),
            *self._room(at),
            *self.names.words(at),
            *(self.names.person(at, self.batch.persons[self.persons[at]]) if self.names.named[at] else ()),
            *self._relation(at),
            *self._contacts(at),
            self._plain(at, MAIN),
            *self._rest(at),
            *self._company(at),
        )

    def nobody(self, order: Order, reasons: tuple[Reason, ...], doubt: float, probability: float) -> tuple[Reason, ...]:
        """What the order itself says for and against "no guest", what of it was not read, and the competition."""
        told = [reason._replace(weight_bits=reason.weight_bits * self.sharpness) for reason in reasons]
        told += self._dated(order)
        told += [Reason("room", "unread", text, "", 0.0) for text in order.unread[:3]]
        told += [Reason("name", "unmatched", p.shown, "", 0.0) for p in order.persons if p.strength >= SAID]
        if doubt:
            told.append(Reason("nobody", "somebody_else", "", "", doubt))
        return (*told, _competition(told, probability))

    def _dated(self, order: Order) -> tuple[Reason, ...]:
        """Where the order's moment comes from when its own column could not be read."""
        return (Reason("date", order.dated, day_month(order.opened.toordinal()), "", 0.0),) if order.dated else ()

    def _has(self, at: int, comparison: Comparison) -> bool:
        codes = self.codes.get(comparison.name)
        return codes is not None and codes[at] >= 0

    def _plain(self, at: int, comparison: Comparison, ours: str = "", theirs: str = "") -> Reason:
        name = comparison.name
        return Reason(name, comparison.levels[self.codes[name][at]], ours, theirs, self.bits[name][at])

    def _presence(self, at: int) -> Reason:
        """The bits beyond those of any guest of the house: 0 for one who is in it."""
        window = f"{day_month(self.arrivals[at])}–{day_month(self.departures[at])}"
        reason = self._plain(at, PRESENCE, day_month(int(self.batch.days[self.orders[at]])), window)
        return reason._replace(weight_bits=reason.weight_bits - self.prior[at])

    def _room(self, at: int) -> Iterator[Reason]:
        if self._has(at, ROOM):
            room = self.rooms[at]
            shown = self.columns.rooms[room] if room >= 0 else ""
            yield self._plain(at, ROOM, self.batch.orders[self.orders[at]].room_shown, shown)

    def _relation(self, at: int) -> Iterator[Reason]:
        code = self.relations[at]
        if code < 0:
            return
        order = self.batch.orders[self.orders[at]]
        word = order.relation.word if order.relation else ""
        named = next((p.shown for p in order.persons if p.reference), "")
        mate = self._name_of(self.mates[at]) if self.mates[at] >= 0 else ""
        yield Reason("relation", RELATION.levels[code], f"{word} {named}".strip(), mate, self.relation_bits[at])

    def _name_of(self, stay: int) -> str:
        start, end = self.columns.part_starts[stay : stay + 2].tolist()
        if self.columns.flags[stay] & HIDDEN or start == end:
            return ""
        parts = [self.index.words[code] for code in self.columns.parts[start:end].tolist()]
        return " ".join(dict.fromkeys((parts[0], parts[-1]))).title()

    def _contacts(self, at: int) -> Iterator[Reason]:
        for comparison in CONTACTS:
            if self._has(at, comparison):
                yield self._plain(at, comparison, *(("", "") if comparison.name in _PLAIN else self._ends(at)))

    def _ends(self, at: int) -> tuple[str, str]:
        said = self.batch.orders[self.orders[at]].contacts
        phone = (*said.phones, *said.tails)[0]
        theirs = int(self.columns.phone_end[self.stays[at]])
        return f"…{phone[-2:]}", f"…{theirs % 100:02d}" if theirs >= 0 else ""

    def _rest(self, at: int) -> Iterator[Reason]:
        asked = self.batch.orders[self.orders[at]]
        if self._has(at, BOOKING):
            place = int(Contacting(self.index).borne(asked, np.array([self.stays[at]]))[0])
            code = sorted(asked.codes)[place]
            yield self._plain(at, BOOKING, code, code)
        for name, comparison in ATTRIBUTES.items():
            if self._has(at, comparison):
                label = self.labels[name][at]
                theirs = shown_label(self.columns.label_words[label]) if label >= 0 else ""
                same = self.codes[name][at] == 0
                ours = theirs if same else "/".join(shown_label(x) for x in asked.labels if x.startswith(f"{name}:"))
                yield self._plain(at, comparison, ours, theirs)
        if self._has(at, STAY_DAY):
            side, day = asked.stay_days[0]
            known = self.arrivals[at] if side == "arrival" else self.departures[at]
            yield self._plain(at, STAY_DAY, day_month(day.toordinal()), day_month(known))
        if self._has(at, FLOOR):
            floor = int(self.index.floors[self.columns.room[self.stays[at]]])
            yield self._plain(at, FLOOR, str(asked.floor), str(floor))
        if self._has(at, BLOCK):
            room = self.columns.room[self.stays[at]]
            yield self._plain(at, BLOCK, "/".join(sorted(asked.blocks)).upper(), self.columns.rooms[room])
        if self._has(at, DESCRIBED):
            yield self._plain(at, DESCRIBED, asked.described, SEXES[self.columns.sex[self.stays[at]]])
        if self._has(at, DENIED):
            yield self._plain(at, DENIED, "/".join(p.shown for p in asked.denied), "")
        if self._has(at, DAY):
            yield self._plain(at, DAY, day_month(asked.days[0].toordinal()), day_month(self.arrivals[at]))

    def _company(self, at: int) -> Iterator[Reason]:
        if self.company[at]:
            yield Reason("company", "named_too", "", "", self.company[at])
        if self.counts[at]:
            yield Reason("same_stay", "any_guest", "", str(self.counts[at]), self.together[at])


def shown_label(label: str) -> str:
    """The value of a label as a person reads it: `country:ar` -> AR, `plate:abc1d23` -> ABC1D23."""
    kind, _, value = label.partition(":")
    if kind in ("country", "plate"):
        return value.upper()
    return value.replace("_", " ").title()


def _competition(reasons: Sequence[Reason], probability: float) -> Reason:
    """What the other hypotheses of the order leave: closes the sum of the reasons at the log2 odds shown."""
    bounded = min(max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)
    odds = math.log2(bounded / (1 - bounded))
    return Reason("competition", "others", "", "", odds - math.fsum(reason.weight_bits for reason in reasons))


class _Names:
    """What is told of the names of the pairs that are shown: gathered at once, for there are many words."""

    def __init__(
        self, index: HouseIndex, weighed: Weighed, sides: NDArray[np.int64], stays: NDArray[np.int64], sharpness: float
    ) -> None:
        columns, batch, names = index.columns, weighed.batch, weighed.names
        named = sides >= 0
        counts = np.where(named, names.starts[sides + 1] - names.starts[np.maximum(sides, 0)], 0)
        _, flat = spread(names.starts[np.maximum(sides, 0)], counts)
        self.named, self.starts = named.tolist(), starts_of(counts).tolist()
        self.texts = [text.title() for text in batch.texts]
        self.written = batch.words[names.words.word[flat]].tolist()
        parts = names.words.part[flat]
        self.meant = [index.words[c].title() if c >= 0 else "" for c in _codes_of(columns.parts, parts)]
        self.levels = [level_name(way, weighed.glossary) for way in names.words.way[flat].tolist()]
        self.bits = (names.words.bits[flat] * sharpness).tolist()
        self.suffixes = [SUFFIXES[code] for code in columns.suffix[stays].tolist()]
        self.sexes = [SEXES[code] for code in columns.sex[stays].tolist()]
        self.codes = {c.name: _codes_of(names.codes[c.name], sides) for c in (WHOLE, SUFFIX, SEX)}
        self.tables = {name: (table * sharpness).tolist() for name, table in names.tables.items()}

    def words(self, at: int) -> list[Reason]:
        return [
            Reason("name", self.levels[i], self.texts[self.written[i]], self.meant[i], self.bits[i])
            for i in range(self.starts[at], self.starts[at + 1])
        ]

    def person(self, at: int, person: Person) -> Iterator[Reason]:
        shown = ((WHOLE, "", ""), (SUFFIX, person.suffix, self.suffixes[at]), (SEX, person.sex, self.sexes[at]))
        for comparison, ours, theirs in shown:
            code = self.codes[comparison.name][at]
            if code >= 0:
                bits = self.tables[comparison.name][code]
                yield Reason(comparison.name, comparison.levels[code], ours, theirs, bits)


def _codes_of(codes: NDArray[np.integer], places: NDArray[np.int64]) -> list[int]:
    """-1 where there is no place."""
    found = np.full(len(places), -1, dtype=np.int64)
    known = np.flatnonzero(places >= 0)
    found[known] = codes[places[known]]
    return found.tolist()
