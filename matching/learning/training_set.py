"""The training set: decided orders with the stays of their time, which any model can score. Pure."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.core import Candidate, Engine, Model
from matching.core.index.house_index import HouseIndex
from matching.core.reestimation import Day, Row, Verdict, Who

Found = Mapping[int, Sequence[Candidate]]
"""Hypotheses by order, best first; orders without hypotheses are missing."""
# Lower bound of a probability, so that one wrong label has a bounded loss.
FLOOR = 0.001


@dataclass(frozen=True)
class TrainingSet:
    """`days`: the decided orders with the stays of their time; `verdicts`: the decisions, by order. The stays of a day
    are indexed once for all models."""

    days: Sequence[Day]
    verdicts: Mapping[int, Verdict]
    _indexes: dict[int, HouseIndex] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.verdicts)

    def only(self, wanted: Container[int]) -> "TrainingSet":
        """These orders, with the same stays."""
        days = [([o for o in orders if _id(o) in wanted], stays) for orders, stays in self.days]
        verdicts = {key: verdict for key, verdict in self.verdicts.items() if key in wanted}
        return TrainingSet([day for day in days if day[0]], verdicts, self._indexes)

    def score(self, model: Model) -> dict[int, list[Candidate]]:
        """The hypotheses of a model for every order, at the cost of matching all of them."""
        found: dict[int, list[Candidate]] = {}
        for orders, stays in self.days:
            for candidate in Engine(self._index(stays), model).match(orders).candidates:
                found.setdefault(candidate.os_id, []).append(candidate)
        return found

    def _index(self, stays: Sequence[Row]) -> HouseIndex:
        """Cached by the identity of the list, which `days` keeps alive."""
        if id(stays) not in self._indexes:
            self._indexes[id(stays)] = Engine(stays).index
        return self._indexes[id(stays)]


def fold_of(order: int, folds: int, seed: int) -> int:
    """The fold of an order: it depends only on the order and the seed."""
    digest = hashlib.sha256(f"{seed}:{order}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds


def share_of(hypotheses: Iterable[Candidate], whom: frozenset[Who]) -> float:
    return min(1.0, sum(c.probability for c in hypotheses if c.listagem_id in whom))


def chance_of_verdict(hypotheses: Sequence[Candidate], verdict: Verdict) -> float:
    """The probability that the hypotheses gave to the verdict, at least FLOOR."""
    chance = share_of(hypotheses, verdict.right) if verdict.right else 1 - share_of(hypotheses, verdict.refused)
    return FLOOR + (1 - FLOOR) * chance


def _id(row: Row) -> int:
    return int(row["id"])
