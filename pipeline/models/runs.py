"""Runs: what was executed, when, how far it is and how it ended.

`JobRun` is the authoritative state of a run. Beats, log lines and cancel requests are tables of their own, which a
job's transactions never lock, so that none of them waits for a job. Only `pipeline.runs.lifecycle` changes a state.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    CANCELLING = "cancelling", _("cancelling")
    SUCCEEDED = "succeeded", _("succeeded")
    PARTIAL = "partial", pgettext_lazy("run state", "partial")
    FAILED = "failed", _("failed")
    TIMED_OUT = "timed_out", _("timed out")
    CANCELLED = "cancelled", _("cancelled")
    LOST = "lost", _("lost")


WORKING = (State.RUNNING, State.CANCELLING)
LIVE = (State.QUEUED, *WORKING)
TERMINAL = tuple(state for state in State if state not in LIVE)
# A succeeded or partial run reached its end: there is nothing to resume.
RESUMABLE = (State.FAILED, State.TIMED_OUT, State.CANCELLED, State.LOST)


class Trigger(models.TextChoices):
    SCHEDULE = "schedule", _("schedule")
    ADMIN = "admin", _("admin page")
    COMMAND = "command", _("command line")
    RESUME = "resume", _("resume")


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def live(self) -> JobRunQuerySet:
        return self.filter(state__in=LIVE)

    def of(self, job: str) -> JobRunQuerySet:
        return self.filter(job=job)

    def reached_the_end(self) -> JobRunQuerySet:
        """Runs whose data counts as fresh: a partial run published what it could."""
        return self.filter(state__in=(State.SUCCEEDED, State.PARTIAL), dry_run=False)


class JobRun(models.Model):
    """One run of one job. A terminal row never reopens: a resume is a new row (`resume_of`).

    `phase`, `done`, `total`, `last_key`, `beat_at` and `progress_at` copy the newest beat. They are written only while
    the row is not locked, so during a job's transaction they may lag one beat behind `Beat`.
    """

    job = models.CharField(_("job"), max_length=64)
    business_date = models.DateField(_("business date"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.QUEUED)
    fence = models.PositiveIntegerField(_("fence"), default=0)
    trigger = models.CharField(_("trigger"), max_length=10, choices=Trigger.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    # The slot of the schedule that started the run: the same slot delivered twice is the same run.
    slot = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    steps = models.JSONField(_("steps"), null=True, blank=True)
    # A person vouched for the business date although a clock or the last business date contradicts it.
    accepts_date = models.BooleanField(_("date accepted by a person"), default=False)
    resume_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="resumed_by", verbose_name=_("resume of")
    )
    queued_at = models.DateTimeField(_("queued at"), db_default=Now())
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    beat_at = models.DateTimeField(_("last heartbeat"), null=True, blank=True)
    progress_at = models.DateTimeField(_("last progress"), null=True, blank=True)
    # Seconds without a beat after which the run is lost; set at the start from the settings of its process.
    lease_seconds = models.FloatField(default=0)
    phase = models.CharField(_("phase"), max_length=64, blank=True, default="")
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("total"), null=True, blank=True)
    last_key = models.CharField(_("last key"), max_length=200, blank=True, default="")
    # Phases entered so far, in order: [{"name": ..., "at": ISO time}].
    phases = models.JSONField(_("phases"), default=list, blank=True)
    checkpoint = models.JSONField(_("checkpoint"), default=dict, blank=True)
    summary = models.JSONField(_("summary"), default=dict, blank=True)
    reason = models.TextField(_("why it ended"), blank=True, default="")
    # It failed because something else did not answer: the watch tries again (`pipeline.resume`).
    outage = models.BooleanField(_("failed by an outage"), default=False)
    blocked_stack = models.TextField(_("blocked stack"), blank=True, default="")

    objects: ClassVar[JobRunQuerySet] = JobRunQuerySet.as_manager()  # type: ignore[assignment]  # the manager of a queryset carries its methods

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("run_job", _("Can start and resume runs")), ("cancel_jobrun", _("Can cancel runs"))]
        indexes = [models.Index(fields=["job", "-id"], name="jobrun_job_newest")]
        constraints = [
            models.UniqueConstraint(fields=["job"], condition=Q(state__in=LIVE), name="one_live_run_a_job"),
            models.UniqueConstraint(fields=["job", "slot"], name="one_run_a_slot"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="jobrun_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=TERMINAL, finished_at__isnull=False)
                | Q(state__in=LIVE, finished_at__isnull=True),
                name="jobrun_finished_exactly_when_terminal",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=WORKING) | Q(started_at__isnull=False, fence__gt=0, lease_seconds__gt=0),
                name="jobrun_working_was_claimed",
            ),
            models.CheckConstraint(condition=~Q(resume_of=F("id")), name="jobrun_resumes_another"),
        ]

    def __str__(self) -> str:
        return f"{self.job} nº {self.pk}"

    @property
    def live(self) -> bool:
        return self.state in LIVE


class SkippedSlot(models.Model):
    """A start of a schedule that opened no run, and why. A slot that was delivered twice has one row."""

    class Why(models.TextChoices):
        RUNNING = "running", _("another run of the job was live")
        UNKNOWN = "unknown", _("there is no job of that name")

    job = models.CharField(_("job"), max_length=64)
    slot = models.DateTimeField(_("scheduled for"))
    at = models.DateTimeField(_("at"), db_default=Now())
    why = models.CharField(_("why"), max_length=8, choices=Why.choices)
    # The live run that was in the way.
    run = models.ForeignKey(JobRun, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("run"))

    class Meta:
        verbose_name = _("skipped start")
        verbose_name_plural = _("skipped starts")
        ordering = ["-slot"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="one_skip_a_slot")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%d/%m %H:%M} {self.why}"


class Beat(models.Model):
    """One heartbeat: the position of the run. Append only, and only while the run is working under this fence."""

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="beats", verbose_name=_("run"))
    fence = models.PositiveIntegerField()
    at = models.DateTimeField(_("at"), db_default=Now())
    progress_at = models.DateTimeField(_("last progress"))
    phase = models.CharField(_("phase"), max_length=64, blank=True, default="")
    done = models.PositiveBigIntegerField(_("done"), default=0)
    total = models.PositiveBigIntegerField(_("total"), null=True, blank=True)
    last_key = models.CharField(_("last key"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "-id"], name="beat_run_newest")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.at:%H:%M:%S} {self.phase} {self.done}/{self.total}"


class LogLine(models.Model):
    """The tail of a run's log, redacted before it is stored: it holds no guest data."""

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="log_lines", verbose_name=_("run"))
    at = models.DateTimeField(_("at"))
    level = models.PositiveSmallIntegerField(_("level"))
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("log line")
        verbose_name_plural = _("log lines")
        ordering = ["id"]
        default_permissions = ()
        indexes = [models.Index(fields=["run", "id"], name="logline_run_order")]

    def __str__(self) -> str:
        return self.text


class Drain(models.Model):
    """A deploy is under way: until the drain is lifted or expires, no run is opened. At most one drain is not lifted:
    beginning another one extends it."""

    began_at = models.DateTimeField(_("began"), db_default=Now())
    by = models.CharField(_("by"), max_length=200)
    until = models.DateTimeField(_("at the latest until"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    # Empty where the drain expired.
    lifted_by = models.CharField(_("lifted by"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("drain")
        verbose_name_plural = _("drains")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.by} {self.began_at:%d/%m %H:%M}"


class CancelRequest(models.Model):
    """A person or a drain requested a run to stop. It is a row of its own, so that requesting never waits for the job's
    transaction."""

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="cancel_requests", verbose_name=_("run"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    why = models.CharField(_("why"), max_length=400, blank=True, default="")
    drain = models.ForeignKey(
        Drain, models.SET_NULL, null=True, blank=True, related_name="requests", verbose_name=_("drain")
    )

    class Meta:
        verbose_name = _("cancel request")
        verbose_name_plural = _("cancel requests")
        ordering = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.run_id} {self.at:%H:%M:%S}"


class ShiftNote(models.Model):
    """What a person wrote for the next shift of a business date: one text a person and day, saved as it is typed."""

    day = models.DateField(_("business date"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user"))
    text = models.TextField(_("note text"))
    at = models.DateTimeField(_("at"), auto_now=True)

    class Meta:
        verbose_name = _("shift note")
        verbose_name_plural = _("shift notes")
        ordering = ["at"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "user"], name="one_note_a_person_and_day")]

    def __str__(self) -> str:
        return f"{self.day:%d/%m} {self.user_id}"
