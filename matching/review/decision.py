"""Whether a decision can be taken or undone; if not, why, in a sentence for the person."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from matching.models import Decision, MatchSuggestion
from matching.models.choices import State, Verb
from matching.presentation.labels import moment, short_name
from matching.review.queue import lease_holder


class Conflict(Exception):
    """The card is out of date. The message is a sentence for people; nothing was changed."""


def check_current(
    suggestion: MatchSuggestion, version: int | None, accepted: MatchSuggestion | None, unwritten: bool
) -> None:
    """Raises Conflict unless the suggestion is still what the person saw. Call it with the order locked.

    `accepted`: the accepted candidate of the order; `unwritten`: a write to Supabase is open for the order.
    """
    order, stay = suggestion.order, suggestion.stay
    if suggestion.state != State.PENDING:
        raise Conflict(decided_sentence(suggestion))
    if order.texto_versao != suggestion.texto_versao:
        raise Conflict(_("The order's text changed while you were reading. Nothing was written; please look again."))
    if version is not None and suggestion.version != version:
        raise Conflict(_("This suggestion changed while you were reading. Nothing was written; please look again."))
    if accepted is not None:
        raise Conflict(decided_sentence(accepted))
    if order.linked and not unwritten:
        raise Conflict(
            _("Order %(order)s is already linked at the hotel. Nothing was written.") % {"order": order.number}
        )
    if stay is not None and stay.unavailable:
        raise Conflict(_("This stay was cancelled or has left the guest list. Nothing was written."))


def repeated_decision(suggestion: MatchSuggestion, user: Any, verb: Verb, version: int | None) -> Decision | None:
    """The decision in force when the same request is sent again because its first answer was lost: by the same
    person, with the same verb, on the version that the person saw."""
    decision = suggestion.decision
    if decision is None or decision.suggestion_id != suggestion.pk or decision.user_id != user.pk:
        return None
    decided = Verb.ACCEPT if decision.verb == Verb.NO_GUEST else decision.verb
    if decided != verb or version is None or suggestion.version != version + 1:
        return None
    decision.suggestion = suggestion
    return decision


def decided_sentence(suggestion: MatchSuggestion) -> str:
    """Who decided and when, or why the suggestion ended without a decision."""
    words = {"order": suggestion.order.number, "end": suggestion.end_reason_words}
    decision = suggestion.decision
    if decision is None:
        return _("Order %(order)s: this suggestion ended by itself (%(end)s). Nothing was written.") % words
    words |= {"who": short_name(decision.user), "at": moment(decision)}
    if suggestion.state == State.ACCEPTED:
        return _("Order %(order)s: %(who)s already accepted this suggestion (%(at)s). Nothing was changed.") % words
    if suggestion.state == State.REJECTED:
        return _("Order %(order)s: %(who)s already rejected this suggestion (%(at)s). Nothing was changed.") % words
    return _("Order %(order)s: %(who)s accepted another candidate (%(at)s). Nothing was changed.") % words


def require_decider(user: Any) -> None:
    if not user.has_perm("matching.decide_suggestion"):
        raise PermissionDenied


def require_free(user: Any, order: int) -> None:
    """Raises Conflict while a colleague has the order's card open, on whatever page the decision was taken."""
    lease = lease_holder(order)
    if lease is not None and lease.user_id != user.pk:
        raise Conflict(
            _("%(who)s has this card open until %(until)s. Nothing was decided.")
            % {"who": short_name(lease.user), "until": time_format(timezone.localtime(lease.until), "H:i")}
        )


def may_undo(decision: Decision, user: Any) -> bool:
    if not user.has_perm("matching.decide_suggestion"):
        return False
    return bool(decision.user_id == user.pk or user.has_perm("matching.undo_others"))


def undoers(decision: Decision, others: Sequence[Any] | None = None) -> list[str]:
    """Names of the people who may undo the decision: who took it, and `others`, by default `undoers_of_others`."""
    others = undoers_of_others() if others is None else others
    people = [decision.user, *(user for user in others if user.pk != decision.user_id)]
    return [short_name(user) for user in people if user.is_active]


def undoers_of_others() -> list[Any]:
    """The people who may undo whatever anybody decided. One query."""
    people = get_user_model()._default_manager.with_perm("matching.undo_others", backend=_BACKEND)
    return list(people.order_by("first_name", "username"))


_BACKEND = "django.contrib.auth.backends.ModelBackend"
