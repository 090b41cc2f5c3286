"""The hotel's declaration of comparisons: what orders say against what the listing knows, each piece with its bits."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching.core.blocking import Blocks
from matching.core.comparisons.batch import Batch
from matching.core.comparisons.contacts import BOOKING, CONTACTS, Contacting
from matching.core.comparisons.kinship import Kinship, Related
from matching.core.comparisons.names import Best, Names, Naming
from matching.core.comparisons.presence import Presence, Seen
from matching.core.comparisons.rooms import Whereabouts
from matching.core.index.columns import SEXES, TITULAR
from matching.core.index.house_index import HouseIndex
from matching.core.index.word_matcher import Glossary, WordMatcher
from matching.core.kernel.blocks import Floats, Pairs, among
from matching.core.kernel.comparisons import ABSENT, Codes, Comparison
from matching.core.model import Model
from matching.core.parsing.attributes import COMPARISON_OF
from matching.core.parsing.mentions import STRONG

MAIN = Comparison("titular", ("titular", "companion"))
DAY = Comparison("day", ("arrival", "departure", "different"))
FLOOR = Comparison("floor", ("same", "different"))
BLOCK = Comparison("block", ("same", "different"))
STAY_DAY = Comparison("stay_day", ("same", "different"))
DESCRIBED = Comparison("described", ("same", "different"))
DENIED = Comparison("denied", ("name",))
# What tells a guest beside the name; the codes are those of the labels themselves.
ATTRIBUTES = {name: Comparison(name, ("same",)) for name in ("label", "channel", "room_type", "note", "plate")}
ATTRIBUTES["country"] = Comparison("country", ("same", "different"))
# A date named in an order meets a guest's arrival by accident about once in so many.
DAY_CHANCE = 1 / 12


@dataclass(frozen=True)
class Weighed:
    """Every pair with all that speaks for and against it, still in arrays."""

    batch: Batch
    pairs: Pairs
    glossary: Glossary
    names: Names
    best: Best
    codes: dict[str, Codes]
    bits: dict[str, Floats]
    rooms: NDArray[np.int32]
    labels: dict[str, NDArray[np.int32]]
    """By comparison of an attribute: the label that both sides have, or the guest's own where they differ."""
    related: Related
    prior: Floats
    """By order: bits of a guest of the house before any evidence."""
    identity: Floats
    """Bits of what tells the guests of one room apart: name, sex, phone, document."""
    scores: Floats
    """The sum of the bits of all reasons."""


def label_chance(bearers: int, stays: int) -> float:
    """How often an order names by accident a label that so many stays bear."""
    return (bearers + 0.5) / (stays + 100)


class Weigher:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, presence: Presence, model: Model) -> None:
        self.index, self.matcher, self.model, self.presence = index, matcher, model, presence
        self.naming = Naming(index, model)
        self.whereabouts = Whereabouts(index, model)
        self.contacting = Contacting(index)
        self.kinship = Kinship(index, model)
        fixed = (MAIN, BOOKING, STAY_DAY, DESCRIBED, DENIED, *CONTACTS)
        self.tables = {c.name: c.table(partial(model.bits, c.name)) for c in fixed}
        self.tables["day"] = DAY.table(partial(model.bits, "day", chance=DAY_CHANCE))
        self._main = np.where(index.columns.has(TITULAR), 0, 1).astype(np.int8)

    def weigh(self, batch: Batch, blocks: Blocks, seen: Seen) -> Weighed:
        pairs = blocks.pairs
        glossary = Glossary(self.index, [self.matcher.meaning(text) for text in batch.texts])
        names, best = self.naming.weigh(batch, glossary, pairs)
        related, best = self.kinship.weigh(batch, pairs, names, best)
        kinds = self.presence.by_the_clock(batch, pairs, blocks.kinds)
        where, rooms, where_bits = self.whereabouts.weigh(batch, pairs)
        codes = self.contacting.weigh(batch, pairs) | self._days(batch, pairs) | self._persons(batch, pairs, best)
        codes["titular"] = self._main[pairs.right]
        bits = {name: self.tables[name][found] for name, found in codes.items()}
        bits |= {"presence": seen.bits[seen.rows[pairs.left], kinds], "room": where_bits}
        codes |= {"presence": kinds, "room": where}
        labels: dict[str, NDArray[np.int32]] = {}
        if any(order.floor is not None and not order.rooms for order in batch.orders):
            codes["floor"], bits["floor"] = self._floors(batch, pairs)
        if any(order.blocks for order in batch.orders):
            codes["block"], bits["block"] = self._blocks(batch, pairs)
        for name, (found, level, weight) in self._attributes(batch, pairs).items():
            labels[name], codes[name], bits[name] = found, level, weight
        identity = sum((bits[name] for name in _IDENTIFYING if name in bits), best.bits + related.bits)
        rest = [found for name, found in bits.items() if name not in _IDENTIFYING]
        scores = sum(rest, identity)
        prior = seen.prior[seen.rows]
        return Weighed(
            batch, pairs, glossary, names, best, codes, bits, rooms, labels, related, prior, identity, scores
        )

    def elsewhere(self, batch: Batch, seen: Seen, shares: Floats) -> Floats:
        """Bits, by order, for a guest whom no block brought up: who is on no list yet, who checks in today without a
        room so far, and everybody else in the house, whom nothing fits.

        `shares` is what the blocks held of the house before any evidence.
        """
        name = self.naming.elsewhere(batch)
        different = self.model.bits("room", "different")
        room = np.array([different if order.rooms else 0.0 for order in batch.orders])
        others = np.maximum(0.0, 1 - shares) * np.exp2(name + room)
        coming = self.whereabouts.checking_in(batch, seen) * np.exp2(name)
        arriving = np.array(["arrival" in order.hints for order in batch.orders])
        unlisted = np.where(arriving, self.model.unlisted_arrival, self.model.unlisted)
        return np.asarray(np.log2(unlisted + others + coming))

    # --- the rest --------------------------------------------------------------------------------
    def _attributes(self, batch: Batch, pairs: Pairs) -> dict[str, tuple[NDArray[np.int32], Codes, Floats]]:
        """By comparison that any order calls for: label (-1: none), level and bits of every pair."""
        found: dict[str, tuple[NDArray[np.int32], Codes, Floats]] = {}
        for place, order in enumerate(batch.orders):
            for label in order.labels:
                start, end = np.searchsorted(pairs.left, (place, place + 1))
                if start < end:
                    self._attribute(label, slice(start, end), pairs, found)
        return found

    def _attribute(
        self,
        label: str,
        rows: slice,
        pairs: Pairs,
        found: dict[str, tuple[NDArray[np.int32], Codes, Floats]],
    ) -> None:
        stays, bits = pairs.right[rows], 0.0
        name = COMPARISON_OF[label.split(":")[0].rstrip("~") if ":" in label else "plate"]
        for code in self.index.labels_like(label):
            bearers = self.index.by_label[code]
            borne = rows.start + np.flatnonzero(among(stays, bearers))
            chance = label_chance(len(bearers), len(self.index))
            bits = self.model.bits(name, "same", chance)
            if name not in found:
                size = len(pairs)
                found[name] = np.full(size, -1, dtype=np.int32), ATTRIBUTES[name].absent(size), np.zeros(size)
            labels, levels, weights = found[name]
            better = borne[weights[borne] < bits]
            labels[better], levels[better], weights[better] = code, 0, bits
        if name == "country" and name in found:
            labels, levels, weights = found[name]
            for code, bearers in self.index.countries:
                other = rows.start + np.flatnonzero(among(stays, bearers))
                other = other[levels[other] == ABSENT]
                labels[other], levels[other] = code, 1
                weights[other] = self.model.bits("country", "different")

    def _days(self, batch: Batch, pairs: Pairs) -> dict[str, Codes]:
        codes, columns = np.full(len(pairs), ABSENT, dtype=np.int8), self.index.columns
        stay_days = codes.copy()
        for place, order in enumerate(batch.orders):
            if order.stay_days:
                rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
                hits = np.zeros(rows.stop - rows.start, dtype=bool)
                for side, day in order.stay_days:
                    theirs = columns.arrival if side == "arrival" else columns.departure
                    hits |= theirs[pairs.right[rows]] == day.toordinal()
                stay_days[rows] = np.where(hits, 0, 1)
            if order.days:
                rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
                named = [day.toordinal() for day in order.days]
                comes = np.isin(self.index.columns.arrival[pairs.right[rows]], named)
                goes = np.isin(self.index.columns.departure[pairs.right[rows]], named)
                codes[rows] = np.where(comes, 0, np.where(goes, 1, 2))
        return {"day": codes, "stay_day": stay_days}

    def _floors(self, batch: Batch, pairs: Pairs) -> tuple[Codes, Floats]:
        """The floor of the guest's room against the one named, where no room is."""
        codes, bits = FLOOR.absent(len(pairs)), np.zeros(len(pairs))
        for place, order in enumerate(batch.orders):
            if order.floor is None or order.rooms:
                continue
            rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
            floors = self.index.floors[self.index.columns.room[pairs.right[rows]]]
            codes[rows] = np.where(floors < 0, ABSENT, floors != order.floor)
            chance = float((self.index.floors == order.floor).mean()) + 0.02
            table = FLOOR.table(partial(self.model.bits, "floor", chance=chance))
            bits[rows] = table[codes[rows]]
        return codes, bits

    def _blocks(self, batch: Batch, pairs: Pairs) -> tuple[Codes, Floats]:
        """The block of the guest's room against the one named, where no room is."""
        codes, bits = BLOCK.absent(len(pairs)), np.zeros(len(pairs))
        for place, order in enumerate(batch.orders):
            if not order.blocks:
                continue
            rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
            there = np.array([not order.blocks.isdisjoint(tags) for tags in self.index.room_tags])
            room = self.index.columns.room[pairs.right[rows]]
            codes[rows] = np.where(room < 0, ABSENT, ~there[room])
            table = BLOCK.table(partial(self.model.bits, "block", chance=float(there.mean()) + 0.02))
            bits[rows] = table[codes[rows]]
        return codes, bits

    def _persons(self, batch: Batch, pairs: Pairs, best: Best) -> dict[str, Codes]:
        """Persons without a name, by their sex, and names that the order takes back."""
        found: dict[str, Codes] = {}
        for place, order in enumerate(batch.orders):
            if not (order.described or order.denied):
                continue
            rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
            stays = pairs.right[rows]
            if order.described:
                sexes = self.index.columns.sex[stays]
                codes = np.where(sexes == 0, ABSENT, sexes != SEXES.index(order.described)).astype(np.int8)
                found.setdefault("described", DESCRIBED.absent(len(pairs)))[rows] = codes
            for person in order.denied:
                named = np.ones(len(stays), dtype=bool)
                for word in person.words:
                    if word.likelihood >= STRONG:
                        named &= among(stays, self.matcher.meaning(word.text).positions)
                denied = found.setdefault("denied", DENIED.absent(len(pairs)))
                denied[rows.start + np.flatnonzero(named & ~best.named[rows])] = 0
        return found


_IDENTIFYING = {*(comparison.name for comparison in CONTACTS), "described", "denied"}
