"""The hotel's declaration of comparisons: what orders say against what the listing knows, each piece with its bits."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching.core.blocking import Blocks
from matching.core.comparisons.batch import Batch
from matching.core.comparisons.contacts import BOOKING, CONTACTS, Contacting
from matching.core.comparisons.names import Best, Names, Naming
from matching.core.comparisons.presence import Presence, Seen
from matching.core.comparisons.rooms import Whereabouts
from matching.core.index.columns import TITULAR
from matching.core.index.house_index import HouseIndex
from matching.core.index.word_matcher import Glossary, WordMatcher
from matching.core.kernel.blocks import Floats, Pairs, among
from matching.core.kernel.comparisons import ABSENT, Codes, Comparison
from matching.core.model import Model
from matching.core.parsing import lexicon

MAIN = Comparison("titular", ("titular", "companion"))
LABEL = Comparison("label", ("same",))
DAY = Comparison("day", ("arrival", "departure", "different"))
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
    labels: NDArray[np.int32]
    identity: Floats
    """Bits of what tells the guests of one room apart: name, sex, phone, document."""
    scores: Floats
    """The sum of the bits of all reasons."""


class Weigher:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, presence: Presence, model: Model) -> None:
        self.index, self.matcher, self.model, self.presence = index, matcher, model, presence
        self.naming = Naming(index, model)
        self.whereabouts = Whereabouts(index, model)
        self.contacting = Contacting(index)
        fixed = (MAIN, BOOKING, *CONTACTS)
        self.tables = {c.name: c.table(partial(model.bits, c.name)) for c in fixed}
        self.tables["day"] = DAY.table(partial(model.bits, "day", chance=DAY_CHANCE))
        self._main = np.where(index.columns.has(TITULAR), 0, 1).astype(np.int8)

    def weigh(self, batch: Batch, blocks: Blocks, seen: Seen) -> Weighed:
        pairs = blocks.pairs
        glossary = Glossary(self.index, [self.matcher.meaning(text) for text in batch.texts])
        names, best = self.naming.weigh(batch, glossary, pairs)
        kinds = self.presence.by_the_clock(batch, pairs, blocks.kinds)
        where, rooms, where_bits = self.whereabouts.weigh(batch, pairs)
        labels, label_bits = self._labels(batch, pairs)
        codes = self.contacting.weigh(batch, pairs) | self._days(batch, pairs)
        codes["titular"] = self._main[pairs.right]
        bits = {name: self.tables[name][found] for name, found in codes.items()}
        bits |= {"presence": seen.bits[seen.rows[pairs.left], kinds], "room": where_bits, "label": label_bits}
        codes |= {"presence": kinds, "room": where, "label": np.where(labels >= 0, 0, ABSENT).astype(np.int8)}
        identity = sum((bits[c.name] for c in CONTACTS if c.name in bits), best.bits)
        rest = [found for name, found in bits.items() if name not in _IDENTIFYING]
        scores = sum(rest, identity)
        return Weighed(batch, pairs, glossary, names, best, codes, bits, rooms, labels, identity, scores)

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
    def _labels(self, batch: Batch, pairs: Pairs) -> tuple[NDArray[np.int32], Floats]:
        """A word of the guest's agency or company in the order: its code (-1: none) and its bits."""
        found, bits = np.full(len(pairs), -1, dtype=np.int32), np.zeros(len(pairs))
        columns = self.index.columns
        for place, order in enumerate(batch.orders):
            said = (order.words & self.index.label_codes.keys()) - lexicon.NAMES
            for code in sorted((self.index.label_codes[word] for word in said), reverse=True):
                start, end = np.searchsorted(pairs.left, (place, place + 1))
                bearers = self.index.by_label[code]
                borne = start + np.flatnonzero(among(pairs.right[start:end], bearers))
                chance = (len(bearers) + 2) / (len(columns) + 50)
                found[borne], bits[borne] = code, self.model.bits("label", "same", chance)
        return found, bits

    def _days(self, batch: Batch, pairs: Pairs) -> dict[str, Codes]:
        codes = np.full(len(pairs), ABSENT, dtype=np.int8)
        for place, order in enumerate(batch.orders):
            if order.days:
                rows = slice(*np.searchsorted(pairs.left, (place, place + 1)))
                named = [day.toordinal() for day in order.days]
                comes = np.isin(self.index.columns.arrival[pairs.right[rows]], named)
                goes = np.isin(self.index.columns.departure[pairs.right[rows]], named)
                codes[rows] = np.where(comes, 0, np.where(goes, 1, 2))
        return {"day": codes}


_IDENTIFYING = {comparison.name for comparison in CONTACTS}
