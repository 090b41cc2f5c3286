"""Versions of the matching model: the numbers, their origin, and which version is in use."""

from django.conf import settings
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p


class Origin(TextChoices):
    CODE = "code", _p("model", "came with the program")
    TRAINED = "trained", _p("model", "learned from decisions")


class ModelVersion(models.Model):
    """One set of numbers, immutable: suggestions refer to its `version`.

    Without an active row the program's own numbers are in use. `figures` come from the training: the quality of the old
    and the new model on held-out decisions.
    """

    version = models.CharField(_("version"), max_length=60, unique=True)
    numbers = models.JSONField()
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    made_from = models.CharField(_("made from"), max_length=60, blank=True)
    # What was learned: "weights", "calibration", "aliases".
    learned = models.JSONField(default=list)
    decisions = models.PositiveIntegerField(_("decisions"), default=0)
    figures = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    active = models.BooleanField(_("in use"), default=False)
    promoted_at = models.DateTimeField(_("put to use"), null=True)
    # Null after a promotion by the training command.
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("put to use by"), related_name="+"
    )
    # The version in use before, to which a rollback returns; null means the program's own numbers.
    replaced = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("matching model")
        verbose_name_plural = _("matching models")
        default_permissions = ("view",)
        permissions = [("promote_model", "Can put a matching model to use and roll it back")]
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["active"], condition=Q(active=True), name="one_active_model"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="model_origin_known"),
            models.CheckConstraint(
                condition=Q(active=False) | Q(promoted_at__isnull=False), name="model_active_since_some_moment"
            ),
        ]

    def __str__(self) -> str:
        return self.version
