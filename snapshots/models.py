"""Current rows, and the old versions of rows that changed since the oldest version kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from snapshots.guards import Thresholds, sentence, threshold_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARE = (MinValueValidator(0), MaxValueValidator(1))


class Source(models.Model):
    """An export that is collected again and again, such as the guest list.

    `layout` only grows: arrays in `Change.old` and bits in `Change.mask` refer to positions in it. `columns` are those
    of the current snapshot; `head_seq` is the current version, `min_seq` the oldest one that can be rebuilt."""

    name = models.SlugField(_("source"), unique=True)
    title = models.CharField(_("title"), max_length=80, blank=True)
    key_column = models.CharField(max_length=63)
    room_column = models.CharField(max_length=63, blank=True)
    label_column = models.CharField(max_length=63, blank=True)
    columns = models.JSONField(default=list)
    layout = models.JSONField(default=list)
    kinds = models.JSONField(default=dict)
    labels = models.JSONField(default=dict)
    summary = models.JSONField(default=list)
    identity = models.JSONField(default=list)
    # Columns with which a row is of a hidden person, such as a minor, and those that then are shown to nobody without
    # the permission `view_hidden`.
    hidden_if = models.JSONField(default=list)
    hidden_columns = models.JSONField(default=list)
    recipe = models.CharField(max_length=12, blank=True)
    head_seq = models.PositiveIntegerField(default=0)
    min_seq = models.PositiveIntegerField(default=0)

    min_rows = models.PositiveIntegerField(_("fewest rows"), default=1)
    removed_floor = models.PositiveIntegerField(_("unexplained removals always allowed"), default=20)
    removed_share = models.FloatField(_("unexplained removals, share of the rows"), default=0.05, validators=_SHARE)
    changed_floor = models.PositiveIntegerField(_("changes always allowed"), default=200)
    changed_share = models.FloatField(_("changes, share of the rows"), default=0.30, validators=_SHARE)
    median_share = models.FloatField(_("fewest rows, share of the median"), default=0.75, validators=_SHARE)
    median_days = models.PositiveSmallIntegerField(_("days of the median"), default=7)
    fill_share = models.FloatField(_("a field's usual filling that must remain"), default=0.25, validators=_SHARE)
    mojibake_floor = models.PositiveIntegerField(_("rows with broken accents always allowed"), default=3)
    mojibake_share = models.FloatField(_("rows with broken accents, share"), default=0.01, validators=_SHARE)
    page = models.PositiveIntegerField(_("page size of the source"), default=1000)
    count_drift = models.PositiveIntegerField(_("rows that may come or go during the reading"), default=0)

    class Meta:
        verbose_name = _("snapshot source")
        verbose_name_plural = _("snapshot sources")

    def __str__(self) -> str:
        return gettext(self.title) if self.title else self.name

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(**{name: getattr(self, name) for name in threshold_names()})


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    def in_force(self) -> SnapshotQuerySet:
        """Published snapshots and those that found nothing changed."""
        return self.filter(status__in=(Snapshot.Status.PUBLISHED, Snapshot.Status.SAME))

    def held(self) -> SnapshotQuerySet:
        return self.filter(status=Snapshot.Status.HELD)


class Snapshot(models.Model):
    """One collection of a source. `seq` numbers the published versions; `base_seq` is the version that was current when
    it was read, and for a `same` snapshot the one it confirmed. `received` counts the rows of the export, `rows` those
    that remain without erased persons."""

    class Status(models.TextChoices):
        RUNNING = "running", _("collecting")
        PUBLISHED = "published", _("published")
        SAME = "same", _("nothing changed")
        HELD = "held", _("held")
        REJECTED = "rejected", _("rejected")
        FAILED = "failed", _("failed")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("source"))
    seq = models.PositiveIntegerField(null=True, editable=False)
    base_seq = models.PositiveIntegerField(default=0)
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.RUNNING)
    business_date = models.DateField(_("business date"))
    run_id = models.BigIntegerField(_("run"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    declared = models.PositiveIntegerField(_("announced rows"), null=True)
    received = models.PositiveIntegerField(_("received rows"), default=0)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    added = models.PositiveIntegerField(_("new"), default=0)
    removed = models.PositiveIntegerField(_("gone"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unexplained = models.PositiveIntegerField(_("vanished"), default=0)
    digest = models.BigIntegerField(default=0)
    recipe = models.CharField(max_length=12, blank=True)
    kinds = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    filled = models.JSONField(default=dict)
    mojibake = models.PositiveIntegerField(default=0)
    freshness = models.CharField(max_length=64, blank=True)
    reasons = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("decided by")
    )
    override_at = models.DateTimeField(pgettext_lazy("snapshot", "decided"), null=True)
    override_reason = models.TextField(_("reason"), blank=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        ordering = ("-id",)
        permissions = (
            ("publish_held", _("Can publish or reject a held snapshot")),
            ("view_hidden", _("Can see the names of minors and of guests incognito")),
        )
        constraints = (
            models.UniqueConstraint(fields=("source", "seq"), name="snapshot_seq_once"),
            models.CheckConstraint(
                condition=Q(status="published", seq__isnull=False) | (~Q(status="published") & Q(seq__isnull=True)),
                name="snapshot_published_has_seq",
            ),
        )
        indexes = (models.Index(fields=("source", "status", "-business_date"), name="snapshot_by_state"),)

    def __str__(self) -> str:
        return gettext("%(source)s of %(date)s") % {
            "source": self.source,
            "date": self.business_date.strftime("%d/%m/%Y"),
        }

    @property
    def at_seq(self) -> int:
        """The version of the rows that this snapshot has."""
        return self.base_seq if self.seq is None else self.seq

    @property
    def sentences(self) -> Sequence[str]:
        return [sentence(reason) for reason in self.reasons]

    @property
    def note_sentences(self) -> Sequence[str]:
        return [sentence(note) for note in self.notes]


class HeldRows(models.Model):
    """The rows of a held snapshot, JSON lines compressed by zstd, until it is decided or expires."""

    snapshot = models.OneToOneField(Snapshot, on_delete=models.CASCADE, related_name="held_rows")
    blob = models.BinaryField()
    # Of `HeldChange.old`; empty for snapshots held before changes were stored.
    layout = models.JSONField(default=list)


class HeldChange(models.Model):
    """What publishing a held snapshot would change in one row. Deleted with its rows. Ordered by `place`, removed rows
    come first: they are what the decision is about."""

    held = models.ForeignKey(HeldRows, on_delete=models.CASCADE, related_name="changes")
    place = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=7)
    key = models.TextField()
    mask = models.BigIntegerField(default=0)
    vanished = models.BooleanField(default=False)
    old: models.JSONField[list[Any] | None, list[Any] | None] = models.JSONField(null=True)
    payload: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)

    class Meta:
        indexes = (models.Index(fields=("held", "place", "key"), name="held_change_in_order"),)

    def __str__(self) -> str:
        return f"{self.key} {self.kind}"


class HeadRow(models.Model):
    """A current row, unchanged since version `since`."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    key = models.TextField()
    hash = models.BigIntegerField()
    # Hash of the row exactly as it last arrived (see ingest/reader.py); null until it arrives again.
    mark = models.BigIntegerField(null=True)
    since = models.PositiveIntegerField()
    payload: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "key"), name="head_row_once"),)

    def __str__(self) -> str:
        return f"{self.source_id}/{self.key}"


class Change(models.Model):
    """Version `seq` ended the version of a row since `since` (`old`: its values in layout order), or added the row."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField()
    since = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=7)
    key = models.TextField()
    old_hash = models.BigIntegerField(null=True)
    mask = models.BigIntegerField(default=0)
    # Removed although nothing in its last version explains it.
    vanished = models.BooleanField(default=False)
    old: models.JSONField[list[Any] | None, list[Any] | None] = models.JSONField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "key", "seq"), name="change_once"),)
        indexes = (models.Index(fields=("source", "seq"), name="change_by_seq"),)

    def __str__(self) -> str:
        return f"{self.source_id}/{self.key}@{self.seq} {self.kind}"


class Suppressed(models.Model):
    """The keyed hash of an erased key or identity: rows that have it are left out of later collections. `by` and
    `reason` are the audit of the erasure."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    hash = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "hash"), name="suppressed_once"),)

    def __str__(self) -> str:
        return f"{self.source_id}/{self.hash}"


class Cursor(models.Model):
    """The version up to which a consumer has processed a source's changes."""

    consumer = models.SlugField()
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("consumer", "source"), name="cursor_once"),)

    def __str__(self) -> str:
        return f"{self.consumer}/{self.source_id}@{self.seq}"
