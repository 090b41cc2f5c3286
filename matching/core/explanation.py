"""The few hypotheses that are shown, told in reasons: from arrays back to what a person reads."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.contacts import BOOKING, CONTACTS, Contacting
from matching.core.comparisons.names import SEX, SUFFIX, WHOLE, level_name
from matching.core.comparisons.presence import PRESENCE
from matching.core.comparisons.rooms import ROOM
from matching.core.hypotheses import Hypotheses
from matching.core.index.columns import SEXES, SUFFIXES
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import spread, starts_of
from matching.core.kernel.comparisons import Comparison
from matching.core.parsing.mentions import Person
from matching.core.reasons import Reason
from matching.core.weights import DAY, LABEL, MAIN, Weighed

_PLAIN = ("document", "email")


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
        self.codes = {name: codes[rows].tolist() for name, codes in weighed.codes.items()}
        self.bits = {name: (bits[rows] * sharpness).tolist() for name, bits in weighed.bits.items()}
        self.rooms, self.labels = weighed.rooms[rows].tolist(), weighed.labels[rows].tolist()
        self.arrivals = self.columns.arrival[pairs.right].tolist()
        self.departures = self.columns.departure[pairs.right].tolist()
        self.persons = (self.batch.person_starts[pairs.left] + best.person[rows]).tolist()
        self.names = _Names(index, weighed, best.side[rows], pairs.right, sharpness)
        self.company = (found.company[rows] * sharpness).tolist()
        self.together = (found.together[rows] * sharpness).tolist()
        self.counts = found.counts[rows].tolist()

    def explain(self, row: int) -> tuple[Reason, ...]:
        at = self.place[row]
        return (
            self._presence(at),
            *self._room(at),
            *self.names.words(at),
            *(self.names.person(at, self.batch.persons[self.persons[at]]) if self.names.named[at] else ()),
            *self._contacts(at),
            self._plain(at, MAIN),
            *self._rest(at),
            *self._company(at),
        )

    def nobody(self, reasons: tuple[Reason, ...], doubt: float) -> tuple[Reason, ...]:
        sharpened = tuple(reason._replace(weight_bits=reason.weight_bits * self.sharpness) for reason in reasons)
        return (*sharpened, Reason("nobody", "somebody_else", "", "", doubt)) if doubt else sharpened

    def _has(self, at: int, comparison: Comparison) -> bool:
        codes = self.codes.get(comparison.name)
        return codes is not None and codes[at] >= 0

    def _plain(self, at: int, comparison: Comparison, ours: str = "", theirs: str = "") -> Reason:
        name = comparison.name
        return Reason(name, comparison.levels[self.codes[name][at]], ours, theirs, self.bits[name][at])

    def _presence(self, at: int) -> Reason:
        window = f"{day_month(self.arrivals[at])}–{day_month(self.departures[at])}"
        return self._plain(at, PRESENCE, day_month(int(self.batch.days[self.orders[at]])), window)

    def _room(self, at: int) -> Iterator[Reason]:
        if self._has(at, ROOM):
            room = self.rooms[at]
            shown = self.columns.rooms[room] if room >= 0 else ""
            yield self._plain(at, ROOM, "/".join(self.batch.orders[self.orders[at]].rooms), shown)

    def _contacts(self, at: int) -> Iterator[Reason]:
        for comparison in CONTACTS:
            if self._has(at, comparison):
                yield self._plain(at, comparison, *(("", "") if comparison.name in _PLAIN else self._ends(at)))

    def _ends(self, at: int) -> tuple[str, str]:
        said = self.batch.orders[self.orders[at]].contacts
        phone = (*said.phones, *said.tails)[0]
        return f"…{phone[-2:]}", f"…{int(self.columns.phone_end[self.stays[at]]) % 100:02d}"

    def _rest(self, at: int) -> Iterator[Reason]:
        asked = self.batch.orders[self.orders[at]]
        if self._has(at, BOOKING):
            place = int(Contacting(self.index).borne(asked, np.array([self.stays[at]]))[0])
            code = sorted(asked.codes)[place]
            yield self._plain(at, BOOKING, code, code)
        if self._has(at, LABEL):
            label = self.columns.label_words[self.labels[at]].title()
            yield self._plain(at, LABEL, label, label)
        if self._has(at, DAY):
            yield self._plain(at, DAY, day_month(asked.days[0].toordinal()), day_month(self.arrivals[at]))

    def _company(self, at: int) -> Iterator[Reason]:
        if self.company[at]:
            yield Reason("company", "named_too", "", "", self.company[at])
        if self.counts[at]:
            yield Reason("same_stay", "any_guest", "", str(self.counts[at]), self.together[at])


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
