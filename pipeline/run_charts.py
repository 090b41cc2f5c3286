"""The last thirty days of every job, for the charts over the list of runs. One question to the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import BigIntegerField, Count, F, Max, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils import timezone
from django.utils.functional import Promise

from pipeline import charts, labels
from pipeline.charts import Chart, Day
from pipeline.models import TERMINAL, JobRun, State
from pipeline.runs import registry

DAYS = 30
_FAILED = Q(state__in=(State.FAILED, State.TIMED_OUT, State.LOST))
_PARTIAL = Q(state__in=(State.PARTIAL, State.CANCELLED))
# As in words.headline: what the main job read of the listing, or what another counted.
_ROWS = Cast(Coalesce(KT("summary__listing__rows"), KT("summary__rows")), BigIntegerField())


@dataclass(frozen=True)
class JobMonth:
    job: str
    title: str | Promise
    chart: Chart
    # Beside the chart's lines, in their order.
    scale: list[tuple[charts.Line, str]]
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
    scale = [(line, labels.duration(timedelta(seconds=line.seconds))) for line in drawn.lines]
    return JobMonth(
        job, title, drawn, scale, labels.duration(timedelta(seconds=drawn.longest)), labels.count(drawn.most_rows)
    )
