"""What the database says at the moment of the scrape, the same from every worker and every machine."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError
from django.db.models import Avg, Count, F, Max, Min
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from matching.models import MatchSuggestion, WriteBack
from matching.models.choices import Band, WriteState
from matching.models.suggestion import BAND_RANGE
from pipeline import feed_report, notifications, queue
from pipeline.models import LIVE, Incident, JobRun, Notice, State
from snapshots.models import Snapshot, Source

# Ended runs are counted over this time; a total would shrink when old runs are deleted.
COUNTED: Final = timedelta(days=1)

logger = logging.getLogger(__name__)


class DatabaseCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("sistema_os_database_up", "1 if the app's own database answers.")
        try:
            found = [*_runs(), *_queue(), *_data(), *_decisions(), *_notices()]
        except DatabaseError as error:
            logger.warning("metrics: database unavailable: %s", type(error).__name__)
            found = []
        up.add_metric([], bool(found))
        yield up
        yield from found


def _gauge(name: str, about: str, values: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    gauge = GaugeMetricFamily(f"sistema_os_{name}", about, labels=labels)
    for label_values, value in values:
        gauge.add_metric(label_values, value)
    return gauge


def _runs() -> Iterator[Metric]:
    real = JobRun.objects.filter(dry_run=False)
    ended = real.filter(finished_at__gt=Now() - COUNTED).order_by()
    counts = ended.values_list("job", "state").annotate(n=Count("pk"))
    yield _gauge(
        "runs_day", "Runs that ended in the last 24 hours.", (((j, s), n) for j, s, n in counts), "job", "state"
    )
    live = real.filter(state__in=LIVE).order_by().values_list("job", "state").annotate(n=Count("pk"))
    yield _gauge("runs_live", "Runs queued or at work.", (((j, s), n) for j, s, n in live), "job", "state")
    length = F("finished_at") - F("started_at")
    took = ended.filter(started_at__isnull=False).values("job").annotate(mean=Avg(length), most=Max(length))
    lengths = [(row["job"], row["mean"].total_seconds(), row["most"].total_seconds()) for row in took]
    yield _gauge("run_seconds_mean", "Mean length of a run, 24 hours.", (((j,), mean) for j, mean, _ in lengths), "job")
    yield _gauge("run_seconds_max", "Longest run, 24 hours.", (((j,), most) for j, _, most in lengths), "job")
    good = JobRun.objects.filter(state=State.SUCCEEDED, dry_run=False).order_by()
    ages = good.values_list("job").annotate(at=Max("finished_at"))
    yield _gauge(
        "job_age_seconds", "Time since the job last succeeded.", (((job,), _age(at)) for job, at in ages), "job"
    )


def _queue() -> Iterator[Metric]:
    yield _gauge("queue_tasks", "Tasks that no worker has fetched.", [((), queue.waiting_tasks())])
    yield _gauge("queue_alive", "1 if the queue starts what is due.", [((), notifications.queue_alive())])
    age = notifications.watch_age()
    yield _gauge(
        "watch_age_seconds",
        "Time since a watch (jobwatch) last looked.",
        [] if age is None else [((), age.total_seconds())],
    )


def _data() -> Iterator[Metric]:
    sources = Source.objects.filter(snapshots__status__in=("published", "same"))
    ages = sources.order_by().values_list("name").annotate(at=Max("snapshots__finished_at"))
    yield _gauge(
        "source_age_seconds",
        "Time since the source was last published or confirmed.",
        (((name,), _age(at)) for name, at in ages),
        "source",
    )
    held = Snapshot.objects.held().order_by().values_list("source__name").annotate(n=Count("pk"))
    yield _gauge("snapshots_held", "Listings in quarantine.", (((name,), n) for name, n in held), "source")
    feed = feed_report.latest.as_json()["feed_age_seconds"]
    yield _gauge(
        "feed_age_seconds", "Time since the hotel's tables were last written.", [] if feed is None else [((), feed)]
    )


def _decisions() -> Iterator[Metric]:
    waiting = WriteBack.objects.filter(state=WriteState.OPEN).aggregate(n=Count("pk"), since=Min("created_at"))
    yield _gauge("writebacks_open", "Links that the hotel has not confirmed.", [((), waiting["n"])])
    oldest = _age(waiting["since"]) if waiting["since"] else 0
    yield _gauge("writeback_oldest_seconds", "How long the oldest of them waits.", [((), oldest)])
    pending = MatchSuggestion.objects.heads()
    counts = pending.aggregate(**{band.value: Count("pk", filter=BAND_RANGE[band]) for band in Band})
    yield _gauge(
        "suggestions_pending",
        "Orders whose first suggestion waits for a person.",
        (((band,), n) for band, n in counts.items()),
        "band",
    )


def _notices() -> Iterator[Metric]:
    open_now = Incident.objects.filter(ended_at=None).order_by().values_list("kind").annotate(n=Count("pk"))
    yield _gauge(
        "incidents_open", "What operators were told and is not over.", (((k,), n) for k, n in open_now), "kind"
    )
    yield _gauge("notices_unsent", "Notices not sent yet.", [((), Notice.objects.filter(sent_at=None).count())])


def _age(at: datetime) -> float:
    return max(0.0, (timezone.now() - at).total_seconds())
