"""The dashboard's cards of this app: the queue, today's decisions and the open alerts."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from matching.alerts import sentence
from matching.models import Alert, Decision, MatchSuggestion
from matching.models.choices import Severity, Verb
from matching.presentation import order_url
from matching.presentation.badges import band_chip, severity_chip
from matching.reports import midnight, own_pace
from matching.review import queue

SHOWN_ALERTS = 3
_WORST_FIRST = [Severity.HIGH, Severity.MEDIUM, Severity.LOW]


def panel(user: Any) -> dict[str, Any]:
    """Empty for people who may not see guests. At most nine queries, whatever the size of the tables."""
    shown: dict[str, Any] = {}
    if user.has_perm("matching.view_matchsuggestion"):
        counts = queue.counts()
        page = reverse("admin:matching_matchsuggestion_review")
        shown["bands"] = [(band_chip(c.band), c, f"{page}?{urlencode({'band': c.band.value})}") for c in counts]
        shown["waiting"] = sum(c.waiting for c in counts)
        shown["departing"] = sum(c.departing for c in counts)
        shown["flagged"] = MatchSuggestion.objects.heads().filter(order__flagged=True).count()
        decided = Decision.objects.filter(at__gte=midnight(), undone_by=None).exclude(verb=Verb.UNDO)
        shown["decided_today"] = decided.count()
        shown["can_decide"] = user.has_perm("matching.decide_suggestion")
        shown["pace"] = own_pace(user, shown["departing"] or shown["waiting"]) if shown["can_decide"] else None
    if user.has_perm("matching.view_alert"):
        shown["open_alerts"], shown["alerts"] = _alerts()
    return shown


def _alerts() -> tuple[int, list[dict[str, Any]]]:
    open_alerts = Alert.objects.filter(settled_at=None)
    by_severity = (open_alerts.filter(severity=severity).select_related("order", "stay") for severity in _WORST_FIRST)
    worst = [alert for alerts in by_severity for alert in alerts[:SHOWN_ALERTS]]
    rows = [
        {
            "chip": severity_chip(alert.severity),
            "title": alert.get_kind_display(),
            "text": sentence(alert),
            "order": alert.order,
            "url": order_url(alert.order) if alert.order else "",
        }
        for alert in worst[:SHOWN_ALERTS]
    ]
    return open_alerts.count(), rows
