"""The one way from a button to `matching.review`: reads what was pressed, tells the person what came of it.

A button's value names what the person saw: `<suggestion>:<version>`, `<order>:<texto_versao>` or a decision's id.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import review
from matching.models import Decision, MatchSuggestion, Order
from matching.states import Verb

BUTTONS = ("accept", "reject", "no_guest", "undo")


def pressed(request: HttpRequest) -> str | None:
    return next((name for name in BUTTONS if request.method == "POST" and name in request.POST), None)


def act(request: HttpRequest, button: str, *, quiet: bool = False) -> bool:
    """False when the card was no longer true; the person has been told why. A forged value is a 404.
    `quiet`: the page itself shows what was decided, so only what went otherwise becomes a message."""
    try:
        outcome = _carry_out(request, button, str(request.POST[button]))
    except review.Conflict as conflict:
        messages.error(request, str(conflict))
        return False
    except (MatchSuggestion.DoesNotExist, Order.DoesNotExist, Decision.DoesNotExist, ValueError) as error:
        raise Http404 from error
    tell(request, outcome, quiet=quiet and button != "undo")
    return True


def _carry_out(request: HttpRequest, button: str, value: str) -> review.Outcome:
    if button == "undo":
        return review.undo(request.user, int(value))
    seen, _colon, version = value.rpartition(":")
    if button == "no_guest":
        return review.no_guest(request.user, int(seen), int(version))
    return review.decide(request.user, UUID(seen), Verb(button), int(version), request.POST.get("reason"))


def tell(request: HttpRequest, outcome: review.Outcome, *, quiet: bool = False) -> None:
    """One message for what was done, one for what Supabase has yet to confirm, one for each card left or returned."""
    if not quiet:
        _tell_done(request, outcome)
    for sentence in [*outcome.came_back, *outcome.refused]:
        messages.error(request, sentence)


def _tell_done(request: HttpRequest, outcome: review.Outcome) -> None:
    count = len(outcome.decisions) - len(outcome.came_back)
    if len(outcome.decisions) == count == 1:
        messages.success(request, _in_words(outcome.decisions[0]))
    elif count > 0:
        text = ngettext("%(count)d suggestion decided.", "%(count)d suggestions decided.", count)
        messages.success(request, text % {"count": count})
    if outcome.waiting:
        messages.warning(
            request,
            _("The hotel's system did not confirm yet. The decision is safe here and will be written by itself."),
        )


def _in_words(decision: Decision) -> str:
    suggestion = decision.suggestion
    words = {"order": suggestion.order.number, "guest": suggestion.stay.name if suggestion.stay else ""}
    if decision.verb == Verb.ACCEPT:
        return _("Order %(order)s linked to %(guest)s.") % words
    if decision.verb == Verb.NO_GUEST:
        return _("Order %(order)s marked as having no guest.") % words
    if decision.verb == Verb.REJECT:
        return _("Order %(order)s: suggestion rejected.") % words
    return _("Order %(order)s: decision undone, back in the queue.") % words


def log_export(request: HttpRequest, count: int) -> None:
    _entry(
        request, None, "CSV", ngettext("Exported %(count)d row.", "Exported %(count)d rows.", count) % {"count": count}
    )


def _entry(request: HttpRequest, object_id: str | None, shown: str, message: str) -> None:
    user: Any = request.user
    LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(MatchSuggestion),
        object_id=object_id,
        object_repr=shown[:200],
        action_flag=CHANGE,
        change_message=message,
    )
