"""Columns of the lists as spreadsheets: as the pages show them, and typed texts without documents and phones."""

from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching import alerts
from matching.models import Alert, AuditAction, Decision, MatchSuggestion, Stay, record_audit
from matching.presentation import name_of
from sistema_os.admin_base import CsvColumn
from sistema_os.masking import masked_phones, without_documents

# Filters that hold no personal data.
_LOGGED_FILTERS = ("state", "band", "department", "departure", "verb", "severity", "kind", "settled")


def log_export(request: HttpRequest, count: int) -> None:
    """Records the export in the audit. The search text is left out: it may name a guest."""
    filters = {name: request.GET[name][:60] for name in _LOGGED_FILTERS if request.GET.get(name)}
    record_audit(request.user, AuditAction.EXPORT, count=count, filters=filters)


def _moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""


def _day(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _typed(text: str) -> str:
    return masked_phones(without_documents(text))


def _guest(stay: Stay | None) -> str:
    return stay.name if stay else str(_("No guest"))


def _room(stay: Stay | None) -> str:
    return stay.room if stay else ""


SUGGESTION_COLUMNS: tuple[CsvColumn, ...] = (
    CsvColumn(_("Order"), lambda s: s.order.number),
    CsvColumn(_("Opened"), lambda s: _moment(s.order.opened_at)),
    CsvColumn(_("Request"), lambda s: _typed(s.order.request)),
    CsvColumn(_("Guest"), lambda s: _guest(s.stay)),
    CsvColumn(_("Room"), lambda s: _room(s.stay)),
    CsvColumn(_("Departure"), lambda s: _day(s.stay.departure) if s.stay else None),
    CsvColumn(_("Probability"), lambda s: number_format(s.probability, 4)),
    CsvColumn(_("Band"), lambda s: s.band.label),
    CsvColumn(_("State"), MatchSuggestion.get_state_display),
    CsvColumn(_("Decided by"), lambda s: s.decision.user.get_username() if s.decision else None),
    CsvColumn(_p("suggestion", "Decided"), lambda s: _moment(s.decision.at) if s.decision else None),
)


def _undo(decision: Decision) -> Decision | None:
    found: Decision | None = getattr(decision, "undone_by", None)
    return found


def _undone_by(decision: Decision) -> str | None:
    undo = _undo(decision)
    return name_of(undo.user) if undo else None


def _undone_at(decision: Decision) -> str | None:
    undo = _undo(decision)
    return _moment(undo.at) if undo else None


DECISION_COLUMNS: tuple[CsvColumn, ...] = (
    CsvColumn(_("When"), lambda d: _moment(d.at)),
    CsvColumn(_("Who"), lambda d: name_of(d.user)),
    CsvColumn(_("Decision"), Decision.get_verb_display),
    CsvColumn(_("Order"), lambda d: d.suggestion.order.number),
    CsvColumn(_("Request"), lambda d: _typed(d.suggestion.order.request)),
    CsvColumn(_("Guest"), lambda d: _guest(d.suggestion.stay)),
    CsvColumn(_("Room"), lambda d: _room(d.suggestion.stay)),
    CsvColumn(_("Reason"), lambda d: d.reason_words),
    CsvColumn(_("Probability"), lambda d: number_format(d.probability, 4)),
    CsvColumn(_("Undone by"), _undone_by),
    CsvColumn(_p("decision", "Undone at"), _undone_at),
)

ALERT_COLUMNS: tuple[CsvColumn, ...] = (
    CsvColumn(_("When"), lambda a: _moment(a.created_at)),
    CsvColumn(_("Severity"), Alert.get_severity_display),
    CsvColumn(_("Alert"), Alert.get_kind_display),
    CsvColumn(_("What happened"), alerts.sentence),
    CsvColumn(_("Order"), lambda a: a.order.number if a.order else None),
    CsvColumn(_("Settled by"), lambda a: name_of(a.settled_by) if a.settled_by else None),
    CsvColumn(_("Settled at"), lambda a: _moment(a.settled_at)),
    CsvColumn(_("Note"), lambda a: _typed(a.note)),
)
