"""The hypotheses of one order against each other: each guest, each undivided room, and nobody."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.hypotheses import Hypotheses
from matching.core.index.columns import HIDDEN
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import Floats
from matching.core.kernel.scores import compete, places, total_of
from matching.core.model import Model
from matching.core.parsing.orders import Order
from matching.core.reasons import Reason
from matching.core.weights import Weighed

# Candidates shown per order, beside "nobody".
BEST = 6
MIN_PROBABILITY = 0.005
# Beyond these shares for guests who may not be shown, an order gets no suggestion at all: the rest would lie. The first
# holds where a guest outweighs "no guest": doubt already keeps him at even odds at best, and from 0.85 on nearly all
# that was told was wrong (telling it costs 0.001 of F1 and finds nobody; 0.5 loses 0.003 of recall at 3; between 0.6
# and 0.85 the two hotels of the benchmark do not differ by more than 0.0006). The second holds where "no guest" would
# stand first: it would then be read as an answer although somebody is meant (0.85 costs 0.0025 of F1).
MOST_UNSEEN, MOST_UNSEEN_BESIDE_NOBODY = 0.85, 0.25
# What is left unseen counts as doubt, when it is worth a word, up to this share of the best guest's own weight: it
# never outweighs him.
LEAST_DOUBT, MOST_DOUBT = 0.001, 0.95


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hypothesis about an order; `listagem_id` None means no guest. Probabilities of an order add up to 1."""

    os_id: int
    listagem_id: int | None
    probability: float
    rank: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Shown:
    """What is told of a batch: for each order that gets an answer its hypotheses, best first, and their
    probabilities. A row is a place among the weighed pairs, -1 is nobody."""

    orders: list[int]
    rows: list[list[int]]
    probabilities: list[list[float]]
    doubts: list[float]
    """By order: how much likelier "none of these" is, as a log2, for the guests who cannot be shown."""

    def __iter__(self) -> Iterator[tuple[int, list[int], list[float], float]]:
        return iter(zip(self.orders, self.rows, self.probabilities, self.doubts, strict=True))


def nobody(order: Order, model: Model) -> tuple[Reason, ...]:
    hints = [hint for hint in sorted(order.hints) if hint in model.nobody]
    return tuple(Reason("nobody", hint, "", "", model.nobody[hint]) for hint in ("prior", *hints))


def decide(
    weighed: Weighed, found: Hypotheses, none: Floats, elsewhere: Floats, index: HouseIndex, sharpness: float
) -> Shown:
    """Softmax in bits. Nothing is told when the one meant is most likely somebody who may not be shown."""
    owners, size = weighed.pairs.left[found.rows], len(none)
    weights, rivals, everything = compete(found.scores, owners, np.column_stack([none, elsewhere]), sharpness)
    best = _best(weights / everything[owners], owners, index.columns.has(HIDDEN)[weighed.pairs.right[found.rows]])
    owners, weights = owners[best], weights[best]
    kept = total_of(weights, owners, size) + rivals[:, 0]
    highest = np.zeros(size)
    first = places(owners) == 0
    highest[owners[first]] = weights[first]
    limit = np.where(highest > rivals[:, 0], MOST_UNSEEN, MOST_UNSEEN_BESIDE_NOBODY)
    told = 1 - kept / everything <= limit
    unseen = np.where(kept < (1 - LEAST_DOUBT) * everything, everything - kept, 0.0)
    doubtful = np.maximum(rivals[:, 0], np.minimum(rivals[:, 0] + unseen, MOST_DOUBT * highest))
    kept = kept + doubtful - rivals[:, 0]
    doubts = np.log2(doubtful) - np.log2(rivals[:, 0])
    return _ranked(owners, found.rows[best], weights / kept[owners], doubtful / kept, np.where(told, doubts, np.nan))


def _best(probabilities: Floats, owners: NDArray[np.int64], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of those who are worth showing, by order and, within it, best first; of equal ones the lowest id."""
    likely = np.flatnonzero(~hidden & (probabilities >= MIN_PROBABILITY))
    ordered = likely[np.lexsort((likely, -probabilities[likely], owners[likely]))]
    return ordered[places(owners[ordered]) < BEST]


def _ranked(
    owners: NDArray[np.int64], rows: NDArray[np.int64], shares: Floats, nobodys: Floats, doubts: Floats
) -> Shown:
    """Nobody takes its place behind the guests who are at least as likely. An order whose doubt is no number is left
    out."""
    bounds = np.searchsorted(owners, np.arange(len(nobodys) + 1)).tolist()
    everyone, every_share, none = rows.tolist(), shares.tolist(), nobodys.tolist()
    shown = Shown([], [], [], [])
    for order in np.flatnonzero(~np.isnan(doubts)).tolist():
        start, end = bounds[order], bounds[order + 1]
        who, probabilities = everyone[start:end], every_share[start:end]
        place = sum(share >= none[order] for share in probabilities)
        shown.orders.append(order)
        shown.rows.append([*who[:place], -1, *who[place:]])
        shown.probabilities.append([*probabilities[:place], none[order], *probabilities[place:]])
        shown.doubts.append(float(doubts[order]))
    return shown
