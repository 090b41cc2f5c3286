"""Expectation maximisation of m on "one of the candidates, or none": no labels, only the hotel's own orders.

u comes from the listing and stays. What a hotel teaches is how its people write: how often the room is the right one,
how often its digits are swapped, how often the phone is the guest's own. The estimate is drawn
towards the model that it starts from, so that a week of orders moves it and a single odd day does not.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matching.core.competition import Candidate
from matching.core.engine import Engine
from matching.core.model import Levels, Model

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


def reestimate(days: Sequence[Day], start: Model | None = None, *, version: str, rounds: int = ROUNDS) -> Model:
    """A model with the same u and new m. Engines are made once a round: the cost is that of matching `rounds` times."""
    first = model = start or Model()
    for _ in range(rounds):
        seen: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for orders, stays in days:
            count_levels(Engine(stays, model).match(orders).candidates, seen)
        learned = {name: _maximise(first.comparisons[name], LEARNED[name], counts) for name, counts in seen.items()}
        comparisons = first.comparisons | learned
        model = replace(first, comparisons=comparisons, version=version)
    return model


def count_levels(candidates: Iterable[Candidate], seen: dict[str, dict[str, float]]) -> None:
    """E-step: every hypothesis about a guest lends its levels its probability."""
    for candidate in candidates:
        if candidate.listagem_id is not None:
            for reason in candidate.reasons:
                if reason.level in LEARNED.get(reason.comparison, ()):
                    seen[reason.comparison][reason.level] += candidate.probability


def _maximise(levels: Levels, group: Sequence[str], seen: Mapping[str, float]) -> Levels:
    """M-step: shares among the levels of the group, on the scale that they had together."""
    scale = sum(levels[level][0] for level in group)
    total = sum(seen.values())
    learned = dict(levels)
    for level in group:
        m, u = levels[level]
        learned[level] = (scale * seen.get(level, 0.0) + STRENGTH * m) / (total + STRENGTH), u
    return learned
