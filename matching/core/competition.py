"""The hypotheses of one order against each other: each guest, each undivided room, and nobody."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matching.core.index import HouseIndex
from matching.core.model import Model
from matching.core.orders import Order
from matching.core.reasons import Evidence, Reason

# Candidates shown per order, beside "nobody".
BEST = 6
MIN_PROBABILITY = 0.01
# Guests of one booking whose names fit equally badly (within so many bits) are not told apart by the order.
TOLD_APART = 2.5
# Beyond these shares for guests who may not be shown, an order gets no suggestion at all: the rest would lie.
MOST_UNSEEN, MOST_UNSEEN_BESIDE_NOBODY = 0.6, 0.25


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hypothesis about an order; `listagem_id` None means no guest. Probabilities of an order add up to 1."""

    os_id: int
    listagem_id: int | None
    probability: float
    rank: int
    reasons: tuple[Reason, ...]


def nobody(order: Order, model: Model) -> tuple[Reason, ...]:
    hints = [hint for hint in sorted(order.hints) if hint in model.nobody]
    return tuple(Reason("nobody", hint, "", "", model.nobody[hint]) for hint in ("prior", *hints))


def group(weighed: list[Evidence], index: HouseIndex) -> list[Evidence]:
    """Guests of one booking whom nothing in the order tells apart are one hypothesis: the link is to the stay."""
    bookings: dict[object, list[Evidence]] = {}
    for evidence in weighed:
        bookings.setdefault(index.stays[evidence.position].booking, []).append(evidence)
    found: list[Evidence] = []
    for members in bookings.values():
        found += _group(members, index) if len(members) > 1 else members
    return found


def _group(members: list[Evidence], index: HouseIndex) -> list[Evidence]:
    _corroborate(members)
    together = _undivided(members, index)
    shown = [m for m in together if not index.stays[m.position].hidden]
    if len(together) < 2 or not shown:
        return members
    total = math.log2(math.fsum(2**m.score for m in together))
    first = max(shown, key=lambda m: (-m.person, index.stays[m.position].titular, m.score, -m.position))
    first.add(Reason("same_stay", "any_guest", "", str(len(together)), total - first.score))
    return [first, *(m for m in members if m not in together)]


def _corroborate(members: list[Evidence]) -> None:
    """Of two persons named together, each speaks for the other when both sleep on one booking."""
    best: dict[int, float] = {}
    for member in members:
        best[member.person] = max(best.get(member.person, 0.0), member.identity)
    for member in members if len(best) > 1 else ():
        others = math.fsum(bits for person, bits in best.items() if person != member.person)
        if member.identity > 0 and others > 0:
            member.add(Reason("company", "named_too", "", "", others))


def _undivided(members: list[Evidence], index: HouseIndex) -> list[Evidence]:
    best = max(members, key=lambda m: m.identity)
    if best.identity <= 0 and not any(m.named for m in members):
        return [m for m in members if m.identity >= best.identity - TOLD_APART]
    if index.stays[best.position].minor:
        return members
    fitting = [m for m in members if m.identity > 0]
    return fitting if len({m.person for m in fitting}) > 1 else []


def compete(
    order: Order,
    hypotheses: list[Evidence],
    none: tuple[Reason, ...],
    elsewhere: float,
    index: HouseIndex,
    sharp: float,
) -> list[Candidate]:
    """Softmax in bits. Nothing comes back when the one meant is most likely somebody who may not be shown."""
    scores = [h.score for h in hypotheses]
    none_score = math.fsum(r.weight_bits for r in none)
    top = max([*scores, none_score, elsewhere])
    weights = [2 ** (sharp * (score - top)) for score in scores]
    nobody_weight, unseen = 2 ** (sharp * (none_score - top)), 2 ** (sharp * (elsewhere - top))
    pairs = [(w, index.stays[h.position], h) for w, h in zip(weights, hypotheses, strict=True)]
    shown = sorted(((w, s.listagem_id, h) for w, s, h in pairs if not s.hidden), key=lambda x: (-x[0], x[1]))
    everything = math.fsum((*weights, nobody_weight, unseen))
    best = [x for x in shown[:BEST] if x[0] / everything >= MIN_PROBABILITY]
    kept = math.fsum((*(w for w, _, _ in best), nobody_weight))
    limit = MOST_UNSEEN if best and best[0][0] > nobody_weight else MOST_UNSEEN_BESIDE_NOBODY
    if 1 - kept / everything > limit:
        return []
    ranked: list[tuple[float, int | None, Sequence[Reason]]] = [(w, who, h.reasons) for w, who, h in best]
    ranked.append((nobody_weight, None, none))
    ranked.sort(key=lambda x: (-x[0], x[1] is None, x[1] or 0))
    return [
        Candidate(order.os_id, who, w / kept, rank, _sharpened(why, sharp))
        for rank, (w, who, why) in enumerate(ranked, 1)
    ]


def _sharpened(reasons: Sequence[Reason], sharp: float) -> tuple[Reason, ...]:
    """So that the bits of two hypotheses differ by exactly the log2 of their odds."""
    return tuple(reason._replace(weight_bits=reason.weight_bits * sharp) for reason in reasons)
