"""Scores orders against stays: rows of the hotel in, candidates out. The pipeline's way to the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matching.core import Candidate, Engine, Model, RoomDirectory, Skipped


@dataclass(frozen=True, slots=True)
class MatchResult:
    """`candidates`: order by order, best first, "no guest" included; `skipped`: rows that could not be read."""

    candidates: tuple[Candidate, ...]
    model_version: str
    skipped: tuple[Skipped, ...]


def match_orders(
    orders: Sequence[Mapping[str, Any]],
    stays: Sequence[Mapping[str, Any]],
    *,
    model: Model | None = None,
    directory: RoomDirectory | None = None,
    business_date: date | None = None,
    order_aliases: Mapping[int, Mapping[str, str]] | None = None,
) -> MatchResult:
    """Pure computation, which may run in a thread. A row that cannot be read is skipped; it raises nothing.

    `directory` adds rooms and aliases to those of the listing; `order_aliases` (order id -> spelling -> room key) hold
    for one order each; `business_date` dates the orders without a readable date of their own.
    """
    engine = Engine(stays, model, directory=directory, business_date=business_date, order_aliases=order_aliases)
    outcome = engine.match(orders)
    return MatchResult(tuple(outcome.candidates), engine.model.version, tuple(outcome.skipped))
