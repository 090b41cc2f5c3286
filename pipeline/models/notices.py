"""What operators are told: incidents, the notices about them and about runs, and when the watch last looked."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from pipeline.models.runs import JobRun


class Channel(models.TextChoices):
    EMAIL = "email"
    WEBHOOK = "webhook"
    PING = "ping"


class Incident(models.Model):
    """Something that an operator must know, from the look that found it to the look that did not find it any more. At
    most one incident of a kind and key is open."""

    class Kind(models.TextChoices):
        FAILURE = "failure"
        PARTIAL = "partial"
        OVERDUE = "overdue"
        QUEUE = "queue"
        WATCH = "watch"
        QUARANTINE = "quarantine"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # A job, or the source of a held snapshot; empty for the queue and the watch.
    key = models.CharField(max_length=100, blank=True)
    run = models.ForeignKey(JobRun, models.SET_NULL, null=True, blank=True, related_name="+")
    since = models.DateTimeField()
    opened_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(ended_at=None), name="one_open_incident_a_kind_and_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".strip()


class Notice(models.Model):
    """One thing to send on one channel, about an incident or (pings) about a run. It is due until it is sent: whoever
    claims it moves `next_try_at` on, so that two watches send it once and a dead one does not lose it."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        RECOVERED = "recovered"
        PING_START = "ping_start"
        PING_END = "ping_end"
        # Sent by earlier releases, one a run.
        FAILURE = "failure"
        FROZEN = "frozen"

    incident = models.ForeignKey(Incident, models.CASCADE, null=True, blank=True, related_name="notices")
    run = models.ForeignKey(JobRun, models.CASCADE, null=True, blank=True, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["channel", "id"], condition=Q(sent_at=None), name="notice_unsent")]
        constraints = [
            models.UniqueConstraint(fields=["run", "kind"], name="one_notice_a_run_and_kind"),
            models.UniqueConstraint(fields=["incident", "kind", "channel"], name="one_notice_an_incident_and_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id or self.run_id} {self.kind}"


class WatchBeat(models.Model):
    """When a watch (`manage.py jobwatch`) last looked, one row a machine."""

    host = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.host} {self.at:%H:%M:%S}"
