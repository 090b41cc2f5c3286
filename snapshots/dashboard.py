"""The held snapshots on the dashboard, and the chart of the last thirty days above their list."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from snapshots.charts import Chart, chart
from snapshots.history import days
from snapshots.models import Snapshot, Source

MAX_HELD = 3
COLLECTING_JOB = "pipeline_diario"


def panel(user: Any) -> dict[str, Any]:
    """The context of `snapshots/panel.html`; empty for users who may not see guests."""
    if not user.has_perm("snapshots.view_snapshot"):
        return {}
    return held_notes(user)


def held_notes(user: Any) -> dict[str, Any]:
    held = Snapshot.objects.held().select_related("source").order_by("-id")[:MAX_HELD]
    return {
        "held": held,
        "may_decide": user.has_perm("snapshots.publish_held"),
        "collect_url": collect_url(user),
    }


def chart_of(source: Source | None) -> dict[str, Any]:
    """Thirty business dates up to the last one collected; without one, no chart."""
    last = Snapshot.objects.filter(source=source).order_by("-business_date").first() if source else None
    if source is None or last is None:
        return {"chart": None}
    drawn: Chart = chart(days(source, last.business_date), last.business_date)
    return {"chart": drawn, "source": source}


def collect_url(user: Any) -> str:
    """The page that starts the collecting job; empty for users who may not run jobs."""
    if not user.has_perm("pipeline.run_job"):
        return ""
    try:
        return f"{reverse('admin:pipeline_jobrun_start')}?job={COLLECTING_JOB}"
    except NoReverseMatch:
        return ""
