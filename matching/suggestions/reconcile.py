"""What publishing changes for one order: decided in memory, so that the same input means no write at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from matching.hotel_rows import Fingerprint
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import EndReason, State
from sistema_os.masking import clean_reason

BEST_STAYS = 3
# Below this a candidate would show as 0,00.
FLOOR = Decimal("0.005")
# A no leaves its share to the others, but for this part of it: it may also mean that the right one is on no list.
NONE_OF_THESE = 0.05
_PLACES = Decimal("0.0001")


class ReasonLike(Protocol):
    @property
    def comparison(self) -> str: ...
    @property
    def level(self) -> str: ...
    @property
    def order_value(self) -> str | None: ...
    @property
    def guest_value(self) -> str | None: ...
    @property
    def weight_bits(self) -> float: ...


class CandidateLike(Protocol):
    @property
    def os_id(self) -> int: ...
    @property
    def listagem_id(self) -> int | None: ...
    @property
    def probability(self) -> float: ...
    @property
    def reasons(self) -> Sequence[Any]: ...


# What a person said no to: (stay or None) -> the two fingerprints of that moment.
Memory = Mapping[int | None, tuple[Fingerprint, Fingerprint]]


@dataclass(frozen=True)
class Wanted:
    stay: Stay | None
    probability: Decimal
    rank: int
    reasons: list[dict[str, Any]]
    model_version: str


@dataclass
class Plan:
    create: list[MatchSuggestion] = field(default_factory=list)
    rescore: list[MatchSuggestion] = field(default_factory=list)
    end: list[tuple[MatchSuggestion, EndReason]] = field(default_factory=list)
    unchanged: int = 0
    withheld: int = 0


def plan(
    order: Order,
    alive: Iterable[MatchSuggestion],
    candidates: Iterable[CandidateLike],
    stays: Mapping[int, Stay],
    memory: Memory,
    *,
    model_version: str,
    run_id: int | None,
) -> Plan:
    """An accepted suggestion is left alone, and with it the whole order; so is an order that is linked or closed."""
    found = Plan()
    pending = [s for s in alive if s.state == State.PENDING]
    stale = [s for s in pending if s.texto_versao < order.texto_versao]
    found.end = [(s, EndReason.TEXT_CHANGED) for s in stale]
    if order.closed or order.linked or any(s.state == State.ACCEPTED for s in alive):
        return found
    allowed = [c for c in candidates if _may_be_offered(c, stays)]
    offered = [c for c in allowed if not _already_refused(c, order, stays, memory)]
    found.withheld = len(allowed) - len(offered)
    refused = sum(c.probability for c in allowed if c not in offered)
    wanted = _best(offered, stays, model_version, left_after(refused))
    _merge(found, order, {s.stay_id: s for s in pending if s not in stale}, wanted, run_id)
    return found


def _may_be_offered(candidate: CandidateLike, stays: Mapping[int, Stay]) -> bool:
    if candidate.listagem_id is None:
        return True
    stay = stays.get(candidate.listagem_id)
    return stay is not None and not stay.unavailable and _rounded(candidate.probability) >= FLOOR


def _already_refused(candidate: CandidateLike, order: Order, stays: Mapping[int, Stay], memory: Memory) -> bool:
    """A rejected pair comes back only when one of its sides is no longer what the person saw."""
    if candidate.listagem_id not in memory:
        return False
    stay = stays[candidate.listagem_id].fingerprint if candidate.listagem_id is not None else {}
    return memory[candidate.listagem_id] == (order.fingerprint, stay)


def left_after(refused: float) -> float:
    """What the probabilities of the others are divided by once so much of the order's has been refused.

    They grow, and add up to less than 1: after a no to what looked certain, nothing else becomes certain by it.
    """
    return 1 - min(1.0, refused) * (1 - NONE_OF_THESE)


def _best(
    candidates: Sequence[CandidateLike], stays: Mapping[int, Stay], model_version: str, whole: float
) -> list[Wanted]:
    by_probability = sorted(
        candidates, key=lambda c: (-_rounded(c.probability), c.listagem_id is None, c.listagem_id or 0)
    )
    guests = [c for c in by_probability if c.listagem_id is not None][:BEST_STAYS]
    kept = [c for c in by_probability if c.listagem_id is None or c in guests]
    return [
        Wanted(
            stay=stays[c.listagem_id] if c.listagem_id is not None else None,
            probability=_rounded(c.probability / whole),
            rank=rank,
            reasons=[clean_reason(_as_dict(r)) for r in c.reasons],
            model_version=model_version,
        )
        for rank, c in enumerate(kept, start=1)
    ]


def _as_dict(reason: ReasonLike) -> dict[str, Any]:
    names = ("comparison", "level", "order_value", "guest_value", "weight_bits")
    return {name: getattr(reason, name) for name in names}


def _rounded(probability: float) -> Decimal:
    return min(max(Decimal(str(probability)), Decimal(0)), Decimal(1)).quantize(_PLACES)


def _merge(
    found: Plan,
    order: Order,
    pending: dict[int | None, MatchSuggestion],
    wanted: Iterable[Wanted],
    run_id: int | None,
) -> None:
    for want in wanted:
        present = pending.pop(want.stay.pk if want.stay else None, None)
        if present is None:
            found.create.append(
                MatchSuggestion(
                    order=order, texto_versao=order.texto_versao, run_id=run_id, **_fields(want), stay=want.stay
                )
            )
        elif all(getattr(present, name) == value for name, value in _fields(want).items()):
            found.unchanged += 1
        else:
            for name, value in _fields(want).items():
                setattr(present, name, value)
            present.run_id = run_id
            found.rescore.append(present)
    found.end += [(s, EndReason.OUTRANKED) for s in pending.values()]


def _fields(want: Wanted) -> dict[str, Any]:
    return {
        "probability": want.probability,
        "rank": want.rank,
        "reasons": want.reasons,
        "model_version": want.model_version,
    }
