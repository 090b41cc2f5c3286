"""What people decided, as the engine can be asked about it again. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.core import Candidate, Engine, Model
from matching.core.index.house_index import HouseIndex
from matching.core.reestimation import Day, Row, Verdict, Who

Found = Mapping[int, Sequence[Candidate]]
"""Hypotheses by order, best first; an order for which the engine offers nothing is not in it."""
# No model is so sure that one wrong label may cost more than this chance.
FLOOR = 0.001


@dataclass(frozen=True)
class Lessons:
    """`days` hold the decided orders with the house of their time; `verdicts` name each of them. A house is indexed
    once, whichever models are asked about it."""

    days: Sequence[Day]
    verdicts: Mapping[int, Verdict]
    _houses: dict[int, HouseIndex] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.verdicts)

    def only(self, wanted: Callable[[int], bool]) -> "Lessons":
        """The same houses with some of the orders."""
        days = [([o for o in orders if wanted(_id(o))], stays) for orders, stays in self.days]
        verdicts = {key: verdict for key, verdict in self.verdicts.items() if wanted(key)}
        return Lessons([day for day in days if day[0]], verdicts, self._houses)

    def ask(self, model: Model) -> dict[int, list[Candidate]]:
        """Every order again, by this model. Costs a match of all of them."""
        found: dict[int, list[Candidate]] = {}
        for orders, stays in self.days:
            for candidate in Engine(self._house(stays), model).match(orders).candidates:
                found.setdefault(candidate.os_id, []).append(candidate)
        return found

    def _house(self, stays: Sequence[Row]) -> HouseIndex:
        """By the list itself, which the days keep alive."""
        if id(stays) not in self._houses:
            self._houses[id(stays)] = Engine(stays).index
        return self._houses[id(stays)]


def fold_of(order: int, folds: int, seed: int) -> int:
    """Which fold an order is in: the same for the same seed, on any machine, whatever else was decided."""
    digest = hashlib.sha256(f"{seed}:{order}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % folds


def share_of(hypotheses: Iterable[Candidate], whom: frozenset[Who]) -> float:
    return min(1.0, sum(c.probability for c in hypotheses if c.listagem_id in whom))


def chance_of_verdict(hypotheses: Sequence[Candidate], verdict: Verdict) -> float:
    """How likely the hypotheses thought what people then said; never below FLOOR."""
    chance = share_of(hypotheses, verdict.right) if verdict.right else 1 - share_of(hypotheses, verdict.refused)
    return FLOOR + (1 - FLOOR) * chance


def _id(row: Row) -> int:
    return int(row["id"])
