"""Pages of the review: the card of one suggestion, the queue that shows the next card, and any other guest for it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from matching import rooms
from matching.models import CardLease, Decision, FurtherGuest, MatchSuggestion, WriteBack
from matching.models.choices import Band, RejectReason, State, Verb, WriteState
from matching.presentation import card_url, name_of
from matching.reports import midnight
from matching.review import actions, card, queue
from matching.review.decision import may_undo, undoers
from matching.review.evidence import request_of
from matching.review.guest_choice import GuestChoice
from matching.stay_search import Among
from sistema_os.admin_base import ReadOnlyAdmin

QUEUE = "admin:matching_matchsuggestion_review"
# The toast of the last decision looks back over so many decisions, undone ones included.
UNDO_REACH = 50
# So often the queue looks for another card when a colleague was first.
MAX_TRIES = 5


def card_page(admin: ReadOnlyAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """`?outro=1` searches for any other guest; `q` is what was typed."""
    _require_view(admin, request)
    if actions.toggled(request) or actions.changed_further_guests(request):
        return _stay(request, request.path)
    if (order := actions.room_named(request)) is not None:
        head = MatchSuggestion.objects.heads().filter(order=order).first()
        return HttpResponseRedirect(card_url(head.pk) if head is not None else request.path)
    button = actions.pressed(request)
    if button is not None:
        outcome = actions.perform(request, button)
        if outcome is not None and button in ("choose", "no_guest"):
            return HttpResponseRedirect(card_address(outcome.decisions[0].suggestion_id))
        offers = _offers_others(request, button) and outcome is not None
        return HttpResponseRedirect(f"{request.path}?outro=1" if offers else request.path)
    try:
        suggestion = MatchSuggestion.objects.as_card().get(pk=UUID(object_id))
    except (ValueError, MatchSuggestion.DoesNotExist) as error:
        raise Http404 from error
    decision = suggestion.decision
    undoable = decision if decision is not None and may_undo(decision, request.user) else None
    context = {
        "title": str(suggestion),
        "in_queue": False,
        "card_url": request.path,
        "pick_url": f"{request.path}?outro=1",
        **_toast(undoable),
    }
    return _render_card(admin, request, suggestion, queue.lease_holder(suggestion.order_id), context)


def _stay(request: HttpRequest, address: str) -> HttpResponse:
    """The numbers are unfolded on the page itself, which needs no other."""
    return HttpResponse(status=204) if "numbers_open" in request.POST else HttpResponseRedirect(address)


def card_address(suggestion: UUID) -> str:
    return reverse("admin:matching_matchsuggestion_change", args=[suggestion])


class QueueForm(forms.Form):
    """The place in the queue that an address names; what cannot be read means the first queue that has a card. `os`:
    the order whose card is shown, if it still waits."""

    band = forms.ChoiceField(choices=[(queue.TODAY, ""), *Band.choices], required=False)
    at = forms.IntegerField(min_value=0, max_value=99_999_999, required=False)
    os = forms.IntegerField(min_value=1, max_value=2**62, required=False)


def queue_page(admin: ReadOnlyAdmin, request: HttpRequest) -> HttpResponse:
    """`?band=` and `?at=` name the place, so that a reload, a conflict and the back button keep it; `?os=` an order
    whose card comes first; `?outro=1` any other guest for it. A script that replaces the card in place gets the next
    one in the answer to its decision; a plain form is redirected."""
    _require_view(admin, request)
    if actions.toggled(request) or actions.room_named(request) is not None:
        return _stay(request, request.get_full_path())
    form = QueueForm(request.GET)
    form.is_valid()
    place = {name: form.cleaned_data.get(name) for name in ("band", "at") if form.cleaned_data.get(name) is not None}
    button, outcome = actions.pressed(request), None
    if button is not None:
        outcome = actions.perform(request, button, quiet=True)
        elsewhere = _after(request, button, outcome, place, form.cleaned_data.get("os"))
        if elsewhere or request.headers.get("X-Card") != "next":
            return HttpResponseRedirect(elsewhere or _address(place))
    tabs = queue.tabs(queue.counts())
    chosen = next((tab for tab in tabs if tab.code == place.get("band")), None)
    decides = request.user.has_perm("matching.decide_suggestion")
    count = chosen or _first_queue(tabs, request.user if decides else None)
    at = min(place.get("at") or 0, max(count.waiting - 1, 0))
    pinned = form.cleaned_data.get("os") if outcome is None else None
    at, suggestion, lease = _shown_card(count, at, pinned, request.user if decides else None)
    decided, waiting = decided_today(), sum(tab.waiting for tab in tabs[1:])
    here = {"band": count.code, "at": at}
    context = {
        "title": _("Review queue"),
        "in_queue": True,
        "at": at,
        "tab": count,
        "queues": [(tab, _address({"band": tab.code, "at": 0})) for tab in tabs],
        "decided_today": decided,
        "waiting": waiting,
        "of_today": decided + waiting,
        "skip_url": _address({"band": count.code, "at": at + 1 if at + 1 < count.waiting else 0}),
        "back_url": _address({"band": count.code, "at": max(at - 1, 0)}),
        "card_url": _address(here),
    }
    if outcome is None or outcome.came_back or outcome.decisions[-1].verb == Verb.UNDO:
        context |= _toast(_last_undoable(request.user))
    else:
        context |= {"undo": outcome.decisions[-1], "undo_waits": outcome.waiting > 0}
    if suggestion is None:
        queue.release_leases(request.user)
        return admin.render_page(request, "matching/queue_empty.html", context | _decided_by(request.user))
    context["pick_url"] = _address({**here, "os": suggestion.order_id, "outro": 1})
    if not decides:
        lease = queue.lease_holder(suggestion.order_id)
    return _render_card(admin, request, suggestion, lease, context)


def _first_queue(tabs: list[queue.QueueTab], reviewer: Any) -> queue.QueueTab:
    """The first queue with a card that no colleague has open, else the first that has a card."""
    leased = queue.orders_leased_by_others(reviewer) if reviewer else ()
    waiting = [tab for tab in tabs if tab.waiting]
    for tab in waiting:
        if tab.waiting > len(leased):
            return tab
        _place, found = queue.next_free(tab, 0, leased)
        if found is not None and found.order_id not in leased:
            return tab
    return waiting[0] if waiting else tabs[1]


def _after(request: HttpRequest, button: str, outcome: Any, place: dict[str, Any], order: int | None) -> str:
    """The address to go to where it is not simply the next card: the card that was undone, the other people of the room
    after "another guest of the room", and the same card after a conflict."""
    if outcome is None:
        return _address({**place, "os": order}) if order else ""
    decided = outcome.decisions[-1].suggestion.order_id
    if button == "undo":
        return _address({**place, "os": decided})
    if _offers_others(request, button):
        return _address({**place, "os": decided, "outro": 1})
    return ""


def _offers_others(request: HttpRequest, button: str) -> bool:
    return button == "reject" and request.POST.get("reason") == RejectReason.OTHER_GUEST


def _shown_card(
    count: queue.QueueTab, at: int, pinned: int | None, reviewer: Any
) -> tuple[int, MatchSuggestion | None, CardLease | None]:
    """The pinned order's card while it waits and no colleague has it, else the next one."""
    suggestion = queue.card_of(pinned) if pinned else None
    if suggestion is None:
        return _next_card(count, at, reviewer)
    return at, suggestion, queue.take_lease(suggestion.order_id, reviewer, suggestion.pk) if reviewer else None


def _next_card(
    count: queue.QueueTab, place: int, reviewer: Any
) -> tuple[int, MatchSuggestion | None, CardLease | None]:
    """The card at that place, or the next that no colleague has open, and its lease. When two people ask at the same
    moment, the slower one looks again, until it has the lease of a card. `reviewer` is None for a mere reader."""
    for _try in range(MAX_TRIES):
        here, suggestion = queue.next_free(count, place, queue.orders_leased_by_others(reviewer) if reviewer else ())
        if suggestion is None or reviewer is None:
            return here, suggestion, None
        lease = queue.take_lease(suggestion.order_id, reviewer, suggestion.pk)
        if lease is not None and lease.user_id == reviewer.pk:
            break
    return here, suggestion, lease


def _require_view(admin: ReadOnlyAdmin, request: HttpRequest) -> None:
    if not admin.has_view_permission(request):
        raise PermissionDenied


def _render_card(
    admin: ReadOnlyAdmin,
    request: HttpRequest,
    suggestion: MatchSuggestion,
    lease: CardLease | None,
    context: dict[str, Any],
) -> HttpResponse:
    user: Any = request.user
    decides = user.has_perm("matching.decide_suggestion")
    pending = suggestion.state == State.PENDING
    unread = rooms.unread_in(suggestion.order) if pending else None
    busy = pending and lease is not None and lease.user_id != user.pk
    corrected = suggestion.decision if suggestion.state in (State.ACCEPTED, State.REJECTED) else None
    may_correct = corrected is not None and may_undo(corrected, user)
    replaces = corrected.pk if corrected is not None and suggestion.state == State.ACCEPTED else None
    linked = suggestion.state == State.ACCEPTED and suggestion.stay_id is not None
    adds = linked and decides and "mais" in request.GET
    choice = GuestChoice(suggestion.order, suggestion, replaces)
    preference = actions.preference_of(user)
    own = {
        "suggestion": suggestion,
        "order": suggestion.order,
        "can_decide": decides and pending and not busy,
        "can_choose": decides and not busy and (pending or may_correct),
        "can_correct": may_correct,
        "undoers": undoers(corrected) if corrected is not None and decides and not may_correct else None,
        "can_add": linked and decides,
        "adds": adds,
        "further": _further(suggestion),
        "can_flag": decides,
        "unread_room": unread,
        "can_name_room": unread and rooms.may_be_alias(unread.key) and request.user.has_perm(rooms.EDIT),
        "reasons": RejectReason.choices,
        "lease": lease if pending else None,
        "lease_who": name_of(lease.user) if lease else "",
        "busy": busy,
        "single_keys": preference.single_keys,
        "numbers_open": preference.numbers_open,
        "no_guest_value": choice.value(None),
        "typed": str(request.GET.get("q", "")),
    }
    if "outro" in request.GET:
        if not (own["can_choose"] or adds):
            raise PermissionDenied
        own |= {"request_text": request_of(suggestion), "day_format": _("m/d")} | _search(request, choice, own["typed"])
        return admin.render_page(request, "matching/pick_page.html", context | own)
    shown = card.context(suggestion, choice)
    if shown["unanswered"] and own["can_choose"]:
        own["typed"] = own["typed"] or shown["unread"]
        own |= _search(request, choice, own["typed"])
    return admin.render_page(request, "matching/card.html", shown | context | own)


def _further(suggestion: MatchSuggestion) -> list[FurtherGuest]:
    """Further guests of the order; those that Supabase refused stay with their reason."""
    if suggestion.state != State.ACCEPTED:
        return []
    found = FurtherGuest.objects.filter(Q(removed_at=None) | ~Q(conflict=""), order=suggestion.order_id)
    return list(found.select_related("stay").order_by("pk"))


def _search(request: HttpRequest, choice: GuestChoice, typed: str) -> dict[str, Any]:
    """`?among=`, repeated, narrows the search; without it everybody is searched."""
    among = [Among(value) for value in request.GET.getlist("among") if value in Among.values]
    own: dict[str, Any] = {
        "among": [(one.value, one.label, not among or one in among) for one in Among],
    }
    if not typed.strip():
        return own | {"groups": choice.groups(), "people_found": None}
    people, more = choice.found(typed, request.user, among)
    return own | {"people_found": people, "more_found": more}


def _address(place: dict[str, Any]) -> str:
    query = urlencode(place)
    return f"{reverse(QUEUE)}?{query}" if query else reverse(QUEUE)


def _toast(decision: Decision | None) -> dict[str, Any]:
    """The last decision, with its undo button; it shows whether Supabase has yet to confirm."""
    if decision is None:
        return {"undo": None}
    waits = getattr(decision, "waits", None)
    if waits is None:
        waits = decision.writebacks.filter(state=WriteState.OPEN).exists()
    return {"undo": decision, "undo_waits": waits}


def _last_undoable(user: Any) -> Decision | None:
    """This person's last decision, if it is still in force: what the U key undoes."""
    own = Decision.objects.filter(user=user).exclude(verb=Verb.UNDO).order_by("-at", "-pk")
    # The newest ones by primary key: as a single query, PostgreSQL would read and sort every decision of this person.
    latest = list(own.values_list("pk", flat=True)[:UNDO_REACH])
    last = own.filter(pk__in=latest, undone_by=None).select_related("suggestion__order", "suggestion__stay")
    decision = last.annotate(
        holds=Exists(MatchSuggestion.objects.filter(decision=OuterRef("pk"))),
        waits=Exists(WriteBack.objects.filter(decision=OuterRef("pk"), state=WriteState.OPEN)),
    ).first()
    return decision if decision is not None and getattr(decision, "holds", False) and may_undo(decision, user) else None


def decided_today() -> int:
    """Decisions of today, of everybody, that were not undone."""
    return Decision.objects.filter(at__gte=midnight(), undone_by=None).exclude(verb=Verb.UNDO).count()


def _decided_by(user: Any) -> dict[str, int]:
    decided = Decision.objects.filter(user=user, at__gte=midnight(), undone_by=None)
    verbs = list(decided.values_list("verb", flat=True))
    return {
        "accepted": verbs.count(Verb.ACCEPT),
        "rejected": verbs.count(Verb.REJECT),
        "nobody": verbs.count(Verb.NO_GUEST),
        "decided": len(verbs) - verbs.count(Verb.UNDO),
    }
