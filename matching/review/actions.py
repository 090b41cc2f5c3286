"""The one way from a button to `matching.review.service`: reads what was pressed, tells the person what came of it.

A button's value names what the person saw: `<suggestion>:<version>`, `<order>:<texto_versao>` or a decision's id.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.models import Decision, Deed, KeyPreference, MatchSuggestion, Order, note_down
from matching.models.choices import Verb
from matching.review import service

BUTTONS = ("accept", "reject", "no_guest", "undo")


def pressed(request: HttpRequest) -> str | None:
    return next((name for name in BUTTONS if request.method == "POST" and name in request.POST), None)


def act(request: HttpRequest, button: str, *, quiet: bool = False) -> service.Outcome | None:
    """None when the card was no longer true; the person has been told why. A forged value is a 404.
    `quiet`: the page itself shows what was decided, so only what went otherwise becomes a message."""
    try:
        outcome = _carry_out(request, button, str(request.POST[button]))
    except service.Conflict as conflict:
        messages.error(request, str(conflict))
        return None
    except (MatchSuggestion.DoesNotExist, Order.DoesNotExist, Decision.DoesNotExist, ValueError) as error:
        raise Http404 from error
    tell(request, outcome, quiet=quiet and button != "undo")
    return outcome


def _carry_out(request: HttpRequest, button: str, value: str) -> service.Outcome:
    if button == "undo":
        return service.undo(request.user, int(value))
    seen, _colon, version = value.rpartition(":")
    if button == "no_guest":
        return service.no_guest(request.user, int(seen), int(version))
    return service.decide(request.user, UUID(seen), Verb(button), int(version), request.POST.get("reason"))


def tell(request: HttpRequest, outcome: service.Outcome, *, quiet: bool = False) -> None:
    """One message for what was done, one for what Supabase has yet to confirm, one for each card left or returned."""
    if not quiet:
        _tell_done(request, outcome)
    for sentence in outcome.came_back:
        messages.error(request, sentence)


def _tell_done(request: HttpRequest, outcome: service.Outcome) -> None:
    count = len(outcome.decisions) - len(outcome.came_back)
    if len(outcome.decisions) == count == 1:
        messages.success(request, _in_words(outcome.decisions[0]))
    elif count > 0:
        messages.success(request, _counted(outcome, count) % {"count": count})
    if outcome.waiting:
        messages.warning(
            request,
            _("The hotel's system did not confirm yet. The decision is safe here and will be written by itself."),
        )


def _counted(outcome: service.Outcome, count: int) -> str:
    if outcome.decisions[0].verb == Verb.UNDO:
        return ngettext("%(count)d decision undone.", "%(count)d decisions undone.", count)
    return ngettext("%(count)d suggestion decided.", "%(count)d suggestions decided.", count)


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


FLAG_BUTTONS = {"flag": True, "unflag": False}


def flag_toggled(request: HttpRequest) -> bool:
    """True when the request was that button, and the mark is as it asks, pressed twice or not. A forged order is a
    404."""
    button = next((name for name in FLAG_BUTTONS if request.method == "POST" and name in request.POST), None)
    if button is None:
        return False
    if not request.user.has_perm("matching.decide_suggestion"):
        raise PermissionDenied
    value = str(request.POST[button])
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Http404
    _set_flag(request, int(value), FLAG_BUTTONS[button])
    return True


@transaction.atomic
def _set_flag(request: HttpRequest, order: int, wanted: bool) -> None:
    if Order.objects.filter(pk=order, flagged=not wanted).update(flagged=wanted):
        note_down(request.user, Deed.FLAG if wanted else Deed.UNFLAG, order=order)
    elif not Order.objects.filter(pk=order).exists():
        raise Http404


KEYS_BUTTON = "single_keys"
KEYS_CHOICES = ("on", "off")


def single_keys_on(user: Any) -> bool:
    return not KeyPreference.objects.filter(user=user, single_keys=False).exists()


def single_keys_toggled(request: HttpRequest) -> bool:
    """True when the request was that switch, and it has been thrown; any other value is no switch."""
    person: Any = request.user
    wanted = request.POST.get(KEYS_BUTTON) if request.method == "POST" else None
    if wanted not in KEYS_CHOICES:
        return False
    KeyPreference.objects.update_or_create(user=person, defaults={"single_keys": wanted == "on"})
    return True
