"""Audit entries for what is not a decision: batches, exports, flags and settled alerts. Append only.

An entry refers to rows by primary key and has no personal data: erasing a guest never changes it.
"""

from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching.models.decision import AppendOnly, AppendOnlyQuerySet


class AuditAction(models.TextChoices):
    BULK = "bulk", _p("audit", "Decided in bulk")
    BULK_UNDO = "bulk_undo", _p("audit", "Batch undone")
    EXPORT = "export", _p("audit", "Exported")
    FLAG = "flag", _p("audit", "Marked")
    UNFLAG = "unflag", _p("audit", "Unmarked")
    SETTLE = "settle", _p("audit", "Alert settled")
    ALIAS = "alias", _p("audit", "Spelling of a room added")
    ALIAS_DROP = "alias_drop", _p("audit", "Spelling of a room removed")
    ORDER_ROOM = "order_room", _p("audit", "Room of an order named")
    ROOM = "room", _p("audit", "Room directory changed")
    FURTHER = "further", _p("audit", "Further guest added")
    UNFURTHER = "unfurther", _p("audit", "Further guest removed")
    IMPORT = "import", _p("audit", "Files imported")
    REQUEST = "request", _p("audit", "Request of a data subject")


class AuditEntry(models.Model):
    """An action of a person that is not a decision. `params` are numbers and codes; `batch` is that of the decisions
    concerned."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    deed = models.CharField(max_length=12, choices=AuditAction.choices)
    order = models.ForeignKey("matching.Order", models.PROTECT, null=True, related_name="+")
    alert = models.ForeignKey("matching.Alert", models.PROTECT, null=True, related_name="+")
    batch = models.UUIDField(null=True)
    params = models.JSONField(default=dict)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of the audit")
        verbose_name_plural = _("lines of the audit")
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(deed__in=AuditAction.values), name="audit_deed_known")]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["user", "-at"], name="audit_of_user"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="audit_batch"),
        ]

    def __str__(self) -> str:
        return str(self.get_deed_display())

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *__: Any, **_: Any) -> NoReturn:
        raise AppendOnly


def record_audit(
    user: Any,
    deed: AuditAction,
    *,
    order: int | None = None,
    batch: UUID | None = None,
    **params: Any,
) -> AuditEntry:
    """Call it in the transaction of the action."""
    return AuditEntry.objects.create(user=user, deed=deed, order_id=order, batch=batch, params=params)
