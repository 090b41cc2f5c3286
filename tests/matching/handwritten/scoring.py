"""Suggestions against hand-written orders: first right, recall at three, and how far a sure head may be trusted.

A folder holds orders.jsonl and stays.jsonl (rows as PostgREST gives them) and truth.jsonl: {"os_id", "answer": ids any
of which is right, or "none", or "undecidable", "lenient": ids that a colleague would also accept, "kind", "lang"}.
"""

import json
import math
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matching.core import Candidate, match

HERE = Path(__file__).parent
HOTELS = (
    "business",
    "pousada",
    "hospital",
    "hostel",
    "flat",
    "fazenda",
    "resort",
    "misto",
    "serra",
    "costa",
    "praia",
    "torres",
)
SURE = 0.9


@dataclass
class Score:
    """Counts over the orders of one hotel or of one kind."""

    about_a_guest: int = 0
    first_right: int = 0
    among_three: int = 0
    sure: int = 0
    sure_right: int = 0
    about_nobody: int = 0
    nobody_right: int = 0
    unanswered: int = 0
    odds_off: int = 0
    """Candidates whose reasons do not add up to the probability shown, by more than .05."""
    kinds: dict[str, "Score"] = field(default_factory=dict)

    def take(self, truth: dict[str, Any], found: list[Candidate]) -> None:
        self.unanswered += not found
        self.odds_off += sum(abs(_told(candidate) - candidate.probability) > 0.05 for candidate in found)
        first = found[0] if found else None
        answer = truth["answer"]
        right = first is not None and _is_right(answer, first)
        if isinstance(answer, list):
            self.about_a_guest += 1
            self.first_right += right
            self.among_three += any(candidate.listagem_id in answer for candidate in found[:3])
        elif answer == "none":
            self.about_nobody += 1
            self.nobody_right += right
        if first is not None and first.probability >= SURE:
            self.sure += 1
            self.sure_right += right


def _told(candidate: Candidate) -> float:
    """The probability that the bits of a candidate's reasons add up to."""
    return 1 / (1 + math.exp2(-math.fsum(reason.weight_bits for reason in candidate.reasons)))


def _is_right(answer: Any, first: Candidate) -> bool:
    """A sure claim on an undecidable order is never right."""
    if answer == "undecidable":
        return first.probability < SURE
    return first.listagem_id is None if answer == "none" else first.listagem_id in answer


def rows(hotel: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / hotel / f"{name}.jsonl").read_text("utf-8").splitlines()]


def score(hotel: str) -> Score:
    found: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in match(rows(hotel, "orders"), rows(hotel, "stays")):
        found[candidate.os_id].append(candidate)
    whole = Score()
    for truth in rows(hotel, "truth"):
        whole.take(truth, found[truth["os_id"]])
        whole.kinds.setdefault(truth["kind"], Score()).take(truth, found[truth["os_id"]])
    return whole
