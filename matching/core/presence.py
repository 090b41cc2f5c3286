"""When: was the guest in the house, just gone or about to come, seen from the order's day and hour."""

import math

import numpy as np
from numpy.typing import NDArray

from matching.core.index import KINDS, HouseIndex
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.stays import Stay

# Rates of a house are spread over at least so many guests, or a listing of two rows would be sure of itself.
MIN_PRESENT = 20.0


class Presence:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._shares: dict[tuple[int, frozenset[str]], NDArray[np.float64]] = {}

    def kind(self, order: Order, position: int) -> str:
        kind = KINDS[self.index.kinds(order.opened.toordinal())[position]]
        return self._by_the_clock(kind, order, self.index.stays[position])

    @staticmethod
    def _by_the_clock(kind: str, order: Order, stay: Stay) -> str:
        """Check-in and check-out have a time when the register knows it."""
        if kind in ("leaving", "in_house", "arrived") and stay.left is not None:
            return "left" if order.opened > stay.left else kind
        if kind in ("arriving", "arrived") and stay.arrived is not None:
            return "in_house" if order.opened >= stay.arrived else "arriving"
        return kind

    def bits(self, order: Order, kind: str) -> float:
        """log2 of this guest's share of the house's orders before anything else is known."""
        return math.log2(self.shares(order)[KINDS.index(kind)])

    def shares(self, order: Order) -> NDArray[np.float64]:
        """The share of one guest of each kind, in the order of KINDS; 0 for who is away."""
        day, context = order.opened.toordinal(), order.hints.intersection(self.model.contexts)
        if (day, context) not in self._shares:
            counts = np.bincount(self.index.kinds(day), minlength=len(KINDS))
            rates = self._rates(context)
            each = np.array([rates.get(name, 0.0) for name in KINDS])
            self._shares[day, context] = each / max(float(counts @ each), MIN_PRESENT)
        return self._shares[day, context]

    def _rates(self, context: frozenset[str]) -> dict[str, float]:
        rates = dict(self.model.rates)
        for name in sorted(context):
            for kind, factor in self.model.contexts[name].items():
                rates[kind] *= factor
        return rates
