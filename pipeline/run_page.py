"""The context of the page of a run."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from matching.models import MatchSuggestion
from pipeline import labels, run_charts, runs
from pipeline.hotel import stays
from pipeline.models import RESUMABLE, Beat, JobRun, LogLine, SkippedSlot, State
from pipeline.run_charts import PhaseBar
from pipeline.runs import drain, registry
from snapshots import history
from snapshots.models import Snapshot

MAIN_JOB = "pipeline_diario"
# What outdated data of a job means for people.
EFFECTS: dict[str, str | Promise] = {
    "pipeline_diario": _lazy("New guests, departures and orders since then are missing; no suggestion speaks of them."),
    "hospedes_casa": _lazy("Who is in the house may have changed since. Suggestions and links are not affected."),
    "rm_daily_collection": _lazy("Revenue and future occupancy are those of that time. Links are not affected."),
}
# A live run without progress for this long is pointed out.
NO_PROGRESS = timedelta(minutes=10)
_MEDIAN_OF = 30
_BEATS_SHOWN = 12
_LOG_SHOWN = 200
SKIPPED_SHOWN = timedelta(days=2)
_MOST_SKIPPED = 500

_FAILED = (State.FAILED, State.TIMED_OUT, State.LOST)
PHASE_CHIPS = {"done": "chip-ok", "running": "chip-run", "stopped": "chip-bad", "waiting": "chip-wait"}
NOTES = {
    State.PARTIAL: "note-warn",
    State.FAILED: "note-bad",
    State.TIMED_OUT: "note-bad",
    State.LOST: "note-bad",
    State.CANCELLED: "note-hold",
}


@dataclass(frozen=True)
class Button:
    """`why_not` explains why the action is not possible now: the button is then shown disabled."""

    label: str
    url: str
    why_not: str = ""
    primary: bool = False
    post: bool = True


@dataclass(frozen=True)
class PhaseRow:
    title: str
    chip: str
    word: str
    bar: PhaseBar
    took: str
    usual: str


@dataclass(frozen=True)
class Step:
    """What a person can do about a run that failed; `button` of the page, or none."""

    title: str
    text: str
    button: Button | None = None


def _steps(run: JobRun, buttons: list[Button]) -> list[Step]:
    """By order of effort; empty unless the run failed."""
    if run.state not in _FAILED:
        return []
    again = next((button for button in buttons if button.primary), None)
    if again is None:
        first = Step(_("Ask the operation to try again"), _("Starting a run needs a permission that you do not have."))
    elif run.state in RESUMABLE and run.phase:
        first = Step(_("Try again"), _("It goes on where it stopped; what it had read is kept."), again)
    else:
        first = Step(_("Try again"), _("It starts from the beginning; nothing is written twice."), again)
    steps = [first]
    if run.job == MAIN_JOB:
        steps += [
            Step(
                _("Did it fail again?"),
                _("See whether the hotel's system answers, and tell IT what “Technical detail” below says."),
            ),
            Step(
                _("Until then, work like this"),
                _(
                    "Reviewing works with the list in force. For somebody who arrived after it, choose “Skip”: the"
                    " order comes back when the list comes in."
                ),
            ),
        ]
    return steps


def of(run: JobRun, user: User | AnonymousUser) -> dict[str, Any]:
    job = registry.load().get(run.job)
    buttons = _buttons(run, user)
    failed = run.state in _FAILED
    return {
        "run": run,
        "name": registry.title_of(run.job),
        "began": labels.day_and_time(run.started_at or run.queued_at),
        "failed": failed,
        "effect": effect(run) if failed else "",
        "steps": _steps(run, buttons),
        "job": job,
        "chip": labels.CHIPS[State(run.state)],
        "note": NOTES.get(State(run.state), ""),
        "moving": moving(run),
        "buttons": buttons,
        "why_not": [button for button in buttons if button.why_not],
        "phases": _phase_rows(run, job.phases if job else ()),
        "facts": list(_facts(run)),
        "summary": list(labels.summary_rows(run.summary)),
        "made": list(_made(run, user)),
        "no_progress": _no_progress(run),
        "beats": [
            {**beat, "title": labels.phase_title(beat["phase"])}
            for beat in run.beats.values("at", "phase", "done", "total", "last_key", "progress_at")[:_BEATS_SHOWN]
        ],
        "log": reversed(run.log_lines.order_by("-id")[:_LOG_SHOWN]),
    }


def effect(run: JobRun) -> str:
    """What a run that did not reach its end means for the hotel: what is in force, and what is missing."""
    later = JobRun.objects.of(run.job).filter(pk__gt=run.pk, state=State.SUCCEEDED, dry_run=False).first()
    if later is not None and later.finished_at is not None:
        when = labels.day_and_time(later.finished_at)
        return _("A later run made up for it at %(when)s: nothing is missing.") % {"when": when}
    if run.job != MAIN_JOB:
        return str(EFFECTS.get(run.job, _("Nothing else depends on it. Links and suggestions are not affected.")))
    entered = Snapshot.objects.in_force().filter(run_id=run.pk, source__name=stays.SOURCE).exists()
    if entered:
        return _(
            "The guest list came in, but not everything after it: some orders have no new suggestion yet. Nothing was"
            " lost."
        )
    last = history.latest(stays.SOURCE)
    if last is None or last.finished_at is None:
        return _("No guest list has come in yet: there is nothing to suggest from.")
    return _(
        "The guest list of this morning did not come in: the one of %(when)s is in force, and there are no new"
        " suggestions."
    ) % {"when": labels.day_and_time(last.finished_at)}


def _buttons(run: JobRun, user: User | AnonymousUser) -> list[Button]:
    buttons = []
    if user.has_perm("pipeline.run_job"):
        if run.state in RESUMABLE:
            url = reverse("admin:pipeline_jobrun_resume", args=[run.pk])
            label = _("Resume")
            if run.phase:
                label = _("Resume at “%(phase)s”") % {"phase": labels.phase_title(run.phase)}
            buttons.append(Button(label, url, runs.why_not_resumable(run) or _why_not_start(run), primary=True))
        url = reverse("admin:pipeline_jobrun_start") + f"?job={run.job}"
        buttons.append(Button(_("Run again"), url, _why_not_start(run), primary=not buttons, post=False))
    if user.has_perm("pipeline.cancel_jobrun"):
        url = reverse("admin:pipeline_jobrun_cancel", args=[run.pk])
        buttons.append(Button(_("Cancel"), url, "" if run.live else _("this one is over.")))
    return buttons


def _why_not_start(run: JobRun) -> str:
    if drain.in_force():
        return _("nothing starts while the system is being updated.")
    live = JobRun.objects.live().of(run.job).first()
    if live is None:
        return ""
    if live == run:
        return _("this one is under way.")
    return format_html(_("{link} is under way."), link=link_to(live))


def link_to(run: JobRun) -> SafeString:
    return format_html('<a href="{}">nº {}</a>', reverse("admin:pipeline_jobrun_change", args=[run.pk]), run.pk)


def _phase_rows(run: JobRun, phases: tuple[str, ...]) -> list[PhaseRow]:
    ended = JobRun.objects.of(run.job).reached_the_end().exclude(pk=run.pk)
    usual = run_charts.usual_times(ended.only("phases", "finished_at", "started_at")[:_MEDIAN_OF])
    state_words = {
        "done": _("done"),
        "running": _("running"),
        "stopped": _("failed here") if run.state in _FAILED else _("stopped"),
        "waiting": _("not started"),
    }
    return [
        PhaseRow(
            labels.phase_title(bar.name),
            PHASE_CHIPS[bar.state],
            state_words[bar.state],
            bar,
            labels.duration(bar.took),
            labels.duration(bar.usual),
        )
        for bar in run_charts.phase_bars(run, phases, usual, timezone.now())
    ]


def _facts(run: JobRun) -> Iterator[tuple[str, str]]:
    yield _("Business date"), labels.day_words(run.business_date)
    yield _("Began"), f"{timezone.localtime(run.started_at):%d/%m %H:%M:%S}" if run.started_at else "—"
    yield _("Took"), labels.duration(labels.elapsed(run))
    trigger = run.get_trigger_display()
    yield _("By"), f"{trigger}, {run.user.get_short_name() or run.user.get_username()}" if run.user else trigger
    beat_at = f"{timezone.localtime(run.beat_at):%H:%M:%S}" if run.beat_at else "—"
    yield _("Heartbeats"), _("%(count)d, the last at %(time)s") % {"count": run.beats.count(), "time": beat_at}
    if run.steps is not None:
        yield _("Only"), ", ".join(labels.phase_title(step) for step in run.steps)
    if run.dry_run:
        yield _("Dry run"), _("nothing was written")


@dataclass(frozen=True)
class SkippedStarts:
    """Of one job within SKIPPED_SHOWN: how many starts opened no run, and the last of them."""

    title: str
    count: int
    last: str
    why: str
    run: SafeString | str


def skipped_starts() -> list[SkippedStarts]:
    """By job, the most recent first."""
    found: dict[str, list[SkippedSlot]] = {}
    recent = SkippedSlot.objects.filter(slot__gt=Now() - SKIPPED_SHOWN).select_related("run")
    for one in recent[:_MOST_SKIPPED]:
        found.setdefault(one.job, []).append(one)
    return [
        SkippedStarts(
            registry.title_of(job),
            len(slots),
            labels.day_and_time(slots[0].slot),
            slots[0].get_why_display(),
            link_to(slots[0].run) if slots[0].run else "",
        )
        for job, slots in found.items()
    ]


def _made(run: JobRun, user: User | AnonymousUser) -> Iterator[tuple[str, str, str]]:
    """The results of the run for users who may see guests: label, text, link."""
    if user.has_perm("snapshots.view_snapshot"):
        for snapshot in Snapshot.objects.filter(run_id=run.pk).select_related("source").order_by("pk"):
            url = reverse("admin:snapshots_snapshot_change", args=[snapshot.pk])
            yield _("Snapshot"), f"{snapshot.source}, {snapshot.get_status_display()}", url
    if user.has_perm("matching.view_matchsuggestion"):
        suggestions = MatchSuggestion.objects.filter(run_id=run.pk).count()
        if suggestions:
            url = reverse("admin:matching_matchsuggestion_changelist") + f"?run_id={run.pk}"
            yield _("Suggestions"), number_format(suggestions, force_grouping=True), url


def _no_progress(run: JobRun) -> str:
    """How long a live run has made no progress: beats come, the position does not change. "" below the limit."""
    if not run.live or run.progress_at is None or timezone.now() - run.progress_at < NO_PROGRESS:
        return ""
    return labels.duration(timezone.now() - run.progress_at)


def level(line: LogLine) -> str:
    return logging.getLevelName(line.level)


def moving(run: JobRun) -> dict[str, Any]:
    """What changes while the page is open, from the last beat or from the run's own position, whichever is newer."""
    beat = run.beats.first() if run.live else None
    newest: JobRun | Beat = run
    if beat is not None and (run.progress_at is None or run.progress_at < beat.progress_at):
        newest = beat
    title = labels.phase_title(newest.phase)
    beat_at = beat.at if beat is not None else run.beat_at
    pace = _pace(run, newest)
    left = timedelta(seconds=pace * max(0, newest.total - newest.done)) if pace is not None and newest.total else None
    return {
        "live": run.live,
        "state": run.get_state_display(),
        "chip": labels.CHIPS[State(run.state)],
        "phase": title[:1].upper() + title[1:],
        "number": len({entry["name"] for entry in run.phases}),
        "done": newest.done,
        "total": newest.total,
        "rate": labels.rate(1 / pace) if pace and pace > 0 else "",
        "left": labels.duration(left) if left is not None else "",
        "beat_at": beat_at.isoformat() if beat_at else None,
    }


def _pace(run: JobRun, newest: JobRun | Beat) -> float | None:
    """Seconds per unit in this phase so far; None while that is unknown."""
    if not run.live or not run.phases or not newest.done or newest.progress_at is None:
        return None
    return (newest.progress_at - run_charts.phase_times(run)[-1].began).total_seconds() / newest.done
