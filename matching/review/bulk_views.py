"""Pages of bulk decisions: the threshold, what a plan would do, and what it did."""

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from matching.models import BulkPlan, Decision, MatchSuggestion, WriteBack
from matching.models.choices import STRONG_FROM, State, Verb, WriteState
from matching.presentation import badges, card_url, share
from matching.reports import Total, expected
from matching.review import actions, bulk
from sistema_os.admin_base import ReadOnlyAdmin

START: Final = "admin:matching_matchsuggestion_bulk"
PLAN: Final = "admin:matching_matchsuggestion_bulk_plan"
# Thresholds offered as buttons; any other value from LOWEST to 1 can be typed.
OFFERED: Final = ("0.99", "0.98", "0.95", "0.90")
DEFAULT: Final = "0.98"
LOWEST: Final = Decimal(str(STRONG_FROM))
_PLACES: Final = Decimal("0.0001")


class ProbabilityField(forms.DecimalField):
    """Reads "0,98", "0.98" and "98" as the same probability."""

    def to_python(self, value: Any) -> Any:
        found: Any = super().to_python(str(value).replace(",", "."))
        return found / 100 if found is not None and found.is_finite() and 1 < found <= 100 else found


class ThresholdForm(forms.Form):
    above = ProbabilityField(min_value=LOWEST, max_value=1)

    def clean_above(self) -> Decimal:
        found: Decimal = self.cleaned_data["above"]
        return found.quantize(_PLACES)


def start(admin: ReadOnlyAdmin, request: HttpRequest) -> HttpResponse:
    _require_bulk(request)
    if request.method == "POST":
        form = ThresholdForm(request.POST)
        if form.is_valid():
            return HttpResponseRedirect(plan_url(bulk.plan_above(request.user, form.cleaned_data["above"])))
        messages.error(request, _("Type a probability from 0.90 to 1. Nothing was decided."))
    # What each offered threshold would accept now, in one query.
    wanted = {f"n{i}": Count("pk", filter=Q(probability__gte=value)) for i, value in enumerate(OFFERED)}
    counts = bulk.eligible().aggregate(**wanted)
    context = {
        "title": _("Accept in bulk"),
        "offers": [(value, number_format(value, 2), counts[f"n{i}"]) for i, value in enumerate(OFFERED)],
        "typed": request.POST.get("above", "")[:8] or number_format(DEFAULT, 2),
    }
    return admin.render_page(request, "matching/bulk.html", context)


def plan_selected(request: HttpRequest, selected: QuerySet[MatchSuggestion], verb: Verb) -> HttpResponse:
    _require_bulk(request)
    return HttpResponseRedirect(plan_url(bulk.plan_selected(request.user, verb, selected)))


def plan(admin: ReadOnlyAdmin, request: HttpRequest, pk: UUID) -> HttpResponse:
    """A plan is shown only to the person who made it: its figures are as old as the plan."""
    _require_bulk(request)
    user: Any = request.user
    found = BulkPlan.objects.filter(pk=pk, user=user).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        if "undo" in request.POST:
            actions.perform(request, "undo")
        elif "confirm" in request.POST and not bulk.carry_out(request.user, found):
            messages.warning(request, _("This batch is done or under way already. Nothing was decided twice."))
        return HttpResponseRedirect(plan_url(found))
    accepts = found.verb == Verb.ACCEPT
    context = {
        "title": _("Accept in bulk") if accepts else _("Reject in bulk"),
        "plan": found,
        "accepts": accepts,
        "count": len(found.items),
        "threshold": None if found.threshold is None else number_format(found.threshold.normalize()),
        **(_result(found) if found.done_at else _preview(found)),
    }
    return admin.render_page(request, "matching/bulk_plan.html", context)


def plan_url(found: BulkPlan) -> str:
    return reverse(PLAN, args=[found.pk])


def _require_bulk(request: HttpRequest) -> None:
    if not request.user.has_perm("matching.bulk_decide"):
        raise PermissionDenied


def _preview(found: BulkPlan) -> dict[str, Any]:
    cards = bulk.preview(found)
    probabilities = [probability for _pk, _version, probability in found.items]
    errors = expected(Verb(found.verb), probabilities, timezone.localdate())
    return {
        "running": found.held_until is not None and found.held_until > timezone.now(),
        "sample": [_card_row(card) for card in cards.sample],
        "nearest": [_card_row(card) for card in cards.nearest],
        "lowest": share(probabilities[-1]) if probabilities else "",
        "expected": errors,
        "expected_rows": _error_rows(errors),
        "errors": _decimal(errors.errors),
    }


def _card_row(card: MatchSuggestion) -> tuple[MatchSuggestion, str, str, Any]:
    return card, card_url(card.pk), share(card.probability), badges.band_chip(card.band)


def _error_rows(total: Total) -> list[tuple[Any, str, str, str]]:
    """For each range of probability: the range with its count, the share of agreement, the interval of that share,
    and the errors to expect in this batch."""
    rows = []
    for row in total.rows:
        agreed = interval = errors = "—"
        if row.found is not None:
            agreed = f"{_decimal(100 * row.found.share)}%"
            ends = {"low": _decimal(100 * row.found.low), "high": _decimal(100 * row.found.high)}
            interval = _("%(low)s to %(high)s%%") % ends
        if row.errors is not None and row.worst is not None:
            errors = _("%(errors)s (up to %(worst)s)") % {
                "errors": _decimal(row.errors),
                "worst": _decimal(row.worst),
            }
        rows.append((row, agreed, interval, errors))
    return rows


def _decimal(value: float) -> str:
    """One decimal place, in the screen's language."""
    return number_format(round(value, 1), 1)


def _result(found: BulkPlan) -> dict[str, Any]:
    decided = MatchSuggestion.objects.filter(decision__batch=found.batch, state__in=[State.ACCEPTED, State.REJECTED])
    return {
        "undo": Decision.objects.filter(batch=found.batch, undone_by=None).order_by("pk").first(),
        "standing": decided.count(),
        "waiting": WriteBack.objects.filter(decision__batch=found.batch, state=WriteState.OPEN).count(),
        "told": [(number, sentence, card_url(UUID(pk))) for pk, number, sentence in found.told],
        "untold": found.left_out - len(found.told),
    }
