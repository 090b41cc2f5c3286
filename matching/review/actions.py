"""Buttons of the review pages: reads the posted button, calls the decision service, and reports the result as messages.

A button's value names what the person saw: `<suggestion>:<version>`, or a decision's id; for "no guest" and a chosen
guest, `<order>:<texto_versao>:<stay, or nothing>:<decision that is corrected, or nothing>`.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching import rooms
from matching.models import AuditAction, Decision, KeyPreference, Order, record_audit
from matching.models.choices import Verb
from matching.presentation import number_or_404
from matching.review import further_guests, service

BUTTONS = ("accept", "reject", "no_guest", "choose", "undo")


def pressed(request: HttpRequest) -> str | None:
    return next((name for name in BUTTONS if request.method == "POST" and name in request.POST), None)


def perform(request: HttpRequest, button: str, *, quiet: bool = False) -> service.Outcome | None:
    """None when the card was out of date, which a message explains; 404 for a forged value. `quiet`: the page itself
    shows the decision, so only what went wrong and an undo become messages."""
    value = str(request.POST[button])
    try:
        if button == "undo":
            outcome = service.undo(request.user, int(value))
        elif button in ("choose", "no_guest"):
            outcome = _choose(request.user, *value.split(":"))
        else:
            seen, _colon, version = value.rpartition(":")
            reason = request.POST.get("reason")
            outcome = service.decide(request.user, UUID(seen), Verb(button), int(version), reason)
    except service.Conflict as conflict:
        messages.error(request, str(conflict))
        return None
    except (ObjectDoesNotExist, ValueError, TypeError) as error:
        raise Http404 from error
    if button == "undo" or not quiet:
        _report(request, outcome)
    for sentence in outcome.came_back:
        messages.error(request, sentence)
    return outcome


def changed_further_guests(request: HttpRequest) -> bool:
    """Whether the request added or removed a further guest, or tried to, which a message explains. A button's value is
    `<order>:<texto_versao>:<stay>`, or the primary key of the further guest to remove."""
    if request.method != "POST" or not {"further", "not_further"} & set(request.POST):
        return False
    try:
        if "further" in request.POST:
            order, version, stay = map(number_or_404, str(request.POST["further"]).split(":")[:3])
            done = further_guests.add_further_guest(request.user, order, stay, version)
            text = _("Order %(order)s: %(guest)s added as a further guest.")
        else:
            further = number_or_404(str(request.POST["not_further"]))
            done = further_guests.remove_further_guest(request.user, further)
            text = _("Order %(order)s: %(guest)s is no longer a further guest.")
        messages.success(request, text % {"order": done.order.number, "guest": done.stay.name})
    except service.Conflict as conflict:
        messages.error(request, str(conflict))
    except (ObjectDoesNotExist, ValueError) as error:
        raise Http404 from error
    return True


def _choose(user: Any, order: str, version: str, stay: str = "", replaces: str = "") -> service.Outcome:
    """Http404 or TypeError for a forged value."""
    corrected = number_or_404(replaces) if replaces else None
    seen = (number_or_404(order), number_or_404(version))
    if stay:
        return service.choose(user, seen[0], number_or_404(stay), seen[1], corrected)
    return service.no_guest(user, *seen, corrected)


def _report(request: HttpRequest, outcome: service.Outcome) -> None:
    first = outcome.decisions[0]
    count = len(outcome.decisions) - len(outcome.came_back)
    if len(outcome.decisions) == count == 1:
        messages.success(request, _sentence(first))
    elif count > 0 and first.verb == Verb.UNDO:
        text = ngettext("%(count)d decision undone.", "%(count)d decisions undone.", count)
        messages.success(request, text % {"count": count})
    elif count > 0:
        text = ngettext("%(count)d suggestion decided.", "%(count)d suggestions decided.", count)
        messages.success(request, text % {"count": count})
    if outcome.waiting:
        messages.warning(
            request,
            _("The hotel's system did not confirm yet. The decision is safe here and will be written by itself."),
        )


def _sentence(decision: Decision) -> str:
    suggestion = decision.suggestion
    words = {"order": suggestion.order.number, "guest": suggestion.stay.name if suggestion.stay else ""}
    if decision.verb == Verb.ACCEPT:
        return _("Order %(order)s linked to %(guest)s.") % words
    if decision.verb == Verb.NO_GUEST:
        return _("Order %(order)s marked as having no guest.") % words
    if decision.verb == Verb.REJECT:
        return _("Order %(order)s: suggestion rejected.") % words
    return _("Order %(order)s: decision undone, back in the queue.") % words


def toggled(request: HttpRequest) -> bool:
    """Whether the request set an order's flag or a preference of the person, which is then saved. Setting any of them
    twice changes nothing; a forged order is a 404."""
    if request.method != "POST":
        return False
    for name, (on, off) in _PREFERENCES.items():
        if request.POST.get(name) in (on, off):
            person: Any = request.user
            KeyPreference.objects.update_or_create(user=person, defaults={name: request.POST[name] == on})
            return True
    button = next((name for name in ("flag", "unflag") if name in request.POST), None)
    if button is None:
        return False
    if not request.user.has_perm("matching.decide_suggestion"):
        raise PermissionDenied
    order, flagged = number_or_404(str(request.POST[button])), button == "flag"
    with transaction.atomic():
        if Order.objects.filter(pk=order, flagged=not flagged).update(flagged=flagged):
            record_audit(request.user, AuditAction.FLAG if flagged else AuditAction.UNFLAG, order=order)
        elif not Order.objects.filter(pk=order).exists():
            raise Http404
    return True


def room_named(request: HttpRequest) -> Order | None:
    """The order in which the request named a room, always or only there; a message tells the result. What cannot be
    done is a message too, and a forged order a 404."""
    button = next(
        (name for name in ("room_always", "room_here") if request.method == "POST" and name in request.POST), ""
    )
    if not button:
        return None
    order = Order.objects.filter(pk=number_or_404(str(request.POST[button]))).first()
    if order is None:
        raise Http404
    spelling, typed = str(request.POST.get("spelling", "")), str(request.POST.get("room", ""))
    try:
        room = rooms.one_room(typed)
        if button == "room_always":
            change = rooms.add_alias(request.user, room, spelling)
        else:
            change = rooms.name_in_order(request.user, order, spelling, room)
    except rooms.Refused as refused:
        messages.error(request, str(refused))
        return order
    words = {"spelling": spelling, "room": room.shown, "what": rooms.analysed_words(change.orders)}
    messages.success(request, _("“%(spelling)s” is %(room)s: %(what)s.") % words)
    return order


# Field of KeyPreference -> the posted values for true and false.
_PREFERENCES = {"single_keys": ("on", "off"), "numbers_open": ("open", "closed")}


def preference_of(user: Any) -> KeyPreference:
    return KeyPreference.objects.filter(user=user).first() or KeyPreference(user=user)
