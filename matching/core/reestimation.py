"""Expectation maximisation of m on "one of the candidates, or none": the hotel's own orders, labels where there are.

u comes from the listing and stays. What a hotel teaches is how its people write: how often the room is the right one,
how often its digits are swapped, how often the phone is the guest's own. The estimate is drawn
towards the model that it starts from, so that a week of orders moves it and a single odd day does not.
What a person said of an order counts instead of the expectation.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from matching.core.engine import Engine
from matching.core.model import Levels, Model
from matching.core.ranking import Candidate

Row = Mapping[str, Any]
Day = tuple[Sequence[Row], Sequence[Row]]
"""Orders, and the listing that they are matched against."""
# Levels that exclude each other and cover what can happen. A name's words are left out: their m is the chance of one
# written form, not of a level.
LEARNED: dict[str, tuple[str, ...]] = {
    "room": ("same", "earlier", "later", "swapped", "one_digit_off", "different"),
    "sex": ("same", "different"),
    "phone": ("same", "last_eight", "different"),
    "day": ("arrival", "departure", "different"),
}
# Sightings that the starting model is worth.
STRENGTH = 400.0
ROUNDS = 4
Who = int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people said of an order: any of `right` is the one meant (None: nobody); empty when all that is known
    is who was `refused`."""

    right: frozenset[Who] = frozenset()
    refused: frozenset[Who] = frozenset()


Verdicts = Mapping[int, Verdict]


def reestimate(
    days: Sequence[Day],
    start: Model | None = None,
    *,
    version: str,
    rounds: int = ROUNDS,
    verdicts: Verdicts | None = None,
) -> Model:
    """A model with the same u and new m. Engines are made once a round: the cost is that of matching `rounds` times."""
    first = model = start or Model()
    for _ in range(rounds):
        found = [c for orders, stays in days for c in Engine(stays, model).match(orders).candidates]
        model = from_candidates(found, first, version=version, verdicts=verdicts)
    return model


def from_candidates(
    candidates: Iterable[Candidate],
    first: Model,
    *,
    version: str,
    verdicts: Verdicts | None = None,
    strength: float = STRENGTH,
) -> Model:
    """One round on what has been matched already. Candidates of an order stand together."""
    seen: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for os_id, of_order in groupby(candidates, key=lambda c: c.os_id):
        hypotheses = list(of_order)
        shares = posterior(hypotheses, (verdicts or {}).get(os_id, Verdict()))
        count_levels(zip(hypotheses, shares, strict=True), seen)
    learned = {
        name: _maximise(first.comparisons[name], LEARNED[name], counts, strength) for name, counts in seen.items()
    }
    return replace(first, comparisons=first.comparisons | learned, version=version)


def posterior(hypotheses: Sequence[Candidate], verdict: Verdict) -> list[float]:
    """Shares of an order's hypotheses once a person has spoken. A right one that is not among them leaves nothing."""
    if verdict.right:
        kept = [c.probability if c.listagem_id in verdict.right else 0.0 for c in hypotheses]
    else:
        kept = [0.0 if c.listagem_id in verdict.refused else c.probability for c in hypotheses]
    total = sum(kept)
    return [share / total for share in kept] if total else kept


def count_levels(weighted: Iterable[tuple[Candidate, float]], seen: dict[str, dict[str, float]]) -> None:
    """E-step: every hypothesis about a guest lends its levels its share."""
    for candidate, share in weighted:
        if candidate.listagem_id is not None and share:
            for reason in candidate.reasons:
                if reason.level in LEARNED.get(reason.comparison, ()):
                    seen[reason.comparison][reason.level] += share


def _maximise(levels: Levels, group: Sequence[str], seen: Mapping[str, float], strength: float) -> Levels:
    """M-step: shares among the levels of the group, on the scale that they had together."""
    scale = sum(levels[level][0] for level in group)
    total = sum(seen.values())
    learned = dict(levels)
    for level in group:
        m, u = levels[level]
        learned[level] = (scale * seen.get(level, 0.0) + strength * m) / (total + strength), u
    return learned
