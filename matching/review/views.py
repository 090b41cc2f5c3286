"""Pages of the review: the card of one suggestion, and the queue that shows the next card."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from matching import rooms
from matching.models import CardLease, Decision, MatchSuggestion, WriteBack
from matching.models.choices import Band, RejectReason, State, Verb, WriteState
from matching.presentation import card_url, name_of
from matching.reports import midnight
from matching.review import actions, card, queue
from matching.review.decision import may_undo
from sistema_os.admin_base import ReadOnlyAdmin

QUEUE = "admin:matching_matchsuggestion_review"
# The toast of the last decision looks back over so many decisions, undone ones included.
UNDO_REACH = 50
# So often the queue looks for another card when a colleague was first.
MAX_TRIES = 5


def card_page(admin: ReadOnlyAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    _require_view(admin, request)
    if actions.toggled(request):
        return HttpResponseRedirect(request.path)
    if (order := actions.room_named(request)) is not None:
        head = MatchSuggestion.objects.heads().filter(order=order).first()
        return HttpResponseRedirect(card_url(head.pk) if head is not None else request.path)
    button = actions.pressed(request)
    if button is not None:
        actions.perform(request, button)
        return HttpResponseRedirect(request.path)
    try:
        suggestion = MatchSuggestion.objects.as_card().get(pk=UUID(object_id))
    except (ValueError, MatchSuggestion.DoesNotExist) as error:
        raise Http404 from error
    decision = suggestion.decision
    undoable = decision if decision is not None and may_undo(decision, request.user) else None
    context = {"title": str(suggestion), "in_queue": False, **_toast(undoable)}
    return _render_card(admin, request, suggestion, queue.lease_holder(suggestion.order_id), context)


class QueueForm(forms.Form):
    """The place in the queue that an address names; what cannot be read means the first doubtful card."""

    band = forms.TypedChoiceField(choices=Band.choices, coerce=Band, required=False)
    at = forms.IntegerField(min_value=0, max_value=99_999_999, required=False)


def queue_page(admin: ReadOnlyAdmin, request: HttpRequest) -> HttpResponse:
    """`?band=` and `?at=` name the place, so that a reload, a conflict and the back button keep it. A script that
    replaces the card in place gets the next one in the answer to its decision; a plain form is redirected."""
    _require_view(admin, request)
    if actions.toggled(request) or actions.room_named(request) is not None:
        return HttpResponseRedirect(request.get_full_path())
    button, outcome = actions.pressed(request), None
    if button is not None:
        outcome = actions.perform(request, button, quiet=True)
        if request.headers.get("X-Card") != "next":
            return HttpResponseRedirect(request.get_full_path())
    form = QueueForm(request.GET)
    form.is_valid()
    band, at = form.cleaned_data.get("band") or Band.DOUBT, form.cleaned_data.get("at") or 0
    counts = queue.counts()
    count = next(c for c in counts if c.band == band)
    decides = request.user.has_perm("matching.decide_suggestion")
    place = min(at, max(count.waiting - 1, 0))
    place, suggestion, lease = _next_card(count, place, request.user if decides else None)
    context = {
        "title": _("Review queue"),
        "in_queue": True,
        "band": band,
        "bands": [(c, _queue_url(c.band, 0)) for c in counts],
        "place": place + 1,
        "total": count.waiting,
        "skip_url": _queue_url(band, place + 1 if place + 1 < count.waiting else 0),
        "back_url": _queue_url(band, max(place - 1, 0)),
    }
    if outcome is None or outcome.came_back or outcome.decisions[-1].verb == Verb.UNDO:
        context |= _toast(_last_undoable(request.user))
    else:
        context |= {"undo": outcome.decisions[-1], "undo_waits": outcome.waiting > 0}
    if suggestion is None:
        queue.release_leases(request.user)
        return admin.render_page(request, "matching/queue_empty.html", context | _decided_today(request.user))
    if not decides:
        lease = queue.lease_holder(suggestion.order_id)
    return _render_card(admin, request, suggestion, lease, context)


def _next_card(
    count: queue.BandCount, place: int, reviewer: Any
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
    decides = request.user.has_perm("matching.decide_suggestion")
    pending = suggestion.state == State.PENDING
    unread = rooms.unread_in(suggestion.order) if pending else None
    busy = pending and lease is not None and lease.user_id != request.user.pk
    own = {
        "can_decide": decides and pending and not busy,
        "can_flag": decides,
        "unread_room": unread,
        "can_name_room": unread and rooms.may_be_alias(unread.key) and request.user.has_perm(rooms.EDIT),
        "reasons": RejectReason.choices,
        "lease": lease if pending else None,
        "lease_who": name_of(lease.user) if lease else "",
        "busy": busy,
        "single_keys": actions.single_keys_enabled(request.user),
    }
    return admin.render_page(request, "matching/card.html", card.context(suggestion) | context | own)


def _queue_url(band: Band, place: int) -> str:
    return f"{reverse(QUEUE)}?{urlencode({'band': band.value, 'at': place})}"


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


def _decided_today(user: Any) -> dict[str, int]:
    decided = Decision.objects.filter(user=user, at__gte=midnight(), undone_by=None)
    verbs = list(decided.values_list("verb", flat=True))
    return {
        "accepted": verbs.count(Verb.ACCEPT),
        "rejected": verbs.count(Verb.REJECT),
        "nobody": verbs.count(Verb.NO_GUEST),
        "decided": len(verbs) - verbs.count(Verb.UNDO),
    }
