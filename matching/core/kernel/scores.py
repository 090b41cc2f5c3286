"""Scores of hypotheses against each other: sums and shares by query, and links where a record is used once."""

import numpy as np
from numpy.typing import NDArray

from matching.core.kernel.blocks import Floats, Ints


def heads(owners: Ints) -> NDArray[np.int64]:
    """Where each run of equal owners begins."""
    return np.flatnonzero(np.diff(owners, prepend=-1))


def runs(owners: Ints) -> list[tuple[int, int]]:
    """Start and end of each run of equal owners."""
    first = heads(owners).tolist()
    return list(zip(first, [*first[1:], len(owners)], strict=False))


def best_of(scores: Floats, owners: Ints, size: int) -> Floats:
    """The highest score of each owner; minus infinity for one without any. Owners ascend."""
    found = np.full(size, -np.inf)
    if len(scores):
        first = heads(owners)
        found[owners[first]] = np.maximum.reduceat(scores, first)
    return found


def total_of(values: Floats, owners: Ints, size: int) -> Floats:
    """The sum of each owner's values, the same whoever stands beside it. Owners ascend."""
    found = np.zeros(size)
    if len(values):
        first = heads(owners)
        found[owners[first]] = np.add.reduceat(values, first)
    return found


def places(owners: Ints) -> NDArray[np.int64]:
    """0, 1, 2 … within each run of equal owners."""
    first = heads(owners)
    counts = np.diff(np.append(first, len(owners)))
    return np.arange(len(owners)) - np.repeat(first, counts)


def compete(scores: Floats, owners: Ints, rivals: Floats, sharpness: float = 1.0) -> tuple[Floats, Floats, Floats]:
    """Softmax in bits within each owner, against rivals that every owner has (rows: owners; "nobody", "somebody else").

    Weights of the hypotheses, of the rivals, and their total by owner; the best of an owner weighs 1.
    """
    size = len(rivals)
    top = np.maximum(best_of(scores, owners, size), rivals.max(axis=1))
    weights = np.exp2(sharpness * (scores - top[owners]))
    against = np.exp2(sharpness * (rivals - top[:, None]))
    return weights, against, total_of(weights, owners, size) + against.sum(axis=1)


def one_to_one(left: Ints, right: Ints, scores: Floats, threshold: float) -> NDArray[np.int64]:
    """Greedy links, best score first, each record used once: places of the pairs that are links, ascending."""
    hopeful = np.flatnonzero(scores >= threshold)
    order = hopeful[np.lexsort((right[hopeful], left[hopeful], -scores[hopeful]))]
    used_left: set[int] = set()
    used_right: set[int] = set()
    links: list[int] = []
    for place, one, other in zip(order.tolist(), left[order].tolist(), right[order].tolist(), strict=True):
        if one not in used_left and other not in used_right:
            used_left.add(one)
            used_right.add(other)
            links.append(place)
    return np.sort(np.array(links, dtype=np.int64))
