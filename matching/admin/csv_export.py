"""The suggestion list as CSV: without documents, and without cells that a spreadsheet would run as a formula."""

import csv
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from matching.models import AuditAction, MatchSuggestion, record_audit
from sistema_os.masking import masked_phones, without_documents

# Filters that hold no personal data.
_LOGGED_FILTERS = ("state", "band", "department", "departure")
_RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(suggestions: Iterable[MatchSuggestion]) -> HttpResponse:
    """Semicolons and a byte-order mark, as a Brazilian spreadsheet expects."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="sugestoes-{timezone.localdate():%Y-%m-%d}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response, delimiter=";")
    writer.writerow(_header())
    for suggestion in suggestions:
        writer.writerow([harmless(cell) for cell in _cells(suggestion)])
    return response


def harmless(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS_AS_FORMULA) else text


def _header() -> list[str]:
    return [
        _("Order"),
        _("Opened"),
        _("Request"),
        _("Guest"),
        _("Room"),
        _("Departure"),
        _("Probability"),
        _("Band"),
        _("State"),
        _("Decided by"),
        pgettext("suggestion", "Decided"),
    ]


def _cells(suggestion: MatchSuggestion) -> list[object]:
    order, stay, decision = suggestion.order, suggestion.stay, suggestion.decision
    return [
        order.number,
        date_format(timezone.localtime(order.opened_at), "SHORT_DATETIME_FORMAT"),
        masked_phones(without_documents(order.request)),
        stay.name if stay else _("No guest"),
        stay.room if stay else "",
        date_format(stay.departure, "SHORT_DATE_FORMAT") if stay else "",
        number_format(suggestion.probability, 4),
        suggestion.band.label,
        suggestion.get_state_display(),
        decision.user.get_username() if decision else "",
        date_format(timezone.localtime(decision.at), "SHORT_DATETIME_FORMAT") if decision else "",
    ]


def log_export(request: HttpRequest, count: int) -> None:
    """Records the export in the audit. The search text is left out: it may name a guest."""
    filters = {name: request.GET[name][:60] for name in _LOGGED_FILTERS if request.GET.get(name)}
    record_audit(request.user, AuditAction.EXPORT, count=count, filters=filters)
