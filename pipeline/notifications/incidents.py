"""Opens and ends incidents by what is wrong now, and puts the notices about them into the outbox."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.models import TERMINAL, Channel, Incident, JobRun, JobRunQuerySet, Notice, State
from pipeline.notifications.conditions import RECENT, Condition, last_end

# What is still wrong after this time is reported again.
REMIND_AFTER: Final = timedelta(days=1)
_MOST_AT_ONCE: Final = 20


def channels_of(kind: str) -> list[Channel]:
    """The configured channels for notices of a kind: the one that NOTIFY_ROUTES names, else all of them."""
    there = {Channel.EMAIL: bool(settings.NOTIFY_EMAILS), Channel.WEBHOOK: bool(settings.NOTIFY_WEBHOOK)}
    route = settings.NOTIFY_ROUTES.get(kind)
    return [channel for channel, configured in there.items() if configured and route in (None, channel.value)]


def record(found: Iterable[Condition]) -> None:
    conditions = {(condition.kind.value, condition.key): condition for condition in found}
    still_open = {}
    for incident in Incident.objects.filter(ended_at=None).select_related("run"):
        condition = conditions.get((incident.kind, incident.key))
        if condition is None:
            _end(incident, notify=_is_over(incident))
        elif condition.recent and _reminds(incident, condition):
            _end(incident, notify=False)
        else:
            still_open[incident.kind, incident.key] = incident
    for key, condition in conditions.items():
        if key not in still_open and condition.recent:
            _open(condition)


def _open(condition: Condition) -> None:
    channels = channels_of(condition.kind)
    told_before = condition.run is not None and condition.run.notices.filter(kind=Notice.Kind.FAILURE).exists()
    if not channels or told_before:
        return
    try:
        with transaction.atomic():
            incident = Incident.objects.create(
                kind=condition.kind, key=condition.key, since=condition.since, run=condition.run
            )
            Notice.objects.bulk_create(
                [Notice(incident=incident, kind=Notice.Kind.OPENED, channel=channel) for channel in channels]
            )
    except IntegrityError:  # another watch opened it at the same time
        return


def _end(incident: Incident, *, notify: bool) -> None:
    with transaction.atomic():
        ended = Incident.objects.filter(pk=incident.pk, ended_at=None).update(ended_at=Now())
        if ended and notify:
            told = incident.notices.filter(kind=Notice.Kind.OPENED).values_list("channel", flat=True)
            Notice.objects.bulk_create(
                [Notice(incident=incident, kind=Notice.Kind.RECOVERED, channel=channel) for channel in told]
            )


def _is_over(incident: Incident) -> bool:
    """Whether what was wrong works again. A job that fails instead of ending partly, or the reverse, opens an incident
    of the other kind; that is no recovery from a partial run."""
    if incident.kind != Incident.Kind.PARTIAL:
        return True
    run = last_end(incident.key)
    return run is not None and run.state == State.SUCCEEDED


def _reminds(incident: Incident, condition: Condition) -> bool:
    """A job has to have failed anew: nobody needs to hear daily about a job that is run by hand."""
    if incident.opened_at > timezone.now() - REMIND_AFTER:
        return False
    return condition.run is None or incident.run is None or condition.run.pk != incident.run.pk


def record_pings() -> None:
    """The pings of PING_URLS: the start before the end, also of a run that ended before the watch saw it."""
    followed = JobRun.objects.filter(job__in=settings.PING_URLS, started_at__gt=Now() - RECENT, dry_run=False)
    # A cancelled run neither succeeded nor failed: the check waits for the next run.
    ended = followed.filter(state__in=TERMINAL).exclude(state=State.CANCELLED)
    for runs, kind in ((followed, Notice.Kind.PING_START), (ended, Notice.Kind.PING_END)):
        for run in _without(runs, kind):
            Notice.objects.get_or_create(run=run, kind=kind, defaults={"channel": Channel.PING})


def _without(runs: JobRunQuerySet, kind: str) -> Iterator[JobRun]:
    due = runs.exclude(notices__kind=kind).order_by("pk")
    yield from due.only("pk")[:_MOST_AT_ONCE]
