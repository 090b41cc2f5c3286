"""What people who do not look after the machine need to know of its runs: today in one line, and what went wrong."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from pipeline import registry, words
from pipeline.models import TERMINAL, JobRun, State
from pipeline.panel import Age

MAIN_JOB = "pipeline_diario"
WENT_WRONG = (State.FAILED, State.TIMED_OUT, State.LOST, State.PARTIAL)
_MOST_RUNS = 300
# What old data of a job means for people.
EFFECTS: dict[str, str | Promise] = {
    "pipeline_diario": _("New guests, departures and orders since then are missing; no suggestion speaks of them."),
    "hospedes_casa": _("Who is in the house may have changed since. Suggestions and links are not affected."),
    "rm_daily_collection": _("Revenue and future occupancy are those of that time. Links are not affected."),
}


@dataclass(frozen=True)
class Today:
    """`line` is "05:58 succeeded, 622 rows, ..."; `note` a class of look.css; `effects` name what is late or old."""

    line: str
    chip: str
    word: str | Promise
    note: str
    effects: list[str]


def today(day: date, ages: list[Age]) -> Today:
    run = _newest(MAIN_JOB, day)
    late = [age for age in ages if age.chip in ("chip-warn", "chip-bad")]
    effects = [f"{age.title}: {EFFECTS.get(age.job, '')}" for age in late]
    if run is None:
        return Today(_t("The daily pipeline has not run yet today."), "chip-wait", _("today"), "note-warn", effects)
    chip = words.CHIPS[State(run.state)]
    said = words.outcome(run)
    began = date_format(timezone.localtime(run.started_at or run.queued_at), "H:i")
    line = f"{began} {run.get_state_display()}" + (f", {said}" if said else "")
    note = "note-bad" if chip == "chip-bad" else "note-warn" if late or run.state == State.PARTIAL else "note-ok"
    return Today(line, chip, _("today"), note, effects)


def _newest(job: str, day: date) -> JobRun | None:
    runs = JobRun.objects.of(job).filter(business_date=day, dry_run=False)
    return runs.defer("checkpoint", "blocked_stack").first()


@dataclass(frozen=True)
class Trouble:
    """A job that went wrong on a date: the last time, how often, and the later run that went well, if any."""

    title: str | Promise
    run: JobRun
    times: int
    mended_by: JobRun | None


def troubles(day: date) -> list[Trouble]:
    """By job, those not mended first; one query."""
    jobs = {name: job for name, job in registry.load().items() if not job.housekeeping}
    runs = JobRun.objects.filter(job__in=jobs, business_date=day, dry_run=False, state__in=TERMINAL)
    by_job: dict[str, list[JobRun]] = {}
    for run in runs.defer("checkpoint", "blocked_stack", "phases")[:_MOST_RUNS]:
        by_job.setdefault(run.job, []).append(run)
    found = [_trouble(str(jobs[name].title), newest_first) for name, newest_first in by_job.items()]
    return sorted((trouble for trouble in found if trouble), key=lambda trouble: trouble.mended_by is not None)


def _trouble(title: str, newest_first: list[JobRun]) -> Trouble | None:
    wrong = [run for run in newest_first if run.state in WENT_WRONG]
    if not wrong:
        return None
    later = [run for run in newest_first if run.pk > wrong[0].pk and run.state == State.SUCCEEDED]
    return Trouble(title, wrong[0], len(wrong), later[-1] if later else None)
