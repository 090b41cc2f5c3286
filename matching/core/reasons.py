"""Evidence as data: the explanation of a score is the additive weights themselves."""

import math
from dataclasses import dataclass
from typing import NamedTuple


class Reason(NamedTuple):
    """One piece of evidence. The bits of a candidate's reasons add up to its score; no document, no whole phone."""

    comparison: str
    level: str
    order_value: str
    guest_value: str
    weight_bits: float


@dataclass(slots=True, eq=False)
class Evidence:
    """All that speaks for and against one stay."""

    position: int
    reasons: list[Reason]
    identity: float
    """Bits of what tells the guests of one room apart: name, sex, phone, document."""
    person: int
    """Place in the order of the person who fits this guest best."""
    named: bool
    """Does a word of the order mean this guest's name, however common it is?"""
    score: float = 0.0
    """The sum of the bits of all reasons."""

    def __post_init__(self) -> None:
        self.score = math.fsum([reason.weight_bits for reason in self.reasons])

    def add(self, reason: Reason) -> None:
        self.reasons.append(reason)
        self.score += reason.weight_bits
