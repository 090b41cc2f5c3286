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
from matching.core.model import Model, Reason
from matching.core.parsing.mentions import SAID
from matching.core.parsing.orders import Order
from matching.core.weights import Weighed

# An order without a candidate whose "no guest" is not likelier than that is about somebody who is not in the listing.
UNANSWERED_BELOW = 0.5
# Candidates shown per order, beside "nobody".
BEST = 6
MIN_PROBABILITY = 0.005
# Shares of guests who may not be shown beyond which they are no doubt about the ones shown but what is most likely
# meant. The first holds where a guest outweighs "no guest", the second where "no guest" would be first: it would then
# be read as an answer although somebody is meant.
MOST_UNSEEN, MOST_UNSEEN_BESIDE_NOBODY = 0.85, 0.25
# What is left unseen counts as doubt when it is worth a word, up to this share of the best guest's own weight: it never
# outweighs the best guest.
LEAST_DOUBT, MOST_DOUBT = 0.001, 0.95
# Hints that explain why a name or room word fits no guest.
_READ_AS_NOBODY = frozenset({"vacant", "staff_named", "third_party", "preventive"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hypothesis about an order; `listagem_id` None means no guest. Probabilities of an order add up to 1, or to
    less where somebody who is not shown is likelier than doubt: see `decide`."""

    os_id: int
    listagem_id: int | None
    probability: float
    rank: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Shown:
    """The hypotheses of each order of a batch, best first, with their probabilities. A row is a place among the
    weighed pairs, -1 is nobody. One list an order, in the order of the batch."""

    rows: list[list[int]]
    probabilities: list[list[float]]
    doubts: list[float]
    """By order: how much likelier "none of these" is, as a log2, for the guests who cannot be shown."""

    def __iter__(self) -> Iterator[tuple[int, list[int], list[float], float]]:
        return iter(zip(range(len(self.rows)), self.rows, self.probabilities, self.doubts, strict=True))


def nobody(order: Order, model: Model) -> tuple[Reason, ...]:
    hints = [hint for hint in sorted(order.hints) if hint in model.nobody]
    return tuple(Reason("nobody", hint, "", "", model.nobody[hint]) for hint in ("prior", *hints))


def is_unread(order: Order) -> bool:
    """Does the order hold words of a room or person that nothing explains? Then "no guest" is at most even odds."""
    if not order.hints.isdisjoint(_READ_AS_NOBODY):
        return False
    return bool(order.unread) or order.someone or any(person.strength >= SAID for person in order.persons)


def decide(
    weighed: Weighed, found: Hypotheses, none: Floats, elsewhere: Floats, index: HouseIndex, sharpness: float
) -> Shown:
    """Softmax in bits of guests, "no guest" and "somebody who cannot be shown". The share of the last counts as doubt
    (it is added to "no guest") up to the weight of the best guest. Where it is larger, or where words of the order were
    not read, probabilities are left as they are and add up to less than 1: "no guest" is not what the rest means."""
    owners, size = weighed.pairs.left[found.rows], len(none)
    weights, rivals, everything = compete(found.scores, owners, np.column_stack([none, elsewhere]), sharpness)
    best = _best(weights / everything[owners], owners, index.columns.has(HIDDEN)[weighed.pairs.right[found.rows]])
    owners, weights = owners[best], weights[best]
    kept = total_of(weights, owners, size) + rivals[:, 0]
    highest = np.zeros(size)
    first = places(owners) == 0
    highest[owners[first]] = weights[first]
    limit = np.where(highest > rivals[:, 0], MOST_UNSEEN, MOST_UNSEEN_BESIDE_NOBODY)
    unread = np.array([is_unread(order) for order in weighed.batch.orders])
    folded = (1 - kept / everything <= limit) & ~(unread & (highest <= rivals[:, 0]))
    unseen = np.where(kept < (1 - LEAST_DOUBT) * everything, everything - kept, 0.0)
    doubtful = np.maximum(rivals[:, 0], np.minimum(rivals[:, 0] + unseen, MOST_DOUBT * highest))
    doubtful = np.where(folded, doubtful, rivals[:, 0])
    # Words that nobody read stand for somebody at least as likely as nobody.
    rest = np.where(
        unread, np.maximum(everything - kept, rivals[:, 0] - total_of(weights, owners, size)), everything - kept
    )
    kept = np.where(folded, kept + doubtful - rivals[:, 0], kept + np.maximum(rest, 0.0))
    # A weight of nobody too small for a number says nothing about doubt.
    countable = rivals[:, 0] > 0
    doubts = np.zeros(size)
    doubts[countable] = np.log2(doubtful[countable]) - np.log2(rivals[countable, 0])
    return _ranked(owners, found.rows[best], weights / kept[owners], doubtful / kept, doubts)


def _best(probabilities: Floats, owners: NDArray[np.int64], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places of those who are worth showing, by order and, within it, best first; of equal ones the lowest id."""
    likely = np.flatnonzero(~hidden & (probabilities >= MIN_PROBABILITY))
    ordered = likely[np.lexsort((likely, -probabilities[likely], owners[likely]))]
    return ordered[places(owners[ordered]) < BEST]


def _ranked(
    owners: NDArray[np.int64], rows: NDArray[np.int64], shares: Floats, nobodys: Floats, doubts: Floats
) -> Shown:
    """Nobody takes its place behind the guests who are at least as likely."""
    bounds = np.searchsorted(owners, np.arange(len(nobodys) + 1)).tolist()
    everyone, every_share, none = rows.tolist(), shares.tolist(), nobodys.tolist()
    shown = Shown([], [], doubts.tolist())
    for order, share_of_nobody in enumerate(none):
        start, end = bounds[order], bounds[order + 1]
        who, probabilities = everyone[start:end], every_share[start:end]
        place = sum(share >= share_of_nobody for share in probabilities)
        shown.rows.append([*who[:place], -1, *who[place:]])
        shown.probabilities.append([*probabilities[:place], share_of_nobody, *probabilities[place:]])
    return shown
