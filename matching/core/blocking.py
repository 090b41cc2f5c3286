"""Which stays are worth weighing for an order: the union of small blocks, and of those the ones that can still win.

Blocks: room (and its slips) x day, words of the name x day, last eight of a phone, e-mail, document, booking number.
Each has a cap, so that the cost of an order is bounded whatever the data. A rough score over whole arrays then leaves
out the stays that lie hopelessly far behind the best; their share is kept, so that nobody's probability profits.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.index import HouseIndex
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.presence import Presence
from matching.core.rooms import room_key, swaps
from matching.core.wordmatch import WordMatcher

# A block larger than this says little by itself; its members nearest to the order's day are kept.
WORD_CAP, ROOM_CAP, KEY_CAP = 2_000, 48, 24
# Nobody further behind than this is weighed in full (one chance in 2,000), and never more than so many.
HOPELESS_BITS = 11.0
MOST_WEIGHED = 60
# What a room, its slip and a contact are worth at first sight; the weights proper come later.
_ROOM, _SLIP, _CONTACT = 10.0, 5.5, 30.0


@dataclass(frozen=True, slots=True)
class Block:
    """Positions to weigh, ascending, and the share of the house (before any evidence) that all blocks held."""

    positions: list[int]
    share: float


class Blocking:
    def __init__(self, index: HouseIndex, matcher: WordMatcher, presence: Presence, model: Model) -> None:
        self.index, self.matcher, self.presence = index, matcher, presence
        titular, companion = (model.bits("titular", level) for level in ("titular", "companion"))
        # All zero between two orders.
        self._scratch = np.zeros(len(index), dtype=np.float64)
        self._titular = np.where([s.titular for s in index.stays], titular, companion)

    def block(self, order: Order) -> Block:
        seen = self.presence.seen(order)
        rough: dict[int, float] = {}
        self._rooms(order, rough)
        self._contacts(order, rough)
        found, score = self._names(order, rough)
        shares = seen.shares[seen.kinds[found]]
        present = shares > 0
        found, score, shares = found[present], score[present], shares[present]
        if not len(found):
            return Block([], 0.0)
        score = score + np.log2(shares) + self._titular[found]
        hopeful = np.flatnonzero(score >= score.max() - HOPELESS_BITS)
        best = hopeful[np.argsort(-score[hopeful], kind="stable")[:MOST_WEIGHED]]
        return Block(sorted(found[best].tolist()), float(shares.sum()))

    def _rooms(self, order: Order, rough: dict[int, float]) -> None:
        day = order.opened.toordinal()
        for room in order.rooms:
            keys = [(room, _ROOM), *((room_key(slip), _SLIP) for slip in sorted(swaps(room)))]
            for key, worth in keys:
                for position in self.index.near(self.index.by_room.get(key, []), day, ROOM_CAP):
                    rough[position] = max(worth, rough.get(position, 0.0))

    def _contacts(self, order: Order, rough: dict[int, float]) -> None:
        day, index = order.opened.toordinal(), self.index
        blocks = [index.by_phone.get(phone[-8:], []) for phone in order.contacts.phones]
        keys = (*order.contacts.emails, *order.contacts.documents, *sorted(order.codes))
        blocks += [index.by_key.get(key, []) for key in keys]
        for positions in blocks:
            for position in index.near(positions, day, KEY_CAP):
                rough[position] = rough.get(position, 0.0) + _CONTACT

    def _names(self, order: Order, rough: dict[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Everybody in a block, and the rough score of each: bits of the words that meet the name, and the above."""
        first = np.fromiter(rough, dtype=np.int64, count=len(rough))
        self._scratch[first] = np.fromiter(rough.values(), dtype=np.float64, count=len(rough))
        touched = [first]
        for word in (w for person in order.persons for w in person.words):
            positions, ratios = self.matcher.arrays(word.text, order.opened.toordinal(), WORD_CAP)
            if len(word.text) == 1:
                met = np.isin(positions, first)
                positions, ratios = positions[met], ratios[met]
            # A word that meets nobody costs its bearer about four bits: that is what meeting saves.
            saved = math.log2(1 - 0.95 * word.likelihood)
            self._scratch[positions] += np.log2(1 - word.likelihood + word.likelihood * ratios) - saved
            touched.append(positions)
        found = np.unique(np.concatenate(touched))
        score = self._scratch[found]
        self._scratch[found] = 0.0
        return found, score
