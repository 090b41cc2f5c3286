"""When: was the guest in the house, just gone or about to come, seen from the order's day and hour."""

import datetime as dt
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matching.core.index import KINDS, HouseIndex
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.reasons import Reason
from matching.core.stays import Stay

# Rates of a house are spread over at least so many guests, or a listing of two rows would be sure of itself.
MIN_PRESENT = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Kind of every stay; by kind the share of the house's orders that one such guest has, and its log2."""

    kinds: NDArray[np.int8]
    shares: NDArray[np.float64]
    bits: dict[str, float]


@lru_cache(maxsize=4_096)
def day_month(day: dt.date) -> str:
    return f"{day:%d/%m}"


class Presence:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model
        self._seen: dict[tuple[int, frozenset[str]], Seen] = {}

    def seen(self, order: Order) -> Seen:
        """The house on the order's day, for what the order speaks of."""
        day, context = order.opened.toordinal(), order.hints.intersection(self.model.contexts)
        if (day, context) not in self._seen:
            counts = np.bincount(self.index.kinds(day), minlength=len(KINDS))
            rates = self._rates(context)
            each = np.array([rates.get(name, 0.0) for name in KINDS])
            shares = each / max(float(counts @ each), MIN_PRESENT)
            bits = {name: math.log2(share) for name, share in zip(KINDS, shares.tolist(), strict=True) if share}
            self._seen[day, context] = Seen(self.index.kinds(day), shares, bits)
        return self._seen[day, context]

    def weigh(self, order: Order, position: int, seen: Seen) -> Reason:
        stay = self.index.stays[position]
        kind = self._by_the_clock(KINDS[seen.kinds[position]], order, stay)
        window = f"{day_month(stay.arrival)}–{day_month(stay.departure)}"
        return Reason("presence", kind, day_month(order.opened.date()), window, seen.bits[kind])

    @staticmethod
    def _by_the_clock(kind: str, order: Order, stay: Stay) -> str:
        """Check-in and check-out have a time when the register knows it."""
        if kind in ("leaving", "in_house", "arrived") and stay.left is not None:
            return "left" if order.opened > stay.left else kind
        if kind in ("arriving", "arrived") and stay.arrived is not None:
            return "in_house" if order.opened >= stay.arrived else "arriving"
        return kind

    def _rates(self, context: frozenset[str]) -> dict[str, float]:
        rates = dict(self.model.rates)
        for name in sorted(context):
            for kind, factor in self.model.contexts[name].items():
                rates[kind] *= factor
        return rates
