"""The charts of runs: the last thirty days of every job (one query), and the phases of one run on a time line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from django.db.models import BigIntegerField, Count, F, Max, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone
from django.utils.functional import Promise

from pipeline import charts, labels
from pipeline.charts import Chart, Day
from pipeline.models import TERMINAL, JobRun, State
from pipeline.runs import registry
from sistema_os.chart_geometry import GridLine, Scale

DAYS = 30
PHASES_WIDTH = 304.0
_FAILED = Q(state__in=(State.FAILED, State.TIMED_OUT, State.LOST))
_PARTIAL = Q(state__in=(State.PARTIAL, State.CANCELLED))
# As in labels.headline: the rows of the guest list that the main job read, or the rows of another job.
_ROWS = Cast(Coalesce(KT("summary__listing__rows"), KT("summary__rows")), BigIntegerField())


@dataclass(frozen=True)
class JobMonth:
    job: str
    title: str | Promise
    chart: Chart
    # The grid lines with their labels.
    scale: list[tuple[GridLine, str]]
    longest: str
    # The most that a run read.
    rows: str


def months(today: date) -> list[JobMonth]:
    """A chart for each job that people follow and that ran."""
    found: dict[str, list[Day]] = {}
    for job, day in _days(today):
        found.setdefault(job, []).append(day)
    jobs = registry.load()
    return [_month(name, jobs[name].title, found[name], today) for name in jobs if name in found]


def _days(today: date) -> Iterator[tuple[str, Day]]:
    followed = [name for name, job in registry.load().items() if not job.housekeeping]
    since = timezone.make_aware(datetime.combine(today - timedelta(days=DAYS - 1), time()))
    ended = JobRun.objects.filter(job__in=followed, state__in=TERMINAL, started_at__gte=since, dry_run=False)
    by_day = ended.order_by("job").annotate(day=TruncDate("started_at")).values("job", "day")
    for row in by_day.annotate(
        longest=Max(F("finished_at") - F("started_at")),
        runs=Count("pk"),
        failed=Count("pk", filter=_FAILED),
        partial=Count("pk", filter=_PARTIAL),
        rows=Max(_ROWS),
    ):
        seconds = row["longest"].total_seconds()
        yield row["job"], Day(row["day"], seconds, row["runs"], row["failed"], row["partial"], row["rows"] or 0)


def _month(job: str, title: str | Promise, days: list[Day], today: date) -> JobMonth:
    drawn = charts.chart(days, today, DAYS)
    scale = [(line, labels.duration(timedelta(seconds=line.value))) for line in drawn.lines]
    return JobMonth(
        job, title, drawn, scale, labels.duration(timedelta(seconds=drawn.longest)), labels.count(drawn.most_rows)
    )


@dataclass(frozen=True)
class PhaseTime:
    """A phase that was entered; `ended` is None while it runs."""

    name: str
    began: datetime
    ended: datetime | None


@dataclass(frozen=True)
class PhaseBar:
    """One row of the chart, in units of PHASES_WIDTH. `width` ends at the median duration at the latest, `beyond` is
    what exceeds it, `mark` the place of the median."""

    name: str
    state: str
    took: timedelta | None
    usual: timedelta | None
    x: float = 0.0
    width: float = 0.0
    beyond: float = 0.0
    mark: float | None = None

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


def phase_times(run: JobRun) -> list[PhaseTime]:
    entered = [(entry["name"], datetime.fromisoformat(entry["at"])) for entry in run.phases]
    ends = [at for _name, at in entered[1:]] + [run.finished_at]
    return [PhaseTime(name, began, ended) for (name, began), ended in zip(entered, ends, strict=False)]


def usual_times(runs: Iterable[JobRun]) -> dict[str, timedelta]:
    """The median duration of each phase."""
    seconds: dict[str, list[float]] = {}
    for run in runs:
        for phase in phase_times(run):
            if phase.ended is not None:
                seconds.setdefault(phase.name, []).append((phase.ended - phase.began).total_seconds())
    return {name: timedelta(seconds=median(values)) for name, values in seconds.items()}


def phase_bars(run: JobRun, phases: Sequence[str], usual: dict[str, timedelta], now: datetime) -> list[PhaseBar]:
    """A bar for each phase that was entered, then an empty row for each that was not."""
    times = phase_times(run)
    start = run.started_at or now
    seconds = Scale(0, max(((run.finished_at or now) - start).total_seconds(), 0.001), 0, PHASES_WIDTH)
    drawn = []
    for phase in times:
        state = "done"
        if phase is times[-1] and run.live:
            state = "running"
        elif phase is times[-1] and run.state not in (State.SUCCEEDED, State.PARTIAL):
            state = "stopped"
        drawn.append(_phase_bar(phase, state, usual.get(phase.name), start, now, seconds))
    entered = {phase.name for phase in times}
    wanted = [name for name in phases if name not in entered and (run.steps is None or name in run.steps)]
    # A run that failed before its first phase failed there.
    failed_first = not times and not run.live and run.state not in (State.SUCCEEDED, State.PARTIAL, State.CANCELLED)
    return drawn + [
        PhaseBar(name, "stopped" if failed_first and name == wanted[0] else "waiting", None, usual.get(name))
        for name in wanted
    ]


def _phase_bar(
    phase: PhaseTime, state: str, usual: timedelta | None, start: datetime, now: datetime, seconds: Scale
) -> PhaseBar:
    took = (phase.ended or now) - phase.began
    x = max(0.0, seconds.at((phase.began - start).total_seconds()))
    whole = max(2.0, min(seconds.at(took.total_seconds()), PHASES_WIDTH - x))
    median_width = seconds.at(usual.total_seconds()) if usual else whole
    width = max(2.0, min(whole, median_width))
    return PhaseBar(
        phase.name,
        state,
        took,
        usual,
        x=round(x, 1),
        width=round(width, 1),
        beyond=round(max(0.0, whole - width), 1),
        mark=round(min(PHASES_WIDTH, x + median_width), 1) if usual else None,
    )
