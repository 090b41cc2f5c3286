"""The review card: one suggestion on its own page, or the next one of the queue."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from matching.models import CardLease, Decision, MatchSuggestion, WriteBack
from matching.models.choices import Band, RejectReason, State, Verb, WriteState
from matching.presentation.labels import name_of
from matching.reports.periods import midnight
from matching.review import actions
from matching.review import card as cards
from matching.review import queue as reviewing
from matching.review.decision import may_undo
from matching.review.queue import BandCount
from matching.review.service import Outcome

QUEUE = "admin:matching_matchsuggestion_review"
# So many decisions back, undone ones among them, U looks for one that stands.
UNDO_REACH = 50
# So often the queue looks for another card when somebody was quicker.
LOOKS = 5


def card(admin: ModelAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
    _may_see(admin, request)
    if actions.single_keys_toggled(request) or actions.flag_toggled(request):
        return HttpResponseRedirect(request.path)
    button = actions.pressed(request)
    if button is not None:
        actions.act(request, button)
        return HttpResponseRedirect(request.path)
    suggestion = _suggestion(object_id)
    own = {"title": str(suggestion), "in_queue": False, **_toast(_undo_of(suggestion, request.user))}
    return _page(admin, request, suggestion, own)


def queue(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """`?band=` and `?at=` name the place, so that a reload, a conflict and a way back keep it. A page that puts the
    next card in its own place asks for it with the decision; a plain form is sent on to it."""
    _may_see(admin, request)
    band = Band(request.GET["band"]) if request.GET.get("band") in Band.values else Band.DOUBT
    if actions.single_keys_toggled(request) or actions.flag_toggled(request):
        return HttpResponseRedirect(request.get_full_path())
    button, done = actions.pressed(request), None
    if button is not None:
        done = actions.act(request, button, quiet=True)
        if request.headers.get("X-Card") != "next":
            return HttpResponseRedirect(request.get_full_path())
    waiting = reviewing.counts()
    counted = next(c for c in waiting if c.band == band)
    total = counted.waiting
    place = min(_place(request), max(total - 1, 0))
    decides = request.user.has_perm("matching.decide_suggestion")
    place, found, lease = _next(counted, place, request.user if decides else None)
    own = {
        "title": _("Review queue"),
        "in_queue": True,
        "band": band,
        "bands": [(c, _queue_url(c.band, 0)) for c in waiting],
        "place": place + 1,
        "total": total,
        "skip_url": _queue_url(band, place + 1 if place + 1 < total else 0),
        "back_url": _queue_url(band, max(place - 1, 0)),
        **_after(done, request.user),
    }
    if found is None:
        reviewing.release_leases(request.user)
        return _render(admin, request, "matching/queue_empty.html", own | _today(request.user))
    if decides:
        own["lease"] = lease
    return _page(admin, request, found, own)


def _next(counted: BandCount, place: int, reviewer: Any) -> tuple[int, MatchSuggestion | None, CardLease | None]:
    """The card at the place, or the next that nobody has, and its lease. Two people who ask in the same moment find the
    same card: the slower one looks again, for what the quicker one holds or has decided is no card to work on."""
    for _again in range(LOOKS):
        here, found = reviewing.free(counted, place, reviewing.orders_leased_by_others(reviewer) if reviewer else ())
        if found is None or reviewer is None:
            return here, found, None
        lease = reviewing.take_lease(found.order_id, reviewer, found.pk)
        if lease is not None and lease.user_id == reviewer.pk:
            break
    return here, found, lease


def _may_see(admin: ModelAdmin[Any], request: HttpRequest) -> None:
    if not admin.has_view_permission(request):
        raise PermissionDenied


def _suggestion(pk: str | UUID) -> MatchSuggestion:
    try:
        return MatchSuggestion.objects.as_card().get(pk=UUID(str(pk)))
    except (ValueError, MatchSuggestion.DoesNotExist) as error:
        raise Http404 from error


def _page(
    admin: ModelAdmin[Any], request: HttpRequest, suggestion: MatchSuggestion, own: dict[str, Any]
) -> HttpResponse:
    shown = cards.context(suggestion)
    decides = request.user.has_perm("matching.decide_suggestion")
    lease = own["lease"] if "lease" in own else reviewing.lease_holder(suggestion.order_id)
    pending = suggestion.state == State.PENDING
    busy = pending and lease is not None and lease.user_id != request.user.pk
    own |= {"can_decide": decides and pending and not busy, "reasons": RejectReason.choices}
    own |= {"lease": lease if pending else None, "busy": busy, "lease_who": name_of(lease.user) if lease else ""}
    own["can_flag"] = decides
    own["single_keys"] = actions.single_keys_on(request.user)
    return _render(admin, request, "matching/card.html", shown | own)


def _render(admin: ModelAdmin[Any], request: HttpRequest, template: str, own: dict[str, Any]) -> HttpResponse:
    context = {**admin.admin_site.each_context(request), "opts": admin.opts, **own}
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, template, context)


def _place(request: HttpRequest) -> int:
    text = request.GET.get("at", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _queue_url(band: Band, place: int) -> str:
    return f"{reverse(QUEUE)}?{urlencode({'band': band.value, 'at': place})}"


def _undo_of(suggestion: MatchSuggestion, user: Any) -> Decision | None:
    decision = suggestion.decision
    return decision if decision is not None and may_undo(decision, user) else None


def _toast(decision: Decision | None) -> dict[str, Any]:
    """What was decided last, with its way back; it says so while Supabase has yet to confirm."""
    if decision is None:
        return {"undo": None}
    waits = getattr(decision, "waits", None)
    if waits is None:
        waits = decision.writebacks.filter(state=WriteState.OPEN).exists()
    return {"undo": decision, "undo_waits": waits}


def _after(done: Outcome | None, user: Any) -> dict[str, Any]:
    """What has just been decided is known, and need not be looked for."""
    if done is None or done.came_back or done.decisions[-1].verb == Verb.UNDO:
        return _toast(_last_of(user))
    return {"undo": done.decisions[-1], "undo_waits": done.waiting > 0}


def _last_of(user: Any) -> Decision | None:
    """This person's last decision, as long as it stands: what U takes back."""
    theirs = Decision.objects.filter(user=user).exclude(verb=Verb.UNDO).order_by("-at", "-pk")
    # The newest first, told by number: as one question, every decision of this person would be read and sorted.
    latest = list(theirs.values_list("pk", flat=True)[:UNDO_REACH])
    last = theirs.filter(pk__in=latest, undone_by=None).select_related("suggestion__order", "suggestion__stay")
    decision = last.annotate(
        holds=Exists(MatchSuggestion.objects.filter(decision=OuterRef("pk"))),
        waits=Exists(WriteBack.objects.filter(decision=OuterRef("pk"), state=WriteState.OPEN)),
    ).first()
    return decision if decision is not None and getattr(decision, "holds", False) and may_undo(decision, user) else None


def _today(user: Any) -> dict[str, Any]:
    decided = Decision.objects.filter(user=user, at__gte=midnight(), undone_by=None)
    verbs = list(decided.values_list("verb", flat=True))
    return {
        "accepted": verbs.count(Verb.ACCEPT),
        "rejected": verbs.count(Verb.REJECT),
        "nobody": verbs.count(Verb.NO_GUEST),
        "decided": len(verbs) - verbs.count(Verb.UNDO),
    }
