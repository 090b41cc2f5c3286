"""Where: the rooms of an order against where the guest is, was and will be, for many pairs at once."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.batch import Batch
from matching.core.comparisons.presence import Seen
from matching.core.index.house_index import LATE_ARRIVAL, HouseIndex
from matching.core.kernel.blocks import Floats, Ints, Pairs, spread
from matching.core.kernel.comparisons import Codes, Comparison
from matching.core.model import Model
from matching.core.parsing.orders import MOST_ROOMS, Order

ROOM = Comparison(
    "room",
    (
        "same",
        "earlier",
        "later",
        "swapped",
        "one_digit_off",
        "free_on_arrival",
        "unassigned",
        "different",
        "same_number",
        "resembles",
        "other_block",
        "denied",
        "earlier_said",
        "later_said",
        "same_now",
        "mentioned",
    ),
)
SAME, EARLIER, LATER, SWAPPED, ONE_OFF, FREE, UNASSIGNED, DIFFERENT = range(8)
SAME_NUMBER, RESEMBLES, OTHER_BLOCK, DENIED, EARLIER_SAID, LATER_SAID, SAME_NOW, MENTIONED = range(8, len(ROOM.levels))
# The order names this room, for certain or as one of several.
NAMED = (SAME, SAME_NUMBER, RESEMBLES, MENTIONED)
MIN_ROOMS = 30
_SPEAKS_OF_BEFORE, _SPEAKS_OF_AFTER = frozenset({"gone", "moved"}), frozenset({"next_guest"})
# From this hour on who leaves today counts as the last guest of the room.
EVERYBODY_OUT = 12


class Relation:
    """What each room of the listing is to each order: one of its rooms, a slip of one, or another room."""

    def __init__(self, index: HouseIndex, batch: Batch) -> None:
        self._size = max(1, len(index.columns.rooms))
        levels: dict[int, int] = {}
        for place, order in enumerate(batch.orders):
            for room, level in _relations(order, index):
                levels.setdefault(place * self._size + room, level)
        self._keys = np.array(sorted(levels), dtype=np.int64)
        self._levels = np.array([levels[key] for key in self._keys.tolist()], dtype=np.int8)

    def look(self, orders: Ints, rooms: Ints) -> Codes:
        """DIFFERENT for a room of no relation, and for no room at all."""
        found = np.full(len(orders), DIFFERENT, dtype=np.int8)
        if len(self._keys):
            wanted = orders.astype(np.int64) * self._size + rooms
            place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
            known = (self._keys[place] == wanted) & (rooms >= 0)
            found[known] = self._levels[place[known]]
        return found


def _relations(order: Order, index: HouseIndex) -> Iterator[tuple[int, int]]:
    """(code of a room, level), the strongest relation of each room first."""
    rooms = index.rooms
    for key, level in zip(order.rooms, order.room_levels, strict=True):
        if (code := rooms.code(key)) >= 0:
            yield code, ROOM.code(level)
    for keys, other in ((order.denied_rooms, DENIED), (order.beside, OTHER_BLOCK)):
        yield from ((code, other) for key in keys if (code := rooms.code(key)) >= 0)
    slips = [rooms.slips(key) for key, level in zip(order.rooms, order.room_levels, strict=True) if level == "same"]
    for swapped, _ in slips:
        yield from ((code, SWAPPED) for code in swapped)
    for _, one_off in slips:
        yield from ((code, ONE_OFF) for code in one_off)


def is_named(levels: Codes) -> NDArray[np.bool_]:
    return np.isin(levels, NAMED)


class Whereabouts:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        chance = 1 / max(MIN_ROOMS, len(index.columns.rooms))
        # By how many rooms an order names: each more makes a hit by accident likelier.
        rows = [ROOM.table(partial(model.bits, "room", chance=chance * n)) for n in range(1, MOST_ROOMS + 1)]
        self.table = np.stack([np.zeros(len(ROOM.levels) + 1), *rows])

    def weigh(self, batch: Batch, pairs: Pairs) -> tuple[Codes, NDArray[np.int32], Floats]:
        """Level, the room that it is about (-1: none) and bits of every pair."""
        named = np.array([_count(order) for order in batch.orders], dtype=np.int64)
        codes = ROOM.absent(len(pairs))
        shown = self.index.columns.room[pairs.right]
        rows = np.flatnonzero(named[pairs.left] > 0)
        codes[rows], shown[rows] = self._levels(batch, pairs.left[rows], pairs.right[rows])
        return codes, shown, self.table[named[pairs.left], codes]

    def _levels(self, batch: Batch, left: Ints, right: Ints) -> tuple[Codes, NDArray[np.int32]]:
        """Then before now: what counts is where the guest was when the order was opened."""
        columns, relation = self.index.columns, Relation(self.index, batch)
        shown = columns.room[right]
        found = relation.look(left, shown)
        slept = np.flatnonzero(columns.span_starts[right + 1] > columns.span_starts[right])
        if len(slept):
            then = self._then(batch, relation, left[slept], right[slept], found[slept])
            found[slept], rooms = then
            shown[slept] = np.where(rooms >= 0, rooms, shown[slept])
        nowhere = np.flatnonzero((shown < 0) & (found == DIFFERENT))
        found[nowhere] = self._without_room(batch, left[nowhere], right[nowhere])
        self._said_of_another_time(batch, left, right, found, EARLIER, EARLIER_SAID, _SPEAKS_OF_BEFORE)
        there = np.flatnonzero(is_named(found))
        found[there] = self._in_turn(batch, left[there], right[there], shown[there], found[there])
        self._said_of_another_time(batch, left, right, found, LATER, LATER_SAID, _SPEAKS_OF_AFTER)
        return found, shown

    def _said_of_another_time(
        self, batch: Batch, left: Ints, right: Ints, found: Codes, level: int, said: int, hints: frozenset[str]
    ) -> None:
        """Where the order itself speaks of before or after, who had the room then is meant rather than who has it."""
        rows = np.flatnonzero(found == level)
        if not len(rows):
            return
        speaks = np.array([not hints.isdisjoint(order.hints) for order in batch.orders])
        told = rows[speaks[left[rows]]]
        found[told] = said
        present = self.index.columns.departure[right] > batch.days[left]
        found[np.isin(left, left[told]) & (found == SAME) & present] = SAME_NOW

    def _in_turn(self, batch: Batch, left: Ints, right: Ints, rooms: NDArray[np.int32], levels: Codes) -> Codes:
        """Who comes to the room named only after somebody else has slept there has it later; who left it before
        somebody else did had it earlier. On the order's day nobody thought of them."""
        columns, found = self.index.columns, levels.copy()
        days = batch.days[left]
        for row in np.flatnonzero((columns.arrival[right] > days) | (columns.departure[right] <= days)).tolist():
            order, day = batch.orders[left[row]], int(days[row])
            room = columns.rooms[rooms[row]]
            if columns.arrival[right[row]] > day:
                found[row] = LATER if self.index.is_full(room, day) else found[row]
            elif columns.departure[right[row]] < self.index.last_left(room, day, order.opened.hour >= EVERYBODY_OUT):
                found[row] = EARLIER
        return found

    def _then(
        self, batch: Batch, relation: Relation, left: Ints, right: Ints, now: Codes
    ) -> tuple[Codes, NDArray[np.int32]]:
        """Level and room of guests who are known to have slept in several rooms; `now` is what today's room says."""
        columns = self.index.columns
        counts = columns.span_starts[right + 1] - columns.span_starts[right]
        row, span = spread(columns.span_starts[right], counts)
        day, first = batch.days[left[row]], np.cumsum(counts) - counts
        levels = relation.look(left[row], columns.span_room[span])
        asked, now_named = is_named(levels), is_named(now)
        begun = columns.span_since[span] <= day
        covers = begun & (day <= columns.span_until[span])
        known = np.logical_or.reduceat(covers, first)
        hit, ever = _first(asked & covers, first, row), _first(asked, first, row)
        found = np.where(now_named & known, LATER, now)
        then = np.where(begun[np.maximum(ever, 0)], EARLIER, LATER)
        found = np.where((ever >= 0) & (~now_named | known), then, found)
        found = np.where(hit >= 0, levels[np.maximum(hit, 0)], found)
        about = np.where(hit >= 0, hit, np.where(found == then, ever, -1))
        about = np.where(now_named & ~known, -1, about)
        return found.astype(np.int8), np.where(about >= 0, columns.span_room[span[np.maximum(about, 0)]], -1)

    def _without_room(self, batch: Batch, left: Ints, right: Ints) -> Codes:
        """Who is to check in today may well have got the room, if the listing shows nobody else in it for the night."""
        late = batch.days[left] - self.index.columns.arrival[right]
        found = np.full(len(left), UNASSIGNED, dtype=np.int8)
        due = np.flatnonzero((late >= 0) & (late <= LATE_ARRIVAL))
        free = {place: not self._is_taken(batch.orders[place]) for place in np.unique(left[due]).tolist()}
        found[due] = [FREE if free[place] else UNASSIGNED for place in left[due].tolist()]
        return found

    def checking_in(self, batch: Batch, seen: Seen) -> Floats:
        """By order: weight of the guests who come and have no room yet, beyond those whom a block brings up, when it
        names one that is free."""
        found = np.zeros(len(batch.orders))
        for place, order in enumerate(batch.orders):
            coming = seen.roomless[seen.rows[place]]
            if order.rooms and coming and not self._is_taken(order):
                found[place] = coming
        return found * 2 ** self.model.bits("room", "free_on_arrival")

    def _is_taken(self, order: Order) -> bool:
        """Does the listing show somebody who stays the night in a room of the order?"""
        return any(self.index.is_full(room, order.opened.toordinal()) for room in order.rooms)


def _count(order: Order) -> int:
    """How many rooms an order names; 1 where it only says which one it is not."""
    return min(len(order.rooms), MOST_ROOMS) or bool(order.denied_rooms or order.beside)


def _first(holds: NDArray[np.bool_], starts: Ints, row: Ints) -> NDArray[np.int64]:
    """By row: the first place where it holds, or -1."""
    places = np.where(holds, np.arange(len(row)), len(row))
    found = np.minimum.reduceat(places, starts)
    return np.where(found < len(row), found, -1)
