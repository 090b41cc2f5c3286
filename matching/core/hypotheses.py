"""Guests of one booking whom nothing in the order tells apart are one hypothesis: the link is to the stay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.index.columns import HIDDEN, MINOR, TITULAR
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import Floats
from matching.core.kernel.scores import heads
from matching.core.weights import Weighed

# Guests of one booking whose names fit equally badly (within so many bits) are not told apart by the order.
TOLD_APART = 2.5


@dataclass(frozen=True)
class Hypotheses:
    """Pairs that stand for themselves or for all guests of a stay, with what the others of the booking add."""

    rows: NDArray[np.int64]
    """Places among the weighed pairs, ascending."""
    scores: Floats
    company: Floats
    """By pair: bits that a second person named, who sleeps on the same booking, lends it."""
    together: Floats
    """By pair: bits of all guests of the stay over those of the one who stands for them."""
    counts: NDArray[np.int64]
    """By pair: for how many guests it stands; 0 where for itself alone."""


@dataclass(frozen=True)
class _Members:
    """Pairs whose order has others of the same booking; the members of one booking stand together, ascending."""

    rows: NDArray[np.int64]
    booking: NDArray[np.int64]
    first: NDArray[np.int64]


def group(weighed: Weighed, index: HouseIndex) -> Hypotheses:
    size = len(weighed.pairs)
    scores, company, together = weighed.scores.copy(), np.zeros(size), np.zeros(size)
    counts, kept = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool)
    members = _members(weighed, index)
    if len(members.rows):
        company[members.rows] = _company(weighed, members)
        scores += company
        united = _undivided(weighed, members, index)
        rows, into, sums = _first(weighed, members, united, scores[members.rows], index)
        standing = np.isin(members.booking, into)
        kept[members.rows[united & standing]] = False
        kept[rows] = True
        counts[rows] = np.bincount(members.booking, united)[into]
        together[rows] = sums - scores[rows]
        scores[rows] = sums
    chosen = np.flatnonzero(kept)
    return Hypotheses(chosen, scores[chosen], company, together, counts)


def _members(weighed: Weighed, index: HouseIndex) -> _Members:
    bookings = weighed.pairs.left * (int(index.bookings.max(initial=0)) + 1) + index.bookings[weighed.pairs.right]
    order = np.argsort(bookings, kind="stable")
    _, places, sizes = np.unique(bookings[order], return_inverse=True, return_counts=True)
    rows = order[sizes[places] > 1]
    owners = np.unique(bookings[rows], return_inverse=True)[1]
    return _Members(rows, owners, heads(owners))


def _company(weighed: Weighed, members: _Members) -> Floats:
    """Of two persons named together, each speaks for the other when both sleep on one booking."""
    persons, identity = weighed.best.person[members.rows], weighed.identity[members.rows]
    best = np.zeros((len(members.first), int(persons.max(initial=0)) + 1))
    np.maximum.at(best, (members.booking, persons), identity)
    others = best.sum(axis=1)[members.booking] - best[members.booking, persons]
    several = np.zeros(best.shape, dtype=bool)
    several[members.booking, persons] = True
    named = (several.sum(axis=1) > 1)[members.booking] & (identity > 0) & (others > 1e-9)
    return np.where(named, others, 0.0)


def _undivided(weighed: Weighed, members: _Members, index: HouseIndex) -> NDArray[np.bool_]:
    """Which members the order does not tell apart from the best of their booking."""
    identity, named = weighed.identity[members.rows], weighed.best.named[members.rows]
    highest = np.maximum.reduceat(identity, members.first)
    place = np.where(identity == highest[members.booking], np.arange(len(identity)), len(identity))
    best = np.minimum.reduceat(place, members.first)
    persons = np.diff(weighed.batch.person_starts)[weighed.pairs.left[members.rows[members.first]]]
    unnamed = (highest <= 0) | (persons == 0)
    nobody = (unnamed & ~np.logical_or.reduceat(named, members.first))[members.booking]
    child = index.columns.has(MINOR)[weighed.pairs.right[members.rows[best]]][members.booking]
    alike = identity >= highest[members.booking] - TOLD_APART
    return np.where(nobody, alike, np.where(child, True, _named_too(weighed, members)))


def _named_too(weighed: Weighed, members: _Members) -> NDArray[np.bool_]:
    """Those who fit, where they fit as different persons of the order."""
    fits = weighed.identity[members.rows] > 0
    persons = weighed.best.person[members.rows]
    lowest = np.minimum.reduceat(np.where(fits, persons, len(persons) + 9), members.first)
    highest = np.maximum.reduceat(np.where(fits, persons, -1), members.first)
    return np.asarray(fits & (highest > lowest)[members.booking])


def _first(
    weighed: Weighed, members: _Members, united: NDArray[np.bool_], scores: Floats, index: HouseIndex
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The pair that stands for its booking, the booking's place, and the bits of all who are united in it."""
    stays, persons = weighed.pairs.right[members.rows], weighed.best.person[members.rows]
    shown = united & ~index.columns.has(HIDDEN)[stays]
    count = np.bincount(members.booking, united, minlength=len(members.first))
    enough = (count >= 2) & (np.bincount(members.booking, shown, minlength=len(members.first)) > 0)
    main = index.columns.has(TITULAR)[stays]
    places = np.arange(len(members.rows))
    order = np.lexsort((places, -scores, ~main, persons, ~shown, members.booking))
    leaders = order[members.first][enough]
    into = np.flatnonzero(enough)
    top = np.maximum.reduceat(scores, members.first)
    weights = np.where(united, np.exp2(scores - top[members.booking]), 0.0)
    sums = top[into] + np.log2(np.add.reduceat(weights, members.first)[into])
    return members.rows[leaders], into, sums
