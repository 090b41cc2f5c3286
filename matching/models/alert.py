"""Alerts: events that a person should look at."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.models.choices import AlertKind, Severity


class Alert(models.Model):
    """An event that a person should look at. `key` is unique, so that one occasion never raises two alerts."""

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=40, choices=AlertKind.choices)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    order = models.ForeignKey("matching.Order", models.PROTECT, null=True, verbose_name=_("order"), related_name="+")
    stay = models.ForeignKey("matching.Stay", models.PROTECT, null=True, verbose_name=_("guest"), related_name="+")
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("settled by"), related_name="+"
    )
    # What was done about it, written by the person who settled it.
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        default_permissions = ("view",)
        permissions = [("settle_alert", "Can settle an alert")]
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AlertKind.values), name="alert_kind_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="alert_severity_known"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
                name="alert_settled_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["severity", "-created_at"], condition=Q(settled_at__isnull=True), name="alert_open"),
            models.Index(fields=["-created_at", "-id"], name="alert_newest"),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
