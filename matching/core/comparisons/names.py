"""Who: the words of a person as written against the name in the register, word by word, for many pairs at once."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.batch import WAYS, Batch
from matching.core.index.columns import ROLES
from matching.core.index.house_index import HouseIndex
from matching.core.index.word_matcher import PLACE, UNMET, Glossary
from matching.core.kernel.blocks import Floats, Ints, Pairs, spread
from matching.core.kernel.comparisons import ABSENT, Codes, Comparison
from matching.core.model import Model
from matching.core.parsing.mentions import STRONG

WHOLE = Comparison("whole_name", ("complete", "partial"))
SUFFIX = Comparison("suffix", ("same", "absent", "different"))
SEX = Comparison("sex", ("same", "different"))
# Beside the ways of the words themselves: what a word is that means no part of the name.
NONE, NOT_LISTED, UNNAMED, FAMILY = -1, -2, -3, -4
_UNMET_LEVELS = {NONE: "none", NOT_LISTED: "not_listed", UNNAMED: "unnamed"}
_FAMILY = ROLES.index("family")
# Of a booking of hundreds no companion's family name says anything.
MOST_MATES = 12


@dataclass(frozen=True)
class Words:
    """One row for every word of a person set against a guest."""

    word: NDArray[np.int64]
    """Place among the batch's words."""
    way: NDArray[np.int64]
    """Place among the glossary's ways, or NONE, NOT_LISTED, UNNAMED; a family name's way counts down from FAMILY."""
    part: NDArray[np.int64]
    """Place of the word of the register among the parts of names; -1 for none."""
    bits: Floats


@dataclass(frozen=True)
class Names:
    """One row for every person set against a guest ("side"); the words of a side stand together."""

    words: Words
    starts: NDArray[np.int64]
    codes: dict[str, Codes]
    tables: dict[str, Floats]
    totals: Floats
    met: NDArray[np.bool_]
    """Does a word of the order mean this guest's name, however common it is?"""


@dataclass(frozen=True)
class Best:
    """By pair: the side of the person who fits best (-1: nobody is named), her place in the order, and her bits."""

    side: NDArray[np.int64]
    person: NDArray[np.int64]
    bits: Floats
    named: NDArray[np.bool_]


class Naming:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self.positions = np.array([model.positions[way] for way in WAYS])
        self.tables = {c.name: c.table(partial(model.bits, c.name)) for c in (WHOLE, SUFFIX, SEX)}

    def weigh(self, batch: Batch, glossary: Glossary, pairs: Pairs) -> tuple[Names, Best]:
        counts = np.diff(batch.person_starts)[pairs.left]
        pair, person = spread(batch.person_starts[pairs.left], counts)
        names = self._sides(batch, glossary, person, pairs.right[pair])
        return names, _best(names, pair, person - batch.person_starts[pairs.left][pair], len(pairs))

    def elsewhere(self, batch: Batch) -> Floats:
        """By order: bits when none of the weighed guests is meant, for the name as written fits nobody."""
        first = np.diff(batch.person_starts) > 0
        found = np.zeros(len(batch.orders))
        persons = batch.person_starts[:-1][first]
        owners, words = spread(batch.word_starts[persons], np.diff(batch.word_starts)[persons])
        bits = _mixed(batch.likelihoods[words], np.full(len(words), self.model.m("name", "none")))
        found[first] = np.bincount(owners, bits, minlength=len(persons))
        return found

    # --- sides ---------------------------------------------------------------------------------
    def _sides(self, batch: Batch, glossary: Glossary, person: Ints, stay: Ints) -> Names:
        counts = np.diff(batch.word_starts)[person]
        side, word = spread(batch.word_starts[person], counts)
        starts = np.append(np.cumsum(counts) - counts, len(word))
        listed = self.index.part_counts[stay] > 0
        hits = self._hits(glossary, batch.words[word], stay[side])
        met = _met_parts(hits, starts)
        met_count = np.bitwise_count(met).astype(np.int64)
        way, part, ratio = self._ratios(batch, glossary, word, stay[side], hits)
        shorter = listed & self._is_shorter(stay, counts, met, met_count)
        missing = hits == UNMET
        way[missing] = np.where(shorter[side[missing]], NOT_LISTED, NONE)
        none, not_listed = self.model.m("name", "none"), self.model.m("name", "not_listed")
        ratio[missing] = np.where(shorter[side[missing]], not_listed, none)
        unnamed = np.flatnonzero(~listed[side])
        self._unnamed(batch, glossary, word[unnamed], stay[side[unnamed]], (way, part, ratio), unnamed)
        bits = _mixed(batch.likelihoods[word], ratio)
        words = Words(word, way, part, bits)
        codes = self._codes(batch, person, stay, met_count, listed)
        totals = np.add.reduceat(bits, starts[:-1]) if len(bits) else np.zeros(len(person))
        for name, table in self.tables.items():
            totals = totals + table[codes[name]]
        meant = (way >= 0) & ((batch.likelihoods[word] >= STRONG) | (bits > 0))
        named = np.logical_or.reduceat(meant, starts[:-1]) if len(bits) else np.zeros(len(person), dtype=bool)
        return Names(words, starts, codes, self.tables, totals, named)

    def _hits(self, glossary: Glossary, words: Ints, stays: Ints) -> NDArray[np.int64]:
        """The best way in which each word means a part of the name of the stay beside it."""
        found = np.full(len(words), UNMET)
        counts = self.index.part_counts[stays]
        row, part = spread(self.index.columns.part_starts[stays], counts)
        if not len(row):
            return found
        places = part - self.index.columns.part_starts[stays][row]
        values = glossary.look(words[row], self.index.columns.parts[part], places)
        borne = np.flatnonzero(counts)
        first = (np.cumsum(counts) - counts)[borne]
        found[borne] = np.minimum.reduceat(values, first)
        return found

    def _ratios(
        self, batch: Batch, glossary: Glossary, word: Ints, stay: Ints, hits: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Ways, parts and P(word as written, where it is written | guest) / P(word) of what was hit; the rest waits."""
        way, part = np.full(len(word), NONE), np.full(len(word), -1)
        ratio = np.ones(len(word))
        hit = np.flatnonzero(hits != UNMET)
        way[hit] = glossary.way(batch.words[word[hit]], hits[hit])
        part[hit] = self.index.columns.part_starts[stay[hit]] + (hits[hit] & ((1 << PLACE) - 1))
        role = self.index.columns.roles[part[hit]]
        ratio[hit] = glossary.ratios[way[hit]] * self.positions[batch.ways[word[hit]], role]
        return way, part, ratio

    def _is_shorter(self, stay: Ints, words: Ints, met: NDArray[np.uint64], met_count: Ints) -> NDArray[np.bool_]:
        """`SILVA/MARCOS MR` for Marcos César da Silva: what the register leaves out speaks against nobody."""
        parts = self.index.part_counts[stay]
        given = (met & np.uint64(1)) > 0
        return np.asarray(given & (parts < words) & (met_count >= np.minimum(2, parts)))

    def _unnamed(
        self,
        batch: Batch,
        glossary: Glossary,
        word: Ints,
        stay: Ints,
        into: tuple[NDArray[np.int64], NDArray[np.int64], Floats],
        rows: Ints,
    ) -> None:
        """A companion without a name fits any name a little, the family name of the booking well."""
        way, part, ratio = into
        way[rows], part[rows] = UNNAMED, -1
        is_formal = batch.ways[word] == WAYS.index("formal")
        ratio[rows] = np.where(batch.later[word] & ~is_formal, 1.0, self.model.m("name", "unnamed"))
        later = np.flatnonzero(batch.later[word])
        bookings = self.index.bookings[stay[later]]
        counts = np.minimum(self.index.by_booking.count(bookings), MOST_MATES)
        row, flat = spread(self.index.by_booking.starts[bookings], counts)
        mate = self.index.by_booking.members[flat]
        hits = self._hits(glossary, batch.words[word[later[row]]], mate)
        hit = np.flatnonzero(hits != UNMET)
        borne = self.index.columns.part_starts[mate[hit]] + (hits[hit] & ((1 << PLACE) - 1))
        family = self.index.columns.roles[borne] == _FAMILY
        hit, borne = hit[family], borne[family]
        chosen, first = np.unique(row[hit], return_index=True)
        target = rows[later[chosen]]
        found = glossary.way(batch.words[word[later[chosen]]], hits[hit[first]])
        way[target], part[target] = FAMILY - found, borne[first]
        ratio[target] = glossary.ratios[found] * self.model.m("name", "family")

    def _codes(
        self, batch: Batch, person: Ints, stay: Ints, met_count: Ints, listed: NDArray[np.bool_]
    ) -> dict[str, Codes]:
        columns = self.index.columns
        whole = np.where(met_count == self.index.part_counts[stay], 0, 1)
        ours, theirs = batch.suffix[person], columns.suffix[stay]
        suffix = np.where(theirs == 0, 1, np.where(ours == theirs, 0, 2))
        his, hers = batch.sex[person], columns.sex[stay]
        return {
            "whole_name": np.where(listed & (met_count >= 2), whole, ABSENT).astype(np.int8),
            "suffix": np.where(listed & (ours > 0), suffix, ABSENT).astype(np.int8),
            "sex": np.where(listed & (his > 0) & (hers > 0), his != hers, ABSENT).astype(np.int8),
        }


def _mixed(likelihoods: Floats, ratios: Floats) -> Floats:
    """A word that may be no name at all counts by how likely it is one."""
    return np.asarray(np.log2(1 - likelihoods + likelihoods * ratios))


def _met_parts(hits: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """By side: which parts of the name its words mean, as bits."""
    places = (hits & ((1 << PLACE) - 1)).astype(np.uint64)
    marks = np.where(hits == UNMET, np.uint64(0), np.uint64(1) << np.where(hits == UNMET, np.uint64(0), places))
    return np.bitwise_or.reduceat(marks, starts[:-1]) if len(marks) else np.zeros(len(starts) - 1, dtype=np.uint64)


def _best(names: Names, pair: Ints, person: Ints, size: int) -> Best:
    side, who = np.full(size, -1), np.zeros(size, dtype=np.int64)
    bits, named = np.zeros(size), np.zeros(size, dtype=bool)
    if len(pair):
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        owners = pair[first]
        highest = np.full(size, -np.inf)
        highest[owners] = np.maximum.reduceat(names.totals, first)
        # Of two that fit equally well the one named first.
        fits = np.flatnonzero(names.totals >= highest[pair] - 1e-9)
        chosen = fits[np.unique(pair[fits], return_index=True)[1]]
        side[owners], who[owners] = chosen, person[chosen]
        bits[owners], named[owners] = names.totals[chosen], names.met[chosen]
    return Best(side, who, bits, named)


def level_name(way: int, glossary: Glossary) -> str:
    """What an explanation calls it."""
    return "family" if way <= FAMILY else _UNMET_LEVELS.get(way) or glossary.levels[way]
