"""Evidence as data: the explanation of a score is the additive weights themselves."""

from typing import NamedTuple


class Reason(NamedTuple):
    """One piece of evidence. The bits of a candidate's reasons add up to its score; no document, no whole phone."""

    comparison: str
    level: str
    order_value: str
    guest_value: str
    weight_bits: float
