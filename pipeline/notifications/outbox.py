"""Sends what is due: everything for one channel in one message, again with growing pauses until it is sent."""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Now
from django.utils import timezone

from pipeline.models import TERMINAL, Channel, JobRun, Notice
from pipeline.notifications import channels, messages
from pipeline.notifications.conditions import FAILURES

# After a message, what happens within this time comes in the next one.
PAUSE: Final = timedelta(minutes=1)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
# News of last week helps nobody.
GIVE_UP_AFTER: Final = timedelta(days=7)
# How long a claimed notice is nobody else's; longer than sending takes.
_CLAIM: Final = timedelta(minutes=2)
_MOST_IN_A_MESSAGE: Final = 50

logger = logging.getLogger(__name__)


def send() -> int:
    sent = 0
    if settings.NOTIFY_EMAILS:
        sent += _send_group(Channel.EMAIL)
    if settings.NOTIFY_WEBHOOK:
        sent += _send_group(Channel.WEBHOOK)
    return sent + (_send_pings() if settings.PING_URLS else 0)


def unsent() -> int:
    return Notice.objects.filter(sent_at=None, at__gt=Now() - Value(GIVE_UP_AFTER)).count()


def _send_group(channel: Channel) -> int:
    if Notice.objects.filter(channel=channel, sent_at__gt=timezone.now() - PAUSE).exists():
        return 0
    notices = _claim(channel, _MOST_IN_A_MESSAGE)
    if not notices:
        return 0
    events = [messages.event(notice) for notice in notices]
    try:
        if channel == Channel.EMAIL:
            channels.send_email(messages.subject(events), messages.body(events))
        else:
            channels.post(
                channel, settings.NOTIFY_WEBHOOK, json.dumps(messages.as_json(events)).encode(), "application/json"
            )
    except channels.NotSent as error:
        _put_off(notices, error)
        return 0
    _mark_sent(notices)
    return 1


def _send_pings() -> int:
    """One request a ping; after the first that fails the others wait, so that a dead service costs one deadline a
    look. A start that could not be sent before its run ended is dropped: it would come after the end."""
    stale = Notice.objects.filter(kind=Notice.Kind.PING_START, sent_at=None, attempts__gt=0, run__state__in=TERMINAL)
    stale.update(sent_at=Now())
    sent = 0
    for notice in _claim(Channel.PING, _MOST_IN_A_MESSAGE):
        run = notice.run
        if run is None or run.job not in settings.PING_URLS:
            _mark_sent([notice])
            continue
        try:
            if notice.kind == Notice.Kind.PING_START:
                _ping(run, "/start", str(run))
            else:
                _ping(run, "/fail" if run.state in FAILURES else "", messages.run_sentence(run))
        except channels.NotSent as error:
            _put_off([notice], error)
            break
        _mark_sent([notice])
        sent += 1
    return sent


def _ping(run: JobRun, path: str, text: str) -> None:
    url = f"{settings.PING_URLS[run.job]}{path}?rid={ping_id(run)}"
    channels.post(Channel.PING, url, text.encode(), "text/plain; charset=utf-8")


def ping_id(run: JobRun) -> UUID:
    """The id by which a monitoring service joins the start and the end of a run."""
    return uuid5(NAMESPACE_URL, f"sistema-os/run/{run.pk}")


def _claim(channel: Channel, most: int) -> list[Notice]:
    due = Notice.objects.filter(
        channel=channel, sent_at=None, next_try_at__lte=Now(), at__gt=Now() - Value(GIVE_UP_AFTER)
    )
    with transaction.atomic():
        claimed = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:most])
        _of(claimed).update(next_try_at=Now() + Value(_CLAIM), attempts=F("attempts") + 1)
    return list(_of(claimed).select_related("incident__run", "run").order_by("pk"))


def _put_off(notices: Sequence[Notice], error: channels.NotSent) -> None:
    attempts = min(notice.attempts for notice in notices)
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 10))
    _of(notices).update(next_try_at=Now() + Value(wait))
    logger.warning("the %s could not be sent, next try in %d s: %s", notices[0].channel, wait.total_seconds(), error)


def _mark_sent(notices: Sequence[Notice]) -> None:
    _of(notices).update(sent_at=Now())


def _of(notices: Sequence[Notice]):  # type: ignore[no-untyped-def]
    return Notice.objects.filter(pk__in=[notice.pk for notice in notices])
