"""The few hypotheses that are shown, told in reasons: from arrays back to what a person reads."""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from matching.core.columns import SEXES, SUFFIXES
from matching.core.contacting import BOOKING, CONTACTS, Contacting
from matching.core.evidence import DAY, MAIN, Weighed
from matching.core.grouping import Hypotheses
from matching.core.index import HouseIndex
from matching.core.naming import SEX, SUFFIX, WHOLE, level_name
from matching.core.presence import PRESENCE
from matching.core.reasons import Reason
from matching.core.whereabouts import ROOM

_PLAIN = ("document", "email")


@lru_cache(maxsize=4_096)
def day_month(ordinal: int) -> str:
    return f"{dt.date.fromordinal(ordinal):%d/%m}"


class Explainer:
    """Reasons of weighed pairs, in the order in which a person asks: when, where, who, and the rest."""

    def __init__(self, index: HouseIndex, weighed: Weighed, found: Hypotheses, sharpness: float) -> None:
        self.index, self.columns, self.weighed, self.found = index, index.columns, weighed, found
        self.sharpness = sharpness
        self.batch, self.names, self.words = weighed.batch, weighed.names, weighed.names.words

    def explain(self, row: int) -> tuple[Reason, ...]:
        """So sharpened that the bits of two hypotheses differ by exactly the log2 of their odds."""
        order, stay = int(self.weighed.pairs.left[row]), int(self.weighed.pairs.right[row])
        reasons = [
            self._presence(row, order, stay),
            *self._room(row, order),
            *self._name(row, stay),
            *self._contacts(row, order, stay),
            self._plain(row, MAIN.name, MAIN.levels),
            *self._rest(row, order, stay),
            *self._company(row),
        ]
        return tuple(Reason(c, level, ours, theirs, bits * self.sharpness) for c, level, ours, theirs, bits in reasons)

    def nobody(self, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        return tuple(reason._replace(weight_bits=reason.weight_bits * self.sharpness) for reason in reasons)

    def _code(self, name: str, row: int) -> int:
        codes = self.weighed.codes.get(name)
        return -1 if codes is None else int(codes[row])

    def _plain(self, row: int, name: str, levels: tuple[str, ...], ours: str = "", theirs: str = "") -> Reason:
        return Reason(name, levels[self._code(name, row)], ours, theirs, float(self.weighed.bits[name][row]))

    def _presence(self, row: int, order: int, stay: int) -> Reason:
        window = f"{day_month(int(self.columns.arrival[stay]))}–{day_month(int(self.columns.departure[stay]))}"
        return self._plain(row, "presence", PRESENCE.levels, day_month(int(self.batch.days[order])), window)

    def _room(self, row: int, order: int) -> Iterator[Reason]:
        if self._code("room", row) >= 0:
            room = int(self.weighed.rooms[row])
            shown = self.columns.rooms[room] if room >= 0 else ""
            yield self._plain(row, "room", ROOM.levels, "/".join(self.batch.orders[order].rooms), shown)

    def _name(self, row: int, stay: int) -> Iterator[Reason]:
        side = int(self.weighed.best.side[row])
        if side < 0:
            return
        start, end = self.names.starts[side : side + 2].tolist()
        yield from (self._word(place) for place in range(start, end))
        person = self.batch.persons[self._person(row)]
        suffix, sex = SUFFIXES[self.columns.suffix[stay]], SEXES[self.columns.sex[stay]]
        for comparison, ours, theirs in (
            (WHOLE, "", ""),
            (SUFFIX, person.suffix, suffix),
            (SEX, person.sex, sex),
        ):
            code = int(self.names.codes[comparison.name][side])
            if code >= 0:
                bits = float(self.names.tables[comparison.name][code])
                yield Reason(comparison.name, comparison.levels[code], ours, theirs, bits)

    def _person(self, row: int) -> int:
        return int(self.batch.person_starts[self.weighed.pairs.left[row]] + self.weighed.best.person[row])

    def _word(self, place: int) -> Reason:
        text = self.batch.texts[self.batch.words[self.words.word[place]]]
        part = int(self.words.part[place])
        meant = self.index.words[self.columns.parts[part]].title() if part >= 0 else ""
        level = level_name(int(self.words.way[place]), self.weighed.glossary)
        return Reason("name", level, text.title(), meant, float(self.words.bits[place]))

    def _contacts(self, row: int, order: int, stay: int) -> Iterator[Reason]:
        for comparison in CONTACTS:
            if self._code(comparison.name, row) >= 0:
                ends = ("", "") if comparison.name in _PLAIN else self._ends(order, stay)
                yield self._plain(row, comparison.name, comparison.levels, *ends)

    def _ends(self, order: int, stay: int) -> tuple[str, str]:
        phone = self.batch.orders[order].contacts.phones[0]
        return f"…{phone[-2:]}", f"…{int(self.columns.phone_end[stay]) % 100:02d}"

    def _rest(self, row: int, order: int, stay: int) -> Iterator[Reason]:
        asked = self.batch.orders[order]
        if self._code("booking", row) >= 0:
            place = int(Contacting(self.index).borne(asked, np.array([stay]))[0])
            code = sorted(asked.codes)[place]
            yield self._plain(row, "booking", BOOKING.levels, code, code)
        if self._code("label", row) >= 0:
            label = self.columns.label_words[self.weighed.labels[row]].title()
            yield self._plain(row, "label", ("same",), label, label)
        if self._code("day", row) >= 0:
            shown = day_month(asked.days[0].toordinal()), day_month(int(self.columns.arrival[stay]))
            yield self._plain(row, "day", DAY.levels, *shown)

    def _company(self, row: int) -> Iterator[Reason]:
        if bits := float(self.found.company[row]):
            yield Reason("company", "named_too", "", "", bits)
        if count := int(self.found.counts[row]):
            yield Reason("same_stay", "any_guest", "", str(count), float(self.found.together[row]))
