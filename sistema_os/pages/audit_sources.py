"""Where the audit's lines come from: what each app keeps of people's deeds, and who may read it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy as _p

from matching.models import AuditAction
from matching.reports import AuditLine, AuditQuery, decision_lines, entry_lines
from pipeline.models import CancelRequest, JobRun
from snapshots.models import Snapshot

PERMISSION: Final = "matching.view_decision"
SEES_ADMIN: Final = "auth.view_user"

_BULK: Final = (AuditAction.BULK, AuditAction.BULK_UNDO)
_MARKS: Final = (AuditAction.FLAG, AuditAction.UNFLAG)


def name_of(user: Any) -> str:
    return str(user.get_full_name() or user.get_username()) if user is not None else "—"


@dataclass(frozen=True)
class Source:
    """`needs` beside PERMISSION. Only what is `of_orders` can be asked for by an order or a batch."""

    label: str | Promise
    lines: Callable[[AuditQuery], list[AuditLine]]
    needs: str = PERMISSION
    of_orders: bool = False


def _overrides(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(Snapshot.objects.filter(override_at__isnull=False), "override_at").select_related("source")
    if asked.user is not None:
        rows = rows.filter(override_by=asked.user)
    return [
        AuditLine(
            snapshot.override_at,
            name_of(snapshot.override_by),
            _("Held listing decided"),
            str(snapshot),
            reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]),
            Snapshot.Status.HELD.label,
            snapshot.get_status_display(),
            snapshot.override_reason,
        )
        for snapshot in rows.select_related("override_by")[: asked.most]
    ]


def _runs(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(JobRun.objects.filter(user__isnull=False), "queued_at").select_related("user")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    rows = rows.defer("checkpoint", "blocked_stack", "summary")
    return [_run(run, run.queued_at, run.user, _("Run asked for")) for run in rows[: asked.most]]


def _cancels(asked: AuditQuery) -> list[AuditLine]:
    rows = asked.of(CancelRequest.objects.filter(user__isnull=False), "at")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    told = rows.select_related("user", "run")[: asked.most]
    return [_run(row.run, row.at, row.user, _("Run cancelled")) for row in told]


def _run(run: JobRun, at: datetime, user: Any, what: str) -> AuditLine:
    url = reverse("admin:pipeline_jobrun_change", args=[run.pk])
    return AuditLine(at, name_of(user), what, str(run), url, "", run.get_state_display(), "")


def _changes(asked: AuditQuery) -> list[AuditLine]:
    """What was changed in the stock admin: people, groups, thresholds. Decisions stand there too, told above."""
    others = LogEntry.objects.exclude(content_type__app_label="matching")
    rows = asked.of(others, "action_time").select_related("user", "content_type")
    if asked.user is not None:
        rows = rows.filter(user=asked.user)
    return [
        AuditLine(
            entry.action_time,
            name_of(entry.user),
            entry.get_action_flag_display(),
            f"{entry.content_type.name}: {entry.object_repr}" if entry.content_type else entry.object_repr,
            "",
            "",
            "",
            entry.get_change_message(),
        )
        for entry in rows[: asked.most]
    ]


SOURCES: Final[dict[str, Source]] = {
    "decisions": Source(_lazy("Decisions"), decision_lines, of_orders=True),
    "bulk": Source(_lazy("Batches"), lambda asked: entry_lines(asked, _BULK), of_orders=True),
    "marks": Source(_lazy("Marks"), lambda asked: entry_lines(asked, _MARKS), of_orders=True),
    "alerts": Source(_p("audit", "Alerts"), lambda asked: entry_lines(asked, [AuditAction.SETTLE])),
    "exports": Source(_lazy("Exports"), lambda asked: entry_lines(asked, [AuditAction.EXPORT])),
    "overrides": Source(_lazy("Held listings"), _overrides, "snapshots.view_snapshot"),
    "runs": Source(_p("audit", "Runs"), _runs, "pipeline.view_jobrun"),
    "cancels": Source(_lazy("Cancelled runs"), _cancels, "pipeline.view_jobrun"),
    "admin": Source(_lazy("Users and settings"), _changes, SEES_ADMIN),
}
