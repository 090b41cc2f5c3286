"""Runs on the dashboard and the handover: the morning collection, the next starts, the age of the data, failures."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from matching.models import WriteBack
from matching.models.choices import WriteState
from pipeline import labels, notifications, run_page
from pipeline.models import TERMINAL, JobRun, State
from pipeline.orchestration import overnight
from pipeline.run_page import EFFECTS, MAIN_JOB
from pipeline.runs import registry, schedules

STRIP = 10
WENT_WRONG = (State.FAILED, State.TIMED_OUT, State.LOST, State.PARTIAL)
_MOST_RUNS = 300
BOOKS_JOB = "rm_daily_collection"
# Enough runs to hold yesterday's, even after many repeated ones.
_DAYS_OF_BOOKS = 12
# A link that the hotel has not confirmed for so long is late, and old.
WRITTEN_LATE, WRITTEN_OLD = timedelta(minutes=10), timedelta(hours=2)
WATCH_OLD = timedelta(minutes=15)
# A start that is nearer than this is counted down.
SOON = timedelta(hours=2)
# Height and class of a run's bar by its end; any other end is the highest.
_BARS = {State.SUCCEEDED: (14, "f-pos"), State.PARTIAL: (22, "s-w"), State.CANCELLED: (22, "s-w")}


@dataclass(frozen=True)
class FreshnessLimit:
    """Data that a job keeps up to date: late after the first limit, old after the second."""

    title: str | Promise
    job: str
    late: timedelta
    old: timedelta


FRESHNESS = (
    FreshnessLimit(_("Guests and orders"), "pipeline_diario", timedelta(hours=25), timedelta(hours=30)),
    FreshnessLimit(_("Guests in the house"), "hospedes_casa", timedelta(minutes=45), timedelta(hours=2)),
    FreshnessLimit(_("Occupancy and reservations"), "rm_daily_collection", timedelta(hours=25), timedelta(hours=30)),
)


@dataclass(frozen=True)
class Age:
    """`late_at` and `old_at` are when an open page must show the data as late and as old."""

    title: str | Promise
    job: str
    at: datetime | None
    chip: str
    word: str | Promise
    age: str
    limit: str
    about: str = ""
    late_at: datetime | None = None
    old_at: datetime | None = None


@dataclass(frozen=True)
class NextRun:
    """`soon` if it starts within SOON: then the page counts down."""

    title: str
    job: str
    at: datetime
    day: str
    soon: bool


@dataclass(frozen=True)
class Task:
    """A job with its last and next start; `bars` are (x, y, height, class) of its last runs, oldest first."""

    title: str
    job: str
    last: JobRun | None
    chip: str
    last_words: str
    next_words: str
    bars: list[tuple[int, int, int, str]]
    bars_words: str


def panel(user: User | AnonymousUser) -> dict[str, Any]:
    """The morning collection, the next runs and the age of the data; of the night for people who may see guests, else
    the jobs as those see them who run the system."""
    if not user.has_perm("pipeline.view_jobrun"):
        return {}
    now = timezone.now()
    sees_guests = user.has_perm("snapshots.view_snapshot")
    return {
        "morning": morning(now),
        "next_runs": next_runs(now),
        "ages": [*ages(), written_back(), *watch_age(sees_guests)],
        "night": overnight.digest() if sees_guests else None,
        "tasks": [] if sees_guests else _tasks(now),
        "unwritten": None if sees_guests else _unwritten(),
        "may_run": user.has_perm("pipeline.run_job"),
    }


@dataclass(frozen=True)
class Morning:
    """The last run of the main job, whatever ran since. `line` is "finished at 05:52" and the like; `effect` what a
    failed one means."""

    run: JobRun | None
    chip: str
    word: str
    line: str
    next_words: str
    outcome: str
    effect: str
    moving: dict[str, Any] | None

    @property
    def went_wrong(self) -> bool:
        return self.run is not None and self.run.state in WENT_WRONG


def morning(now: datetime) -> Morning:
    runs = JobRun.objects.of(MAIN_JOB).filter(dry_run=False)
    run = runs.defer("checkpoint", "blocked_stack").first()
    starts = (one.next_after(now) for one in schedules.job_schedules() if one.job == MAIN_JOB)
    next_start = next(starts, None)
    next_words = _t("next %(when)s") % {"when": labels.day_and_time(next_start)} if next_start else ""
    if run is None:
        line = _t("The guest list and the service orders have not been read yet.")
        return Morning(None, "chip-wait", _t("not yet"), line, next_words, "", "", None)
    state = State(run.state)
    at = labels.day_and_time(run.finished_at or run.started_at or run.queued_at)
    if run.live:
        line = _t("began %(when)s") % {"when": at}
    elif state in (State.SUCCEEDED, State.PARTIAL):
        line = _t("finished %(when)s") % {"when": at}
    elif run.phase:
        line = _t("stopped %(when)s while %(phase)s") % {"when": at, "phase": labels.phase_title(run.phase)}
    else:
        line = _t("stopped %(when)s") % {"when": at}
    return Morning(
        run,
        labels.CHIPS[state],
        run.get_state_display(),
        line,
        next_words,
        labels.reading(run.summary) if state == State.SUCCEEDED else labels.outcome(run),
        run_page.effect(run) if state in WENT_WRONG else "",
        run_page.moving(run) if run.live else None,
    )


def next_runs(now: datetime) -> list[NextRun]:
    """The next start of every scheduled job that people follow, soonest first."""
    jobs = {name: job for name, job in registry.load().items() if not job.housekeeping}
    starts = [(one.next_after(now), one.job) for one in schedules.job_schedules() if one.job in jobs]
    return [NextRun(str(jobs[job].title), job, at, labels.day_word(at), at - now <= SOON) for at, job in sorted(starts)]


def ages() -> list[Age]:
    """One query for each job of FRESHNESS."""
    return [_age(limits) for limits in FRESHNESS]


def _age(limits: FreshnessLimit) -> Age:
    """The data is as old as the start of the last run that succeeded: a partial run may lack this source."""
    run = JobRun.objects.of(limits.job).filter(state=State.SUCCEEDED, dry_run=False).first()
    at = run.started_at if run else None
    if run is None or at is None:
        return Age(limits.title, limits.job, None, "chip-wait", _("never collected"), "", "")
    about = f"{registry.title_of(limits.job)}, {labels.day_and_time(at)}"
    return _aged(limits.title, limits.job, about, at, limits.late, limits.old)


def written_back() -> Age:
    """How long the oldest decision has been waiting for the hotel's confirmation."""
    since = WriteBack.objects.filter(state=WriteState.OPEN).aggregate(since=Min("created_at"))["since"]
    title, about = _("Links at the hotel"), _t("on each decision")
    if since is None:
        return Age(title, "", None, "chip-ok", _("up to date"), "", "", about)
    return _aged(title, "", about, since, WRITTEN_LATE, WRITTEN_OLD)


def watch_age(only_if_late: bool) -> list[Age]:
    """How long ago the watch (jobwatch) looked: nobody hears of a failure while it is dead."""
    title, passed = _("Watch (jobwatch)"), notifications.watch_age()
    if passed is None:
        return [] if only_if_late else [Age(title, "", None, "chip-wait", _("never"), "", "", _t("not started yet"))]
    age = _aged(
        title,
        "",
        _t("looks for lost runs, sends notices"),
        timezone.now() - passed,
        notifications.WATCH_DEAD_AFTER,
        WATCH_OLD,
    )
    return [] if only_if_late and age.chip == "chip-ok" else [age]


def _aged(title: str | Promise, job: str, about: str, at: datetime, late: timedelta, old: timedelta) -> Age:
    passed = timezone.now() - at
    chip, word, limit = "chip-ok", _("up to date"), ""
    if passed > late:
        chip, word, limit = "chip-warn", _("late"), labels.duration(late)
    if passed > old:
        chip, word, limit = "chip-bad", _("old"), labels.duration(old)
    return Age(title, job, at, chip, word, labels.duration(passed), limit, about, at + late, at + old)


def _tasks(now: datetime) -> list[Task]:
    """Every scheduled job; one query for each."""
    starts = {one.job: one.next_after(now) for one in schedules.job_schedules()}
    jobs = sorted(registry.load().values(), key=lambda job: (job.housekeeping, job.name != MAIN_JOB, job.name))
    return [_task(job.name, str(job.title), starts[job.name]) for job in jobs if job.name in starts]


def _task(job: str, title: str, next_start: datetime) -> Task:
    runs = list(JobRun.objects.of(job).defer("checkpoint", "blocked_stack", "summary")[:STRIP])
    last = runs[0] if runs else None
    words = ""
    if last:
        began = labels.day_and_time(last.started_at or last.queued_at)
        words = _t("%(began)s, took %(took)s") % {"began": began, "took": labels.duration(labels.elapsed(last))}
    found = Counter(State(run.state) for run in runs)
    counted = ", ".join(str(phrase % found[state]) for state, phrase in labels.COUNTED.items() if found[state])
    heights = [_BARS.get(State(run.state), (32, "f-run" if run.live else "f-bad")) for run in reversed(runs)]
    bars = [(10 * place, 32 - height, height, css) for place, (height, css) in enumerate(heights)]
    chip = labels.CHIPS[State(last.state)] if last else "chip-wait"
    return Task(title, job, last, chip, words, labels.day_and_time(next_start), bars, counted)


@dataclass(frozen=True)
class Unwritten:
    count: int
    since: datetime


def _unwritten() -> Unwritten | None:
    """Links that wait for the hotel longer than a write takes."""
    found = WriteBack.objects.filter(state=WriteState.OPEN).aggregate(n=Count("pk"), since=Min("created_at"))
    if not found["n"] or timezone.now() - found["since"] < WRITTEN_LATE:
        return None
    return Unwritten(found["n"], found["since"])


@dataclass(frozen=True)
class Occupancy:
    """Tonight's share of the rooms sold, of the last occupancy map, and that of the day before, if it was collected."""

    share: float
    sold: int
    before: float | None
    at: datetime | None


def occupancy() -> Occupancy | None:
    """None before the first occupancy map; one query."""
    runs = JobRun.objects.of(BOOKS_JOB).filter(state__in=(State.SUCCEEDED, State.PARTIAL), dry_run=False)
    by_day = {
        run.business_date: run
        for run in reversed(runs.only("business_date", "summary", "finished_at")[:_DAYS_OF_BOOKS])
    }
    if not by_day:
        return None
    day = max(by_day)
    tonight = by_day[day].summary.get("tonight") or {}
    if tonight.get("occupancy") is None:
        return None
    before = by_day.get(day - timedelta(days=1))
    earlier = (before.summary.get("tonight") or {}).get("occupancy") if before else None
    return Occupancy(tonight["occupancy"], int(tonight.get("sold") or 0), earlier, by_day[day].finished_at)


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
        return Today(_t("The morning collection has not run yet today."), "chip-wait", _("today"), "note-warn", effects)
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
