"""The pages of a batch: from which probability on, what it would do, what it did."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from matching.models import BulkPlan, Decision, MatchSuggestion, WriteBack
from matching.models.choices import STRONG_FROM, State, Verb, WriteState
from matching.presentation import badges
from matching.presentation.labels import share
from matching.presentation.links import card_url
from matching.reports.expected_errors import Total, expected
from matching.review import actions, bulk

START: Final = "admin:matching_matchsuggestion_bulk"
PLAN: Final = "admin:matching_matchsuggestion_bulk_plan"
# Offered at once; any other value from LOWEST on can be typed.
OFFERED: Final = ("0.99", "0.98", "0.95", "0.90")
USUAL: Final = "0.98"
LOWEST: Final = Decimal(str(STRONG_FROM))


def start(admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    _may(request)
    typed = request.POST.get("above", "")
    if request.method == "POST":
        threshold = read_threshold(typed)
        if threshold is not None:
            return HttpResponseRedirect(plan_url(bulk.plan_above(request.user, threshold)))
        messages.error(request, _("Type a probability from 0.90 to 1. Nothing was decided."))
    own = {"title": _("Accept in bulk"), "offers": _offers(), "typed": typed[:8] or number_format(USUAL, 2)}
    return _render(admin, request, "matching/bulk.html", own)


def of_selected(request: HttpRequest, chosen: QuerySet[MatchSuggestion], verb: Verb) -> HttpResponse:
    _may(request)
    return HttpResponseRedirect(plan_url(bulk.plan_of(request.user, verb, chosen)))


def plan(admin: ModelAdmin[Any], request: HttpRequest, pk: UUID) -> HttpResponse:
    _may(request)
    found = _own_plan(request, pk)
    if request.method == "POST":
        _press(request, found)
        return HttpResponseRedirect(plan_url(found))
    accepts = found.verb == Verb.ACCEPT
    own = {
        "title": _("Accept in bulk") if accepts else _("Reject in bulk"),
        "plan": found,
        "accepts": accepts,
        "count": len(found.items),
        "threshold": None if found.threshold is None else number_format(found.threshold.normalize()),
    }
    return _render(
        admin, request, "matching/bulk_plan.html", own | (_after(found) if found.done_at else _before(found))
    )


def read_threshold(text: str) -> Decimal | None:
    """ "0,98", "0.98" or "98"; None for what is no probability of the strong band."""
    try:
        value = Decimal(text.strip().replace(",", ".")[:8])
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    value = value / 100 if 1 < value <= 100 else value
    return value.quantize(Decimal("0.0001")) if LOWEST <= value <= 1 else None


def plan_url(found: BulkPlan) -> str:
    return reverse(PLAN, args=[found.pk])


def _may(request: HttpRequest) -> None:
    if not request.user.has_perm("matching.bulk_decide"):
        raise PermissionDenied


def _own_plan(request: HttpRequest, pk: UUID) -> BulkPlan:
    """Somebody else's batch is not there: what it shows is as old as its making."""
    person: Any = request.user
    found = BulkPlan.objects.filter(pk=pk, user=person).first()
    if found is None:
        raise Http404
    return found


def _press(request: HttpRequest, found: BulkPlan) -> None:
    if "undo" in request.POST:
        actions.act(request, "undo")
    elif "confirm" in request.POST and not bulk.carry_out(request.user, found):
        messages.warning(request, _("This batch is done or under way already. Nothing was decided twice."))


def _offers() -> list[tuple[str, str, int]]:
    """What each offered threshold would take now; one query."""
    wanted = {f"n{place}": Count("pk", filter=Q(probability__gte=value)) for place, value in enumerate(OFFERED)}
    counts = bulk.candidates().aggregate(**wanted)
    return [(value, number_format(value, 2), counts[f"n{place}"]) for place, value in enumerate(OFFERED)]


def _before(found: BulkPlan) -> dict[str, Any]:
    looked = bulk.look(found)
    told = expected(Verb(found.verb), bulk.probabilities(found), timezone.localdate())
    return {
        "running": found.held_until is not None and found.held_until > timezone.now(),
        "sample": [_shown(card) for card in looked.sample],
        "nearest": [_shown(card) for card in looked.nearest],
        "lowest": share(found.items[-1][2]) if found.items else "",
        "expected": told,
        "expected_rows": _expected_rows(told),
        "errors": number_format(round(told.errors, 1), 1),
    }


def _shown(card: MatchSuggestion) -> tuple[MatchSuggestion, str, str, Any]:
    return card, card_url(card.pk), share(card.probability), badges.band_chip(card.band)


def _expected_rows(told: Total) -> list[tuple[Any, str, str, str]]:
    """Range and count, share of yes, its interval, and the errors in this batch."""
    return [
        (
            row,
            "—" if row.found is None else f"{number_format(round(100 * row.found.share, 1), 1)}%",
            "—" if row.found is None else _interval(row.found.low, row.found.high),
            "—" if row.errors is None or row.worst is None else _errors(row.errors, row.worst),
        )
        for row in told.rows
    ]


def _interval(low: float, high: float) -> str:
    ends = {"low": number_format(round(100 * low, 1), 1), "high": number_format(round(100 * high, 1), 1)}
    return _("%(low)s to %(high)s%%") % ends


def _errors(errors: float, worst: float) -> str:
    words = {"errors": number_format(round(errors, 1), 1), "worst": number_format(round(worst, 1), 1)}
    return _("%(errors)s (up to %(worst)s)") % words


def _after(found: BulkPlan) -> dict[str, Any]:
    standing = Decision.objects.filter(batch=found.batch, undone_by=None)
    waiting = WriteBack.objects.filter(decision__batch=found.batch, state=WriteState.OPEN).count()
    return {
        "undo": standing.order_by("pk").first(),
        "standing": MatchSuggestion.objects.filter(
            decision__batch=found.batch, state__in=[State.ACCEPTED, State.REJECTED]
        ).count(),
        "waiting": waiting,
        "told": [(number, sentence, card_url(UUID(pk))) for pk, number, sentence in found.told],
        "untold": found.left_out - len(found.told),
    }


def _render(admin: ModelAdmin[Any], request: HttpRequest, template: str, own: dict[str, Any]) -> HttpResponse:
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, template, {**admin.admin_site.each_context(request), "opts": admin.opts, **own})
