"""Takes a batch of decisions back: states, and the links that stand or may stand in Supabase."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import Decision, MatchSuggestion, Order, WriteBack
from matching.restoring import restore
from matching.states import Verb, WriteKind, WriteState
from matching.verdicts import Conflict


def take_back(user: Any, decisions: QuerySet[Decision], orders: Mapping[int, Order], batch: UUID) -> list[Decision]:
    """Call with the orders locked. Returns the undo decisions; raises Conflict when there is nothing left to undo."""
    standing = [d for d in decisions.select_related("suggestion", "user").order_by("pk") if not _undone(d)]
    if any(d.user_id != user.pk for d in standing) and not user.has_perm("matching.undo_others"):
        raise PermissionDenied
    standing = [d for d in standing if MatchSuggestion.objects.filter(decision=d).exists()]
    if not standing:
        raise Conflict(_("This decision was already undone or no longer holds. Nothing was changed."))
    return [_undo_one(user, d, orders[d.suggestion.order_id], batch) for d in standing]


def _undone(decision: Decision) -> bool:
    return Decision.objects.filter(undo_of=decision).exists()


def _undo_one(user: Any, decision: Decision, order: Order, batch: UUID) -> Decision:
    undo = Decision.objects.create(
        user=user,
        verb=Verb.UNDO,
        suggestion=decision.suggestion,
        batch=batch,
        order_fingerprint=decision.order_fingerprint,
        stay_fingerprint=decision.stay_fingerprint,
        probability=decision.probability,
        model_version=decision.model_version,
        texto_versao=decision.texto_versao,
        undo_of=decision,
    )
    restore(decision, order)
    link = WriteBack.objects.select_for_update().filter(decision=decision, kind=WriteKind.LINK).first()
    if link is not None:
        _unlink(user, link, undo)
    return undo


def _unlink(user: Any, link: WriteBack, undo: Decision) -> None:
    """An open link is withdrawn; one that is written, or may be on its way, is followed by an unlink."""
    now = timezone.now()
    WriteBack.objects.filter(pk=link.pk, state=WriteState.OPEN).update(state=WriteState.WITHDRAWN, settled_at=now)
    if link.state == WriteState.DONE or (link.state == WriteState.OPEN and link.maybe_written):
        WriteBack.objects.create(
            kind=WriteKind.UNLINK,
            decision=undo,
            suggestion=link.suggestion,
            order_id=link.order_id,
            stay_id=link.stay_id,
            texto_versao=link.texto_versao,
            username=user.get_username(),
            next_try_at=_after_the_last_try(link, now),
        )


def _after_the_last_try(link: WriteBack, now: datetime) -> datetime:
    """A request still under way must not arrive after the unlink that takes it back."""
    return max(now, link.leased_until) if link.state == WriteState.OPEN and link.leased_until else now
