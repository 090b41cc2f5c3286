"""Which stays are worth weighing for an order: the union of small blocks, and of those the ones that can still win.

Blocks: room (and its slips) x day, words of the name x day, last eight of a phone, e-mail, document, booking number.
Each has a cap, so that the cost of an order is bounded whatever the data. A rough score over whole arrays then leaves
out the stays that lie hopelessly far behind the best; their share is kept, so that nobody's probability profits.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.batch import Batch
from matching.core.columns import TITULAR
from matching.core.index import HouseIndex
from matching.core.kernel.blocks import Floats, Pairs, among, united
from matching.core.kernel.comparisons import Codes
from matching.core.kernel.scores import best_of, heads, runs, total_of
from matching.core.mentions import NameWord
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.presence import Presence, Seen
from matching.core.rooms import room_key, swaps
from matching.core.wordmatch import WordMatcher

# A block larger than this says little by itself; its members nearest to the order's day are kept.
WORD_CAP, ROOM_CAP, KEY_CAP = 2_000, 48, 24
# Nobody further behind than this is weighed in full (one chance in 2,000), and never more than so many.
HOPELESS_BITS = 11.0
MOST_WEIGHED = 60
# What a room, its slip and a contact are worth at first sight; the weights proper come later.
_ROOM, _SLIP, _CONTACT = 10.0, 5.5, 30.0

Given = tuple[NDArray[np.int32], Floats]


@dataclass(frozen=True)
class Blocks:
    """Pairs to weigh, their kind of guest by the calendar, and by order the share of the house (before any evidence)
    that all blocks held."""

    pairs: Pairs
    kinds: Codes
    shares: Floats


class Blocking:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, presence: Presence, model: Model) -> None:
        self.index, self.matcher, self.presence = index, matcher, presence
        levels = [model.bits("titular", level) for level in ("companion", "titular")]
        self._titular = np.array(levels)[index.columns.has(TITULAR).astype(np.int8)]
        self._rooms: dict[tuple[str, int], Given] = {}

    def block(self, batch: Batch, seen: Seen) -> Blocks:
        pairs = self.met(batch)
        kinds = self.presence.kinds(batch, pairs)
        shares = seen.shares[seen.rows[pairs.left], kinds]
        present = np.flatnonzero(shares > 0)
        pairs, kinds, shares = pairs.at(present), kinds[present], shares[present]
        held = total_of(shares, pairs.left, len(batch.orders))
        score = pairs.given + np.log2(shares) + self._titular[pairs.right]
        hopeful = np.flatnonzero(score >= best_of(score, pairs.left, len(batch.orders))[pairs.left] - HOPELESS_BITS)
        kept = hopeful[_foremost(score[hopeful], pairs.left[hopeful])]
        return Blocks(pairs.at(kept), kinds[kept], held)

    def met(self, batch: Batch) -> Pairs:
        """Everybody in a block, and the rough score of each: bits of words that meet the name, rooms, contacts."""
        blocks = [(place, given) for place, order in enumerate(batch.orders) for given in self._blocks(order)]
        sizes = [len(given[0]) for _, given in blocks]
        lefts = np.repeat(np.array([place for place, _ in blocks], dtype=np.int64), sizes)
        rights = np.concatenate([np.zeros(0, dtype=np.int32), *(given[0] for _, given in blocks)])
        bits = np.concatenate([np.zeros(0), *(given[1] for _, given in blocks)])
        return united(lefts, rights, bits, max(1, len(self.index)))

    def _blocks(self, order: Order) -> Iterator[Given]:
        day = order.opened.toordinal()
        placed = [self._room(room, day) for room in order.rooms]
        if placed:
            yield placed[0] if len(placed) == 1 else _highest(placed)
        known = [positions for positions, _ in placed]
        for positions in self._contacts(order, day):
            known.append(positions)
            yield positions, np.full(len(positions), _CONTACT)
        for word in (w for person in order.persons for w in person.words):
            yield self._word(word, day, known)

    def _room(self, room: str, day: int) -> Given:
        """Who is in a room or in one that it may be a slip of."""
        if (room, day) not in self._rooms:
            keys = [(room, _ROOM), *((room_key(slip), _SLIP) for slip in sorted(swaps(room)))]
            blocks = [(self.index.by_room[self.index.rooms.code(key)], worth) for key, worth in keys]
            near = [(self.index.nearest(block, day, ROOM_CAP), worth) for block, worth in blocks]
            if len(self._rooms) > 50_000:
                self._rooms.clear()
            self._rooms[room, day] = _highest([(block, np.full(len(block), worth)) for block, worth in near])
        return self._rooms[room, day]

    def _contacts(self, order: Order, day: int) -> Iterator[NDArray[np.int32]]:
        keys = (*order.contacts.emails, *order.contacts.documents, *sorted(order.codes))
        yield from (self.index.nearest(self.index.with_phone(p), day, KEY_CAP) for p in order.contacts.phones)
        yield from (self.index.nearest(self.index.with_key(key), day, KEY_CAP) for key in keys)

    def _word(self, word: NameWord, day: int, known: list[NDArray[np.int32]]) -> Given:
        positions, ways = self.matcher.near(word.text, day, WORD_CAP)
        # A word that meets nobody costs its bearer about four bits: that is what meeting saves.
        saved = math.log2(1 - 0.95 * word.likelihood)
        bits = np.log2(1 - word.likelihood + word.likelihood * self.matcher.meaning(word.text).ratios) - saved
        if len(word.text) == 1:
            # An initial supports, it does not find.
            met = among(positions, np.sort(np.concatenate([np.zeros(0, dtype=np.int32), *known])))
            positions, ways = positions[met], ways[met]
        return positions, bits[ways]


def _highest(blocks: list[Given]) -> Given:
    """The union of blocks with the highest that each member was given."""
    positions = np.concatenate([block for block, _ in blocks])
    worth = np.concatenate([given for _, given in blocks])
    order = np.lexsort((-worth, positions))
    first = order[heads(positions[order])] if len(order) else order
    return positions[first], worth[first]


def _foremost(scores: Floats, owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the best MOST_WEIGHED of each owner, ascending; of equal ones the first."""
    kept = np.ones(len(owners), dtype=bool)
    for start, end in runs(owners):
        if end - start > MOST_WEIGHED:
            behind = np.argsort(-scores[start:end], kind="stable")[MOST_WEIGHED:]
            kept[start + behind] = False
    return np.flatnonzero(kept)
