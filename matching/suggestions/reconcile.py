"""What publishing changes for one order, computed in memory: the same input a second time means no write at all."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matching.core import Candidate, Reason
from matching.hotel_rows import Fingerprint
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import EndReason, State
from sistema_os.masking import masked_phones, without_documents

MAX_GUESTS = 3
# Less would be displayed as 0,00.
MIN_PROBABILITY = Decimal("0.005")
# A rejection leaves this part of the rejected probability to nobody: the right guest may be on no list.
NONE_OF_THESE = 0.05
_PLACES = Decimal("0.0001")

# Stay id, or None for "no guest" -> fingerprints of the order and the stay when a person rejected the pair.
Rejections = Mapping[int | None, tuple[Fingerprint, Fingerprint]]


@dataclass
class Changes:
    """`withheld`: candidates that a person has rejected and that are still the same."""

    create: list[MatchSuggestion] = field(default_factory=list)
    rescore: list[MatchSuggestion] = field(default_factory=list)
    supersede: list[tuple[MatchSuggestion, EndReason]] = field(default_factory=list)
    unchanged: int = 0
    withheld: int = 0


def reconcile_order(
    order: Order,
    alive: Collection[MatchSuggestion],
    candidates: Iterable[Candidate],
    stays: Mapping[int, Stay],
    rejections: Rejections,
    *,
    model_version: str,
    run_id: int | None,
) -> Changes:
    """Orders with an accepted suggestion, linked orders and closed orders get no new suggestions."""
    changes = Changes()
    stale = [s for s in alive if s.state == State.PENDING and s.texto_versao < order.texto_versao]
    changes.supersede = [(suggestion, EndReason.TEXT_CHANGED) for suggestion in stale]
    if order.closed or order.linked or any(s.state == State.ACCEPTED for s in alive):
        return changes
    allowed = [candidate for candidate in candidates if _is_available(candidate, stays)]
    offered = [candidate for candidate in allowed if not _is_rejected(candidate, order, stays, rejections)]
    changes.withheld = len(allowed) - len(offered)
    remaining = remaining_probability(sum(candidate.probability for candidate in allowed if candidate not in offered))

    offered.sort(key=lambda c: (-_rounded(c.probability), c.listagem_id is None, c.listagem_id or 0))
    guests = [candidate for candidate in offered if candidate.listagem_id is not None][:MAX_GUESTS]
    kept = [candidate for candidate in offered if candidate.listagem_id is None or candidate in guests]
    pending = {s.stay_id: s for s in alive if s.state == State.PENDING and s not in stale}
    for rank, candidate in enumerate(kept, start=1):
        scored = {
            "probability": _rounded(candidate.probability / remaining),
            "rank": rank,
            "reasons": [cleaned_reason(reason) for reason in candidate.reasons],
            "model_version": model_version,
        }
        present = pending.pop(candidate.listagem_id, None)
        if present is None:
            stay = stays[candidate.listagem_id] if candidate.listagem_id is not None else None
            new = MatchSuggestion(order=order, stay=stay, texto_versao=order.texto_versao, run_id=run_id, **scored)
            changes.create.append(new)
        elif all(getattr(present, name) == value for name, value in scored.items()):
            changes.unchanged += 1
        else:
            for name, value in scored.items():
                setattr(present, name, value)
            present.run_id = run_id
            changes.rescore.append(present)
    changes.supersede += [(suggestion, EndReason.OUTRANKED) for suggestion in pending.values()]
    return changes


def _is_available(candidate: Candidate, stays: Mapping[int, Stay]) -> bool:
    if candidate.listagem_id is None:
        return True
    stay = stays.get(candidate.listagem_id)
    return stay is not None and not stay.unavailable and _rounded(candidate.probability) >= MIN_PROBABILITY


def _is_rejected(candidate: Candidate, order: Order, stays: Mapping[int, Stay], rejections: Rejections) -> bool:
    """A rejected pair is offered again only when the order or the stay has changed since."""
    if candidate.listagem_id not in rejections:
        return False
    stay = stays[candidate.listagem_id].fingerprint if candidate.listagem_id is not None else {}
    return rejections[candidate.listagem_id] == (order.fingerprint, stay)


def remaining_probability(rejected: float) -> float:
    """What the other candidates' probabilities are divided by when so much of an order's probability was rejected.

    They grow and add up to less than 1: the rejection of what looked certain makes nothing else certain.
    """
    return 1 - min(1.0, rejected) * (1 - NONE_OF_THESE)


def _rounded(probability: float) -> Decimal:
    return min(max(Decimal(str(probability)), Decimal(0)), Decimal(1)).quantize(_PLACES)


def cleaned_reason(reason: Reason) -> dict[str, Any]:
    """A reason as it is stored and shown: without documents and whole phones."""
    return {
        "comparison": reason.comparison,
        "level": reason.level,
        "order_value": _masked(reason.order_value),
        "guest_value": _masked(reason.guest_value),
        "weight_bits": round(float(reason.weight_bits), 3),
    }


def _masked(value: str) -> str:
    return without_documents(masked_phones(value))
