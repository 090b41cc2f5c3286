"""Files on their way into the hotel's tables, and the recipes that keep the answers for the next file.

What a file holds is in the private spool until it is imported, never in these tables.
"""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline.models.runs import JobRun


class ImportRecipe(models.Model):
    """The answers for one layout of files, so that the next file with these columns asks nothing."""

    fingerprint = models.CharField(_("layout"), max_length=32, unique=True)
    name = models.CharField(_("recipe"), max_length=120)
    kind = models.CharField(_("kind"), max_length=6)
    # "house", "arrivals", "departures" or "group"; empty for orders.
    scope = models.CharField(_("scope"), max_length=10, blank=True, default="")
    headers = models.JSONField(_("columns"), default=list)
    # Name of a question -> option; name of a column -> field.
    answers = models.JSONField(_("answers"), default=dict)
    columns = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    used = models.PositiveIntegerField(_("used"), default=0)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("import recipe")
        verbose_name_plural = _("import recipes")
        ordering = ["name"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ImportSession(models.Model):
    """One or two files on their way into the hotel's tables: uploaded, received or given at the command line.

    The bytes and the lines read from them are in a private folder until `expires_at`, never in the database.
    """

    class State(models.TextChoices):
        OPEN = "open", _("being checked")
        CONFIRMED = "confirmed", _("being imported")
        DONE = "done", _("imported")
        FAILED = "failed", _("failed")
        DISCARDED = "discarded", _("discarded")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("user")
    )
    business_date = models.DateField(_("business date"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    run = models.ForeignKey(JobRun, models.SET_NULL, null=True, blank=True, related_name="imports")
    # The run that reads the new rows and matches the orders.
    follow_up = models.ForeignKey(JobRun, models.SET_NULL, null=True, blank=True, related_name="+")
    # Why a held listing is imported all the same.
    override_reason = models.CharField(_("reason"), max_length=400, blank=True, default="")

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]
        default_permissions = ()
        permissions = [
            ("import_files", _("Can import guest lists and orders from files")),
            ("import_held", _("Can import a held guest list")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "confirmed", "done", "failed", "discarded"]), name="import_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.created_at:%d/%m %H:%M}"


class ImportedFile(models.Model):
    """A file of an import: what it was and what became of its lines. It holds no content of the file."""

    class State(models.TextChoices):
        ASKING = "asking", _("waits for an answer")
        READY = "ready", _("ready")
        HELD = "held", pgettext_lazy("file", "held")
        IMPORTED = "imported", _("imported")
        SAME = "same", _("same as before, nothing to do")
        REFUSED = "refused", _("refused")
        DISCARDED = "discarded", _("discarded")

    class Origin(models.TextChoices):
        UPLOAD = "upload", _("uploaded")
        COMMAND = "command", _("command line")
        FOLDER = "folder", _("server folder")
        ADDRESS = "address", _("published sheet")
        MAILBOX = "mailbox", _("e-mail")

    session = models.ForeignKey(ImportSession, models.CASCADE, related_name="files")
    origin = models.CharField(_("arrived by"), max_length=8, choices=Origin.choices)
    name = models.CharField(_("file"), max_length=200)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(_("arrived"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    # One sentence: why it was refused or held.
    reason = models.CharField(_("reason"), max_length=600, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=6, blank=True, default="")
    scope = models.CharField(_("scope"), max_length=10, blank=True, default="")
    business_date = models.DateField(_("business date"), null=True, blank=True)
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    recipe = models.ForeignKey(ImportRecipe, models.SET_NULL, null=True, blank=True, related_name="files")
    answers = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    # What the hotel's function reported: counts, and refused lines by number and reason.
    result = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ["-at", "-id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["sha256"], name="imported_file_hash"),
            models.Index(fields=["kind", "-at"], name="imported_file_newest"),
        ]

    def __str__(self) -> str:
        return self.name
