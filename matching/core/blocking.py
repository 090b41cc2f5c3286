"""Which stays are worth weighing for an order: the union of small blocks, and of those the ones that can still win.

Blocks: room (and its slips) x day, who is due without a room where the room is free, words of the name x day, last
eight or four of a phone, e-mail, document, booking number. Each has a cap, so that the cost of an order is bounded
whatever the data. A rough score over whole arrays then leaves out the stays that lie hopelessly far behind the best;
their share is kept, so that nobody's probability profits.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.bounded_cache import remembered
from matching.core.comparisons.batch import Batch
from matching.core.comparisons.presence import Presence, Seen
from matching.core.index.columns import TITULAR
from matching.core.index.house_index import KINDS, HouseIndex
from matching.core.index.word_matcher import WordMatcher
from matching.core.kernel.blocks import Floats, Pairs, among, distinct, spread, starts_of, united
from matching.core.kernel.comparisons import Codes
from matching.core.kernel.scores import best_of, heads, runs, total_of
from matching.core.model import Model
from matching.core.parsing.mentions import NameWord
from matching.core.parsing.orders import Order
from matching.core.parsing.rooms.keys import room_key, swaps

# A block larger than this says little by itself; its members nearest to the order's day are kept.
WORD_CAP, ROOM_CAP, KEY_CAP, LABEL_CAP, MOST_MATES = 2_000, 48, 24, 60, 12
# Nobody further behind than this is weighed in full (one chance in 2,000), and never more than so many.
HOPELESS_BITS = 11.0
MOST_WEIGHED = 60
# What a room, its slip and a contact are worth at first sight; the weights proper come later.
_BY_ROOM, _BY_CONTACT, _BY_FREE_ROOM = np.array([10.0, 5.5]), np.array([30.0]), np.array([3.0])

Given = tuple[NDArray[np.int32], NDArray[np.int8], Floats]
"""A block: who is in it, in which way each, and bits by way."""


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
        self._unnamed: dict[tuple[tuple[str, ...], int], NDArray[np.int32]] = {}
        self._bits: dict[tuple[str, float], Floats] = {}

    def block(self, batch: Batch, seen: Seen) -> Blocks:
        pairs = self.met(batch)
        kinds = self.presence.kinds(batch, pairs)
        views = seen.rows[pairs.left] * len(KINDS) + kinds
        shares = seen.shares.ravel()[views]
        held = total_of(shares, pairs.left, len(batch.orders))
        score = pairs.given + seen.bits.ravel()[views] + self._titular[pairs.right]
        least = best_of(score, pairs.left, len(batch.orders)) - HOPELESS_BITS
        hopeful = np.flatnonzero((score >= least[pairs.left]) & (shares > 0))
        kept = hopeful[_foremost(score[hopeful], pairs.left[hopeful])]
        if not any(order.relation for order in batch.orders):
            return Blocks(pairs.at(kept), kinds[kept], held)
        pairs = self._with_mates(batch, pairs.at(kept))
        kinds = self.presence.kinds(batch, pairs)
        shares = seen.shares.ravel()[seen.rows[pairs.left] * len(KINDS) + kinds]
        present = np.flatnonzero(shares > 0)
        return Blocks(pairs.at(present), kinds[present], np.maximum(held, total_of(shares, pairs.left, len(held))))

    def _with_mates(self, batch: Batch, pairs: Pairs) -> Pairs:
        """Where an order names somebody to say whose wife or son is meant, the others of the booking too."""
        related = np.array([order.relation is not None for order in batch.orders])[pairs.left]
        rows = np.flatnonzero(related)
        bookings = self.index.bookings[pairs.right[rows]]
        counts = np.minimum(self.index.by_booking.count(bookings), MOST_MATES)
        owner, flat = spread(self.index.by_booking.starts[bookings], counts)
        family = [(row, mate) for row in rows.tolist() for mate in self._family(int(pairs.right[row]))]
        family_rows, mates = (
            np.array(side, dtype=np.int64) for side in (zip(*family, strict=True) if family else ((), ()))
        )
        left = np.concatenate([pairs.left, pairs.left[rows[owner]], pairs.left[family_rows]])
        right = np.concatenate([pairs.right, self.index.by_booking.members[flat], mates])
        return united(left, right, np.zeros(len(left)), len(self.index))

    def _family(self, stay: int) -> list[int]:
        """Others of one family name who came and go on the same days: a booking of their own each."""
        columns = self.index.columns
        found: list[int] = []
        for word in self.index.family_words(stay):
            bearers = self.index.by_word[word]
            if len(bearers) <= WORD_CAP:
                same = (columns.arrival[bearers] == columns.arrival[stay]) & (
                    columns.departure[bearers] == columns.departure[stay]
                )
                found += bearers[same].tolist()[:MOST_MATES]
        return found

    def met(self, batch: Batch) -> Pairs:
        """Everybody in a block, and the rough score of each: bits of words that meet the name, rooms, contacts."""
        blocks = [(place, *given) for place, order in enumerate(batch.orders) for given in self._blocks(order)]
        if not blocks:
            nobody = np.zeros(0, dtype=np.int64)
            return united(nobody, nobody, np.zeros(0), 1)
        orders, positions, ways, tables = zip(*blocks, strict=True)
        sizes = [len(block) for block in positions]
        first = starts_of(np.array([len(table) for table in tables]))[:-1]
        bits = np.concatenate(tables)[np.repeat(first, sizes) + np.concatenate(ways)]
        return united(np.repeat(np.array(orders), sizes), np.concatenate(positions), bits, len(self.index))

    def _blocks(self, order: Order) -> Iterator[Given]:
        day = order.opened.toordinal()
        placed = [self._room(room, day) for room in order.rooms]
        placed += [self._other_block(room, day) for room in order.beside]
        if placed:
            yield placed[0] if len(placed) == 1 else _best_ways(placed)
        known = [positions for positions, _, _ in placed]
        if order.rooms and not any(self.index.is_full(room, day) for room in order.rooms):
            known.append(self.index.due(day))
            yield _plain(known[-1], _BY_FREE_ROOM)
        contacts = list(self._contacts(order, day))
        yield from (_plain(positions, _BY_CONTACT) for positions in contacts)
        if order.labels:
            yield from self._attributes(order, day)
        words = [word for person in order.persons for word in person.words]
        yield from (self._word(word, day, [*known, *contacts]) for word in words)
        if words and (known or contacts):
            yield self._nameless(order, day, words, known, contacts)

    def _room(self, room: str, day: int) -> Given:
        """Who is in a room or in one that it may be a slip of."""
        return remembered(self._rooms, (room, day), lambda: self._near(room, day))

    def _other_block(self, room: str, day: int) -> Given:
        """Rooms of the number named in another block weigh as a slip does."""
        block = self.index.nearest(self.index.by_room[self.index.rooms.code(room)], day, ROOM_CAP)
        return block, np.ones(len(block), dtype=np.int8), _BY_ROOM

    def _attributes(self, order: Order, day: int) -> Iterator[Given]:
        """Who bears a label of the order: the nearest in time of each."""
        for label in order.labels:
            for code in self.index.labels_like(label):
                bearers = self.index.by_label[code]
                bits = math.log2(0.5 * (len(self.index) + 100) / (len(bearers) + 0.5))
                if bits > 0:
                    yield _plain(self.index.nearest(bearers, day, LABEL_CAP), np.array([bits]))

    def _near(self, room: str, day: int) -> Given:
        keys = [(room, 0), *((room_key(slip), 1) for slip in sorted(swaps(room)))]
        blocks = [(self.index.by_room[self.index.rooms.code(key)], way) for key, way in keys]
        near = [(self.index.nearest(block, day, ROOM_CAP), way) for block, way in blocks]
        return _best_ways([(block, np.full(len(block), way, dtype=np.int8), _BY_ROOM) for block, way in near])

    def _contacts(self, order: Order, day: int) -> Iterator[NDArray[np.int32]]:
        keys = (*order.contacts.emails, *order.contacts.documents, *sorted(order.codes))
        for phone in order.contacts.phones:
            bearers = self.index.nearest(self.index.with_phone(phone), day, KEY_CAP)
            yield bearers
            yield self._mates_without_phone(bearers)
        yield from (self.index.nearest(self.index.by_tail[int(t) + 1], day, KEY_CAP) for t in order.contacts.tails)
        yield from (self.index.nearest(self.index.with_key(key), day, KEY_CAP) for key in keys)

    def _mates_without_phone(self, bearers: NDArray[np.int32]) -> NDArray[np.int32]:
        """Others of the bookings of those who bear a phone: the booking's number is theirs as well."""
        bookings = self.index.bookings[bearers]
        _, flat = spread(
            self.index.by_booking.starts[bookings], np.minimum(self.index.by_booking.count(bookings), MOST_MATES)
        )
        mates = distinct([self.index.by_booking.members[flat]])
        return np.asarray(mates[self.index.columns.phone_end[mates] < 0])

    def _nameless(
        self,
        order: Order,
        day: int,
        words: list[NameWord],
        placed: list[NDArray[np.int32]],
        reached: list[NDArray[np.int32]],
    ) -> Given:
        """Companions without a name, in a room or reached by a contact: no word of any name speaks against them."""
        if reached:
            found = self._without_name([*placed, *reached])
        else:
            found = remembered(self._unnamed, (order.rooms, day), lambda: self._without_name(placed))
        return _plain(found, np.array([-sum(_cost_unmet(word) for word in words)]))

    def _without_name(self, known: list[NDArray[np.int32]]) -> NDArray[np.int32]:
        positions = distinct(known)
        return np.asarray(positions[self.index.part_counts[positions] == 0])

    def _word(self, word: NameWord, day: int, known: list[NDArray[np.int32]]) -> Given:
        positions, ways = self.matcher.near(word.text, day, WORD_CAP)
        bits = remembered(self._bits, (word.text, word.likelihood), lambda: self._saved(word))
        if len(word.text) == 1:
            # An initial supports, it does not find.
            met = among(positions, np.sort(np.concatenate([np.zeros(0, dtype=np.int32), *known])))
            positions, ways = positions[met], ways[met]
        return positions, ways, bits

    def _saved(self, word: NameWord) -> Floats:
        ratios = self.matcher.meaning(word.text).ratios
        return np.asarray(np.log2(1 - word.likelihood + word.likelihood * ratios) - _cost_unmet(word))


def _cost_unmet(word: NameWord) -> float:
    """A word that meets nobody costs its bearer about four bits: that is what meeting saves."""
    return math.log2(1 - 0.95 * word.likelihood)


def _plain(positions: NDArray[np.int32], bits: Floats) -> Given:
    """A block all of whose members are in it in the same way."""
    return positions, np.zeros(len(positions), dtype=np.int8), bits


def _best_ways(blocks: list[Given]) -> Given:
    """The union of blocks of one table, each member with its best (lowest) way."""
    positions = np.concatenate([block for block, _, _ in blocks])
    ways = np.concatenate([way for _, way, _ in blocks])
    order = np.lexsort((ways, positions))
    first = order[heads(positions[order])] if len(order) else order
    return positions[first], ways[first], blocks[0][2]


def _foremost(scores: Floats, owners: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the best MOST_WEIGHED of each owner, ascending; of equal ones the first."""
    kept = np.ones(len(owners), dtype=bool)
    for start, end in runs(owners):
        if end - start > MOST_WEIGHED:
            behind = np.argsort(-scores[start:end], kind="stable")[MOST_WEIGHED:]
            kept[start + behind] = False
    return np.flatnonzero(kept)
