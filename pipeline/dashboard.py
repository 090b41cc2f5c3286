"""Runs on the dashboard and the handover page: the current run, the last 28 runs, the age of the data, failures."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from pipeline import labels, run_page
from pipeline.models import TERMINAL, JobRun, State
from pipeline.runs import registry

STRIP = 28
MAIN_JOB = "pipeline_diario"
WENT_WRONG = (State.FAILED, State.TIMED_OUT, State.LOST, State.PARTIAL)
_MOST_RUNS = 300
# What outdated data of a job means for people.
EFFECTS: dict[str, str | Promise] = {
    "pipeline_diario": _("New guests, departures and orders since then are missing; no suggestion speaks of them."),
    "hospedes_casa": _("Who is in the house may have changed since. Suggestions and links are not affected."),
    "rm_daily_collection": _("Revenue and future occupancy are those of that time. Links are not affected."),
}
_HEIGHTS = {State.SUCCEEDED: "s-ok", State.PARTIAL: "s-warn", State.CANCELLED: "s-warn"}


@dataclass(frozen=True)
class FreshnessLimit:
    """Data that a job keeps up to date: late after the first limit, old after the second."""

    title: str | Promise
    job: str
    late: timedelta
    old: timedelta


FRESHNESS = (
    FreshnessLimit(_("Guest list and service orders"), "pipeline_diario", timedelta(hours=25), timedelta(hours=30)),
    FreshnessLimit(_("Guests in the house"), "hospedes_casa", timedelta(minutes=45), timedelta(hours=2)),
    FreshnessLimit(_("Daily revenue photo"), "rm_daily_collection", timedelta(hours=25), timedelta(hours=30)),
)


@dataclass(frozen=True)
class Age:
    title: str | Promise
    job: str
    at: datetime | None
    chip: str
    word: str | Promise
    age: str
    limit: str


def panel(user: User | AnonymousUser) -> dict[str, Any]:
    if not user.has_perm("pipeline.view_jobrun"):
        return {}
    followed = [name for name, job in registry.load().items() if not job.housekeeping]
    recent = list(JobRun.objects.filter(job__in=followed).defer("checkpoint", "blocked_stack")[:STRIP])
    shown = next((run for run in recent if run.live), recent[0] if recent else None)
    found = Counter(State(run.state) for run in recent)
    return {
        "shown": shown,
        "moving": run_page.moving(shown) if shown else None,
        "outcome": labels.outcome(shown) if shown else "",
        "took": labels.duration(labels.elapsed(shown)) if shown else "",
        "phases": len(registry.get(shown.job).phases) if shown else 0,
        "strip": [(run, _HEIGHTS.get(State(run.state), "s-run" if run.live else "s-bad")) for run in reversed(recent)],
        # "23 succeeded, 2 partial": ended runs by state.
        "strip_words": ", ".join(str(words % found[state]) for state, words in labels.COUNTED.items() if found[state]),
        "ages": ages(),
        # Beside the chart of snapshots, or alone.
        "age_width": "c4" if user.has_perm("snapshots.view_snapshot") else "c5",
        "may_run": user.has_perm("pipeline.run_job"),
    }


def ages() -> list[Age]:
    """One query for each job of FRESHNESS."""
    return [_age(limits) for limits in FRESHNESS]


def _age(limits: FreshnessLimit) -> Age:
    """The data is as old as the start of the last run that succeeded: a partial run may lack this source."""
    run = JobRun.objects.of(limits.job).filter(state=State.SUCCEEDED, dry_run=False).first()
    at = run.started_at if run else None
    if run is None or at is None:
        return Age(limits.title, limits.job, None, "chip-wait", _("never collected"), "", "")
    age = timezone.now() - at
    chip, word, limit = "chip-ok", _("up to date"), ""
    if age > limits.late:
        chip, word, limit = "chip-warn", _("late"), labels.duration(limits.late)
    if age > limits.old:
        chip, word, limit = "chip-bad", _("old"), labels.duration(limits.old)
    return Age(limits.title, limits.job, at, chip, word, labels.duration(age), limit)


@dataclass(frozen=True)
class Today:
    """`line` is "05:58 succeeded, 622 rows, ..."; `note` a class of look.css; `effects` name what is late or old."""

    line: str
    chip: str
    word: str | Promise
    note: str
    effects: list[str]


def today(day: date, ages: list[Age]) -> Today:
    runs = JobRun.objects.of(MAIN_JOB).filter(business_date=day, dry_run=False)
    run = runs.defer("checkpoint", "blocked_stack").first()
    late = [age for age in ages if age.chip in ("chip-warn", "chip-bad")]
    effects = [f"{age.title}: {EFFECTS.get(age.job, '')}" for age in late]
    if run is None:
        return Today(_t("The daily pipeline has not run yet today."), "chip-wait", _("today"), "note-warn", effects)
    chip = labels.CHIPS[State(run.state)]
    outcome = labels.outcome(run)
    began = date_format(timezone.localtime(run.started_at or run.queued_at), "H:i")
    line = f"{began} {run.get_state_display()}" + (f", {outcome}" if outcome else "")
    note = "note-bad" if chip == "chip-bad" else "note-warn" if late or run.state == State.PARTIAL else "note-ok"
    return Today(line, chip, _("today"), note, effects)


@dataclass(frozen=True)
class Trouble:
    """A job that failed on a date: its last failure, the number of failures, and the later success, if any."""

    title: str | Promise
    run: JobRun
    times: int
    mended_by: JobRun | None


def troubles(day: date) -> list[Trouble]:
    """By job, those without a later success first; one query."""
    jobs = {name: job for name, job in registry.load().items() if not job.housekeeping}
    runs = JobRun.objects.filter(job__in=jobs, business_date=day, dry_run=False, state__in=TERMINAL)
    by_job: dict[str, list[JobRun]] = {}
    for run in runs.defer("checkpoint", "blocked_stack", "phases")[:_MOST_RUNS]:
        by_job.setdefault(run.job, []).append(run)
    found = []
    for name, newest_first in by_job.items():
        wrong = [run for run in newest_first if run.state in WENT_WRONG]
        if wrong:
            later = [run for run in newest_first if run.pk > wrong[0].pk and run.state == State.SUCCEEDED]
            found.append(Trouble(str(jobs[name].title), wrong[0], len(wrong), later[-1] if later else None))
    return sorted(found, key=lambda trouble: trouble.mended_by is not None)
