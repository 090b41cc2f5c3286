"""The one-way copy of our suggestions in the hotel's database, `sugestoes_match`, for its other tools."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import F
from django.utils import translation

from matching.models import MatchSuggestion
from matching.models.choices import State
from matching.presentation import agreement, comparison_words
from sistema_os.supabase import ChunkOutcome, Conflict, SupabaseClient

CHUNK = 500
_FOREIGN_KEY_VIOLATION = "23503"
CheckFence = Callable[[], Awaitable[None]]

STATUS = {
    State.PENDING: "pendente",
    State.ACCEPTED: "aceita",
    State.REJECTED: "rejeitada",
    State.EXPIRED: "expirada",
    State.SUPERSEDED: "substituida",
}


async def mirror(supabase: SupabaseClient, check_fence: CheckFence) -> int:
    """Sends the suggestions that changed since they were last sent; returns how many. A suggestion that changes during
    the request stays due."""
    sent = 0
    while chunk := await sync_to_async(_due)():
        await check_fence()
        await _send(supabase, await sync_to_async(_rows)(chunk))
        await sync_to_async(_mark_sent)(chunk)
        sent += len(chunk)
    return sent


async def _send(supabase: SupabaseClient, rows: list[dict[str, Any]]) -> None:
    """A suggestion whose order or stay no longer exists at the hotel violates a foreign key and fails its whole chunk:
    halving the chunk isolates it, and it is left out."""
    table = supabase.async_table("sugestoes_match")
    outcomes = await table.upsert_many(rows, on_conflict="app_id")
    if len(rows) > 1 and any(map(_is_orphan, outcomes)):
        middle = len(rows) // 2
        await _send(supabase, rows[:middle])
        await _send(supabase, rows[middle:])
    elif not any(map(_is_orphan, outcomes)):
        outcomes.raise_for_failure()


def _is_orphan(outcome: ChunkOutcome) -> bool:
    return isinstance(outcome.error, Conflict) and outcome.error.code == _FOREIGN_KEY_VIOLATION


def _due() -> list[MatchSuggestion]:
    due = MatchSuggestion.objects.filter(version__gt=F("mirrored_version")).order_by("pk")
    return list(due.select_related("decision__user")[:CHUNK])


def _mark_sent(chunk: Sequence[MatchSuggestion]) -> None:
    for suggestion in chunk:
        suggestion.mirrored_version = suggestion.version
    MatchSuggestion.objects.bulk_update(chunk, ["mirrored_version"])


def _rows(chunk: Sequence[MatchSuggestion]) -> list[dict[str, Any]]:
    with translation.override("pt-br"):
        return [_row(suggestion) for suggestion in chunk]


def _row(suggestion: MatchSuggestion) -> dict[str, Any]:
    decided = suggestion.decision if suggestion.state in (State.ACCEPTED, State.REJECTED) else None
    return {
        "app_id": str(suggestion.pk),
        "os_id": suggestion.order_id,
        "listagem_id": suggestion.stay_id,
        "probabilidade": float(suggestion.probability),
        "posicao": suggestion.rank,
        "motivos": [_reason(reason) for reason in suggestion.reasons],
        "modelo": suggestion.model_version,
        "texto_versao": suggestion.texto_versao,
        "status": STATUS[State(suggestion.state)],
        "motivo_fim": _end_reason(suggestion),
        "decidida_por": decided.user.get_username() if decided else None,
        "decidida_em": decided.at.isoformat() if decided else None,
    }


def _end_reason(suggestion: MatchSuggestion) -> str | None:
    if suggestion.state == State.REJECTED and suggestion.decision and suggestion.decision.reason:
        return suggestion.decision.reason_words
    return suggestion.end_reason_words or None


def _reason(reason: dict[str, Any]) -> dict[str, Any]:
    return {
        "campo": comparison_words(reason["comparison"]),
        "concordancia": str(agreement(reason).word),
        "ordem": reason["order_value"],
        "hospede": reason["guest_value"],
        "bits": reason["weight_bits"],
    }
