"""How runs are spoken of on screens and at the command line."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline.models import JobRun, State

CHIPS = {
    State.QUEUED: "chip-wait",
    State.RUNNING: "chip-run",
    State.CANCELLING: "chip-run",
    State.SUCCEEDED: "chip-ok",
    State.PARTIAL: "chip-warn",
    State.FAILED: "chip-bad",
    State.TIMED_OUT: "chip-bad",
    State.CANCELLED: "chip-off",
    State.LOST: "chip-bad",
}

BARS = {"chip-ok": "bar-ok", "chip-warn": "bar-warn", "chip-bad": "bar-bad", "chip-run": "bar-run"}

PHASES = {
    "listing": _("reading the guest list"),
    "orders": _("reading the service orders"),
    "matching": _("matching orders with guests"),
    "mirror": _("publishing suggestions"),
    "writebacks": _("writing accepted links back"),
    "collect": _("collecting"),
    "write": _("storing"),
    "sweep": _("ending lost runs"),
    "purge": _("clearing old records"),
}

# What jobs put into their summaries.
SUMMARY = {
    "listing": _("Guest list"),
    "orders": _("Service orders"),
    "rows": pgettext_lazy("summary", "rows"),
    "new": pgettext_lazy("summary", "new"),
    "gone": pgettext_lazy("summary", "gone"),
    "changed": pgettext_lazy("summary", "changed"),
    "orders_matched": _("Orders matched"),
    "suggestions": _("Suggestions"),
    "created": pgettext_lazy("summary", "created"),
    "rescored": pgettext_lazy("summary", "re-scored"),
    "superseded": pgettext_lazy("summary", "superseded"),
    "queue": _("Waiting for review"),
    "strong": pgettext_lazy("band", "strong"),
    "doubt": pgettext_lazy("band", "doubtful"),
    "weak": pgettext_lazy("band", "weak"),
    "expired": _("Suggestions expired"),
    "alerts": _("Alerts"),
    "skipped_rows": _("Rows that could not be matched"),
    "mirrored": _("Suggestions published"),
    "written_back": _("Links written back"),
    "done": pgettext_lazy("summary", "done"),
    "conflicts": pgettext_lazy("summary", "conflicts"),
    "open": pgettext_lazy("summary", "open"),
    "without_room": _("Without a room"),
    "arrived": _("Arrived"),
    "left": _("Left"),
    "moved": _("Changed rooms"),
    "written": _("Rows written"),
    "removed": _("Rows removed"),
    "stayed": _("Stayed"),
    "tonight": _("Tonight"),
    "next_7_days": _("Next 7 days"),
    "next_30_days": _("Next 30 days"),
    "sold": _("rooms sold"),
    "occupancy": _("occupancy"),
    "average_rate": _("average rate"),
    "dry_run": _("Dry run"),
    "lost": _("Lost runs"),
    "purged": _("Old records cleared"),
}

# The state of a source, as snapshots call it.
SOURCE_STATES = {
    "published": _("in force"),
    "same": _("nothing changed"),
    "held": _("held for a person to decide"),
    "failed": _("not readable"),
    "rejected": _("rejected"),
    "dry_run": _("dry run, not stored"),
}


def phase_title(phase: str) -> str:
    """The words for a phase; one that has none is shown as it is."""
    return str(PHASES.get(phase, phase.replace("_", " ")))


def summary_rows(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and value of each entry; the entries of a group stand on one line. Timings have their own table."""
    for name, value in summary.items():
        if name != "seconds":
            label = _label(name)
            yield label[:1].upper() + label[1:], _group(value) if isinstance(value, dict) else _value(value)


def _group(entries: dict[str, Any]) -> str:
    state = SOURCE_STATES.get(entries.get("state", ""), "")
    counts = [f"{_value(value)} {_label(name)}" for name, value in entries.items() if name != "state"]
    return ", ".join([*counts, *([str(state)] if state else [])])


def _label(name: str) -> str:
    return str(SUMMARY.get(name, name.replace("_", " ")))


def _value(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _t("yes") if value else _t("no")
    if isinstance(value, int | float):
        return number_format(value, use_l10n=True, force_grouping=True)
    return str(value)


def duration(time: timedelta | None) -> str:
    """ "2 s", "10 min 01 s", "1 h 06 min"; "—" for none."""
    if time is None:
        return "—"
    seconds = max(0, round(time.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def took(run: JobRun) -> timedelta | None:
    """How long the run worked, up to now while it does; None if it never started."""
    return (run.finished_at or timezone.now()) - run.started_at if run.started_at else None


def chip(run: JobRun) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', CHIPS[State(run.state)], run.get_state_display())


def progress(run: JobRun) -> SafeString:
    """The count of the current phase with its bar; of a run that reached its end, nothing is left to count."""
    if run.total is None:
        return format_html('<span class="num">{}</span>', number_format(run.done, use_l10n=True) if run.done else "—")
    bar = BARS.get(CHIPS[State(run.state)], "bar-off")
    return format_html(
        '<span class="num">{}/{}</span> <progress class="bar {}" max="{}" value="{}" aria-hidden="true"></progress>',
        run.done,
        run.total,
        bar,
        max(run.total, 1),
        min(run.done, max(run.total, 1)),
    )


def outcome(run: JobRun) -> str:
    """One line: what it is doing, why it ended, or what it did."""
    if run.live:
        title = phase_title(run.phase)
        return title[:1].upper() + title[1:]
    if run.reason:
        return run.reason
    return "; ".join(f"{label}: {value}" for label, value in list(summary_rows(run.summary))[:3])
