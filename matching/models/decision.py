"""Decisions on suggestions, append only, and the plans of bulk decisions."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.models.choices import RejectReason, Verb


class AppendOnly(Exception):
    """Decisions are never changed or deleted; an undo is a decision of its own."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Decision(models.Model):
    """A person's decision on a suggestion. A database trigger refuses UPDATE and DELETE as well.

    The fingerprints are keyed hashes of each field: they show what has changed since, without personal data.
    """

    at = models.DateTimeField(_("when"), auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("who"), related_name="+")
    verb = models.CharField(_("decision"), max_length=10, choices=Verb.choices)
    suggestion = models.ForeignKey(
        "matching.MatchSuggestion", models.PROTECT, verbose_name=_("suggestion"), related_name="decisions"
    )
    batch = models.UUIDField(default=uuid.uuid4)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    order_fingerprint = models.JSONField(default=dict)
    stay_fingerprint = models.JSONField(default=dict)
    # As displayed to the person: a later score must not change the quality figures.
    probability = models.DecimalField(_("probability"), max_digits=5, decimal_places=4)
    model_version = models.CharField(max_length=60)
    texto_versao = models.PositiveIntegerField()
    undo_of = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=Verb.values), name="decision_verb_known"),
            models.CheckConstraint(
                condition=Q(verb=Verb.UNDO, undo_of__isnull=False) | (~Q(verb=Verb.UNDO) & Q(undo_of__isnull=True)),
                name="decision_undo_names_what_it_undoes",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="decision_at"),
            models.Index(fields=["user", "-at"], name="decision_of_user"),
            models.Index(fields=["batch"], name="decision_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: {self.suggestion}"

    @property
    def reason_words(self) -> str:
        """The label of the reason, or the text itself when it is not a code."""
        return str(RejectReason(self.reason).label) if self.reason in RejectReason.values else self.reason

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *__: Any, **_: Any) -> NoReturn:
        raise AppendOnly


class BulkPlan(models.Model):
    """A bulk decision, from its preview on. `items`: [suggestion id, displayed version, probability], best first.
    `batch` is that of the decisions: an interrupted plan is resumed under the same one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    verb = models.CharField(max_length=10)
    # The lowest probability; null when the cards were selected in the list.
    threshold = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    items: Any = models.JSONField(default=list)
    # The number of cards found, of which `items` has at most MAX_ITEMS.
    found = models.PositiveIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)
    batch = models.UUIDField(default=uuid.uuid4)
    # Lease of the request that carries it out.
    held_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    decided = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    # [suggestion id, order number, sentence] of the first cards left out.
    told: Any = models.JSONField(default=list)

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(verb__in=[Verb.ACCEPT, Verb.REJECT]), name="plan_verb_known"),
            models.CheckConstraint(
                condition=Q(threshold__isnull=True) | Q(threshold__gte=0, threshold__lte=1),
                name="plan_threshold_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {len(self.items)}"

    @property
    def cut(self) -> bool:
        return self.found > len(self.items)
