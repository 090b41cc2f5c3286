"""When: was the guest in the house, just gone or about to come, seen from the order's day and hour."""

import math

from matching.core.index import KINDS, HouseIndex
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.stays import Stay

# Rates of a house are spread over at least so many guests, or a listing of two rows would be sure of itself.
MIN_PRESENT = 20.0


class Presence:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._shares: dict[tuple[int, frozenset[str]], dict[str, float]] = {}

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
        """log2 of this guest's share before anything else is known; -inf for one who is far away."""
        share = self._of(order).get(kind, 0.0)
        return math.log2(share) if share else -math.inf

    def _of(self, order: Order) -> dict[str, float]:
        day, context = order.opened.toordinal(), order.hints.intersection(self.model.contexts)
        if (day, context) not in self._shares:
            kinds, rates = self.index.kinds(day), self._rates(context)
            total = math.fsum(float((kinds == i).sum()) * rates.get(name, 0.0) for i, name in enumerate(KINDS))
            self._shares[day, context] = {name: rate / max(total, MIN_PRESENT) for name, rate in rates.items()}
        return self._shares[day, context]

    def _rates(self, context: frozenset[str]) -> dict[str, float]:
        rates = dict(self.model.rates)
        for name in sorted(context):
            for kind, factor in self.model.contexts[name].items():
                rates[kind] *= factor
        return rates
