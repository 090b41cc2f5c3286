"""Takes a batch of decisions back: states, and the links that stand or may stand in Supabase."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import Decision, MatchSuggestion, Order, WriteBack
from matching.models.choices import Verb, WriteKind, WriteState
from matching.review.decision import Conflict
from matching.suggestions.restore import restore_all


def take_back(user: Any, decisions: QuerySet[Decision], orders: Mapping[int, Order], batch: UUID) -> list[Decision]:
    """Call with the orders locked. Returns the undo decisions; raises Conflict when there is nothing left to undo.
    As many queries for thousands as for one, but for their inserts."""
    told = decisions.filter(undone_by=None).select_related("suggestion__stay").order_by("pk")
    told = told.defer("suggestion__reasons", "suggestion__stay__fingerprint", "suggestion__stay__search")
    standing = list(told)
    if any(d.user_id != user.pk for d in standing) and not user.has_perm("matching.undo_others"):
        raise PermissionDenied
    keys = [d.pk for d in standing]
    holding = set(MatchSuggestion.objects.filter(decision__in=keys).values_list("decision_id", flat=True))
    standing = [d for d in standing if d.pk in holding]
    if not standing:
        raise Conflict(_("This decision was already undone or no longer holds. Nothing was changed."))
    undos = Decision.objects.bulk_create(_undo_of(user, d, orders[d.suggestion.order_id], batch) for d in standing)
    restore_all([d.pk for d in standing], orders)
    _unlink(user, {undo.undo_of_id: undo for undo in undos if undo.undo_of_id is not None})
    return undos


def _undo_of(user: Any, decision: Decision, order: Order, batch: UUID) -> Decision:
    decision.suggestion.order = order
    return Decision(
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


def _unlink(user: Any, undos: Mapping[int, Decision]) -> None:
    """An open link is withdrawn; one that is written, or may be on its way, is followed by an unlink."""
    now = timezone.now()
    links = list(WriteBack.objects.select_for_update().filter(decision__in=undos, kind=WriteKind.LINK).order_by("pk"))
    withdrawn = [link.pk for link in links if link.state == WriteState.OPEN]
    WriteBack.objects.filter(pk__in=withdrawn).update(state=WriteState.WITHDRAWN, settled_at=now)
    WriteBack.objects.bulk_create(
        WriteBack(
            kind=WriteKind.UNLINK,
            decision=undos[link.decision_id],
            suggestion_id=link.suggestion_id,
            order_id=link.order_id,
            stay_id=link.stay_id,
            texto_versao=link.texto_versao,
            username=user.get_username(),
            next_try_at=_after_the_last_try(link, now),
        )
        for link in _standing(links)
    )


def _standing(links: Collection[WriteBack]) -> list[WriteBack]:
    return [
        link
        for link in links
        if link.state == WriteState.DONE or (link.state == WriteState.OPEN and link.maybe_written)
    ]


def _after_the_last_try(link: WriteBack, now: datetime) -> datetime:
    """A request still under way must not arrive after the unlink that takes it back."""
    return max(now, link.leased_until) if link.state == WriteState.OPEN and link.leased_until else now
