"""Notifications about runs by e-mail, webhook and ping, each sent at most once.

The watch calls `send_due` every few seconds. A message is claimed by a row before it is sent, so that two watches send
one. A message that could not be sent is not retried: the run's page is the record, a message only points to it.
Sending is synchronous, so nothing here may be called from a job's event loop. Addresses hold secrets: no log has them.
"""

import json
import logging
import smtplib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from http.client import HTTPException
from urllib.request import Request, urlopen
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from pipeline.models import TERMINAL, JobRun, JobRunQuerySet, Notice, State
from sistema_os.logs import redact

FAILURES = (State.FAILED, State.TIMED_OUT, State.LOST)
# Older runs are not reported: an address that is configured today gets no messages about last week.
RECENT = timedelta(days=1)
_MOST_AT_ONCE = 20
_TIMEOUT_SECONDS = 5.0

logger = logging.getLogger(__name__)


def send_due(frozen: Iterable[JobRun] = ()) -> int:
    """Sends what is due and returns the number of claimed messages. Never raises because a receiver fails."""
    sent = 0
    if settings.NOTIFY_EMAILS or settings.NOTIFY_WEBHOOK:
        failed = JobRun.objects.filter(state__in=FAILURES, finished_at__gt=Now() - RECENT)
        for run in _claimed(failed, Notice.Kind.FAILURE):
            _notify(run, run.reason)
            sent += 1
        waiting = JobRun.objects.filter(pk__in=[run.pk for run in frozen])
        for run in _claimed(waiting, Notice.Kind.FROZEN):
            _notify(run, _("It waits for a worker and none comes: the queue has stopped. Restart it."))
            sent += 1
    return sent + _send_pings()


def _send_pings() -> int:
    """The start before the end, also of a run that ended before the watch saw it."""
    followed = JobRun.objects.filter(job__in=settings.PING_URLS, started_at__gt=Now() - RECENT)
    sent = 0
    for run in _claimed(followed, Notice.Kind.PING_START):
        _ping(run, "/start", str(run))
        sent += 1
    # A cancelled run neither succeeded nor failed: the check waits for the next run.
    ended = followed.filter(state__in=TERMINAL).exclude(state=State.CANCELLED)
    for run in _claimed(ended, Notice.Kind.PING_END):
        _ping(run, "/fail" if run.state in FAILURES else "", _text(run, run.reason))
        sent += 1
    return sent


def _claimed(runs: JobRunQuerySet, kind: str) -> Iterator[JobRun]:
    due = runs.filter(dry_run=False).exclude(notices__kind=kind).order_by("pk")
    for run in due.defer("checkpoint", "summary", "blocked_stack")[:_MOST_AT_ONCE]:
        _row, created = Notice.objects.get_or_create(run=run, kind=kind)
        if created:
            yield run


def _ping(run: JobRun, path: str, text: str) -> None:
    url = f"{settings.PING_URLS[run.job]}{path}?rid={ping_id(run)}"
    _post("ping", url, text.encode(), "text/plain; charset=utf-8")


def ping_id(run: JobRun) -> UUID:
    """The id by which a monitoring service joins the start and the end of a run."""
    return uuid5(NAMESPACE_URL, f"sistema-os/run/{run.pk}")


def _notify(run: JobRun, why: str) -> None:
    text = _text(run, why)
    link = settings.PUBLIC_URL and settings.PUBLIC_URL + reverse("admin:pipeline_jobrun_change", args=[run.pk])
    if settings.NOTIFY_EMAILS:
        subject = _("Sistema OS: %(run)s, %(state)s") % {"run": run, "state": run.get_state_display()}
        _email(subject, "\n\n".join(part for part in (text, link) if part) + "\n")
    if settings.NOTIFY_WEBHOOK:
        message = {
            "text": f"{text} {link}".strip(),
            "run": run.pk,
            "job": run.job,
            "business_date": run.business_date.isoformat(),
            "state": run.state,
            "reason": redact(why),
            "url": link,
        }
        _post("webhook", settings.NOTIFY_WEBHOOK, json.dumps(message).encode(), "application/json")


def _text(run: JobRun, why: str) -> str:
    head = _("%(run)s for %(date)s: %(state)s.") % {
        "run": run,
        "date": f"{run.business_date:%d/%m/%Y}",
        "state": run.get_state_display(),
    }
    return redact(f"{head} {why}".strip())


def _email(subject: str, body: str) -> None:
    """One message to all of NOTIFY_EMAILS."""
    try:
        send_mail(subject, body, None, settings.NOTIFY_EMAILS)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        logger.warning("the e-mail could not be sent: %s", type(error).__name__)


def _post(what: str, url: str, body: bytes, kind: str) -> None:
    request = Request(url, body, {"Content-Type": kind, "User-Agent": "sistema-os"})  # noqa: S310  settings refuse other schemes
    try:
        with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  as above
            answer.read(1024)
    except (OSError, HTTPException, ValueError) as error:
        logger.warning("the %s could not be sent: %s", what, type(error).__name__)
