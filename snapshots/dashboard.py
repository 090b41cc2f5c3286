"""The snapshots' part of the dashboard: what is held, and the last thirty days."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse

from snapshots.charts import Chart, chart
from snapshots.history import days
from snapshots.models import Snapshot, Source

MAX_HELD = 3
COLLECTING_JOB = "pipeline_diario"


def panel(user: Any) -> dict[str, Any]:
    """Nothing for those who may not see guests."""
    if not user.has_perm("snapshots.view_snapshot"):
        return {}
    return {**held_notes(user), **chart_of(Source.objects.order_by("pk").first())}


def held_notes(user: Any) -> dict[str, Any]:
    held = Snapshot.objects.held().select_related("source").order_by("-id")[:MAX_HELD]
    return {
        "held": held,
        "may_decide": user.has_perm("snapshots.publish_held"),
        "collect_url": collect_url(user),
    }


def chart_of(source: Source | None) -> dict[str, Any]:
    """Thirty business dates up to the last one collected; empty without any."""
    last = Snapshot.objects.filter(source=source).order_by("-business_date").first() if source else None
    if source is None or last is None:
        return {"chart": None}
    drawn: Chart = chart(days(source, last.business_date), last.business_date)
    return {"chart": drawn, "source": source}


def collect_url(user: Any) -> str:
    """Where whoever may run jobs starts the one that collects; empty for everybody else."""
    if not user.has_perm("pipeline.run_job"):
        return ""
    try:
        return f"{reverse('admin:pipeline_jobrun_start')}?job={COLLECTING_JOB}"
    except NoReverseMatch:
        return ""
