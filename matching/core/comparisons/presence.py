"""When: was the guest in the house, just gone or about to come, seen from the order's day and hour."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.bounded_cache import remembered
from matching.core.comparisons.batch import Batch
from matching.core.index.columns import NEVER
from matching.core.index.house_index import CHECKING_IN, KINDS, HouseIndex
from matching.core.kernel.blocks import Floats, Pairs
from matching.core.kernel.comparisons import Codes, Comparison
from matching.core.model import Model
from matching.core.parsing.orders import Order

PRESENCE = Comparison("presence", KINDS)
# Rates of a house are spread over at least so many guests, or a listing of two rows would be sure of itself.
MIN_PRESENT = 20.0
_IN_HOUSE, _ARRIVED, _ARRIVING, _LEAVING, _LEFT = (
    PRESENCE.code(kind) for kind in ("in_house", "arrived", "arriving", "leaving", "left")
)
# Known by the clock alone: out for less than a day, and not in yet although the listing of later on shows the guest.
_JUST_LEFT, _NOT_YET = PRESENCE.code("just_left"), PRESENCE.code("not_yet")
# Leaves on the order's day, and had not gone yet when the order was opened.
_STILL_IN = PRESENCE.code("still_in")
# Microseconds.
JUST_LEFT = 24 * 3600 * 1_000_000


@dataclass(frozen=True)
class Seen:
    """The house as the orders of a batch see it: each order has a row of `shares`, one share by kind of guest, and of
    `roomless`, the sum of those who check in, have no room yet and are brought up by no block."""

    rows: NDArray[np.int64]
    shares: Floats
    bits: Floats
    roomless: Floats
    prior: Floats
    """By row: bits of one guest in house before any evidence, a part of `bits`."""


class Presence:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._known: dict[tuple[int, frozenset[str]], tuple[Floats, float]] = {}
        self._counts: dict[int, tuple[Floats, Floats]] = {}
        self._roomless = np.flatnonzero(index.columns.room < 0)

    def seen(self, batch: Batch) -> Seen:
        keys = [(int(day), self._context(order)) for day, order in zip(batch.days, batch.orders, strict=True)]
        place = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        known = [self._shares(*key) for key in place]
        shares = np.array([share for share, _ in known]).reshape(len(known), len(KINDS))
        bits = np.log2(shares, out=np.full(shares.shape, -np.inf), where=shares > 0)
        roomless = np.array([coming for _, coming in known])
        prior = np.array([self._prior(*key) for key in place])
        return Seen(np.array([place[key] for key in keys], dtype=np.int64), shares, bits, roomless, prior)

    def kinds(self, batch: Batch, pairs: Pairs) -> Codes:
        """By the calendar: position in KINDS of every pair's guest, seen from its order's day."""
        found = np.zeros(len(pairs), dtype=np.int8)
        days = batch.days[pairs.left]
        for day in np.unique(batch.days).tolist():
            rows = np.flatnonzero(days == day)
            found[rows] = self.index.kinds(day)[pairs.right[rows]]
        return found

    def by_the_clock(self, batch: Batch, pairs: Pairs, kinds: Codes) -> Codes:
        """Check-in and check-out have a time when the register knows it."""
        opened, stays = batch.opened[pairs.left], pairs.right
        left, arrived = self.index.columns.left[stays], self.index.columns.arrived[stays]
        found = kinds.copy()
        leaves = np.isin(kinds, (_LEAVING, _IN_HOUSE, _ARRIVED)) & (left != NEVER)
        gone = leaves & (opened > left)
        found[gone] = np.where((opened - left)[gone] <= JUST_LEFT, _JUST_LEFT, _LEFT)
        found[leaves & ~gone & (kinds == _LEAVING)] = _STILL_IN
        comes = ~leaves & np.isin(kinds, (_ARRIVING, _ARRIVED)) & (arrived != NEVER)
        found[comes] = np.where(opened >= arrived, _IN_HOUSE, _NOT_YET)[comes]
        return found

    def _context(self, order: Order) -> frozenset[str]:
        return order.hints.intersection(self.model.contexts)

    def _shares(self, day: int, context: frozenset[str]) -> tuple[Floats, float]:
        """By kind the share of the house's orders that one such guest has; and that of all who come without a room."""
        return remembered(self._known, (day, context), lambda: self._shared(day, context))

    def _shared(self, day: int, context: frozenset[str]) -> tuple[Floats, float]:
        _, roomless = self._house(day)
        shares = self._each(context) * 2.0 ** self._prior(day, context)
        return shares, float((roomless * shares)[CHECKING_IN].sum())

    def _prior(self, day: int, context: frozenset[str]) -> float:
        """Bits of a guest of rate 1 among all who may be meant on the day."""
        counts, _ = self._house(day)
        return -math.log2(max(float(counts @ self._each(context)), MIN_PRESENT))

    def _each(self, context: frozenset[str]) -> Floats:
        rates = self._rates(context)
        return np.array([rates.get(name, 0.0) for name in KINDS])

    def _house(self, day: int) -> tuple[Floats, Floats]:
        """By kind: how many there are, and how many of them without a room whom no block brings up."""
        return remembered(self._counts, day, lambda: self._counted(day))

    def _counted(self, day: int) -> tuple[Floats, Floats]:
        kinds = self.index.kinds(day)
        unmet = np.setdiff1d(self._roomless, self.index.due(day), assume_unique=True)
        everybody, roomless = (np.bincount(k, minlength=len(KINDS)).astype(np.float64) for k in (kinds, kinds[unmet]))
        return everybody, roomless

    def _rates(self, context: frozenset[str]) -> dict[str, float]:
        rates = dict(self.model.rates)
        for name in sorted(context):
            for kind, factor in self.model.contexts[name].items():
                rates[kind] *= factor
        return rates
