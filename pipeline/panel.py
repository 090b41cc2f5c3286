"""What runs have to say on the dashboard: the one under way or the last, the last 28, and how old the data is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pipeline import record, registry, words
from pipeline.models import JobRun, State

STRIP = 28
_HEIGHTS = {State.SUCCEEDED: "s-ok", State.PARTIAL: "s-warn", State.CANCELLED: "s-warn"}


@dataclass(frozen=True)
class Source:
    """Data that a job keeps fresh: late after the first limit, old after the second."""

    title: str | Promise
    job: str
    late: timedelta
    old: timedelta


SOURCES = (
    Source(_("Guest list and service orders"), "pipeline_diario", timedelta(hours=25), timedelta(hours=30)),
    Source(_("Guests in the house"), "hospedes_casa", timedelta(minutes=45), timedelta(hours=2)),
    Source(_("Daily revenue photo"), "rm_daily_collection", timedelta(hours=25), timedelta(hours=30)),
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
    return {
        "shown": shown,
        "moving": record.moving(shown) if shown else None,
        "outcome": words.outcome(shown) if shown else "",
        "took": words.duration(words.took(shown)) if shown else "",
        "phases": len(registry.get(shown.job).phases) if shown else 0,
        "strip": [(run, _HEIGHTS.get(State(run.state), "s-run" if run.live else "s-bad")) for run in reversed(recent)],
        "strip_words": _counted(recent),
        "ages": ages(),
        # Beside the chart of snapshots, or alone.
        "age_width": "c4" if user.has_perm("snapshots.view_snapshot") else "c5",
        "may_run": user.has_perm("pipeline.run_job"),
    }


def _counted(recent: list[JobRun]) -> str:
    """ "23 succeeded, 2 partial": ended runs by state."""
    found = Counter(State(run.state) for run in recent)
    return ", ".join(str(words.COUNTED[state] % found[state]) for state in words.COUNTED if found[state])


def ages() -> list[Age]:
    """Of every source; a query each."""
    return [_age(source) for source in SOURCES]


def _age(source: Source) -> Age:
    """The data is as old as the start of the last run that got all of it: a partial run may have left this source."""
    run = JobRun.objects.of(source.job).filter(state=State.SUCCEEDED, dry_run=False).first()
    at = run.started_at if run else None
    if run is None or at is None:
        return Age(source.title, source.job, None, "chip-wait", _("never collected"), "", "")
    age = timezone.now() - at
    chip, word, limit = "chip-ok", _("up to date"), ""
    if age > source.late:
        chip, word, limit = "chip-warn", _("late"), words.duration(source.late)
    if age > source.old:
        chip, word, limit = "chip-bad", _("old"), words.duration(source.old)
    return Age(source.title, source.job, at, chip, word, words.duration(age), limit)
