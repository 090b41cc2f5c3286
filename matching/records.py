"""What must not be lost: decisions (append only), the outbox of links to write, and alerts."""

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.states import AlertKind, RejectReason, Severity, Verb, WriteKind, WriteState


class AppendOnly(Exception):
    """Decisions are never changed or deleted; an undo is a decision of its own."""


class DecisionQuerySet(models.QuerySet["Decision"]):
    def update(self, **_: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Decision(models.Model):
    """Who said what on which suggestion. A database trigger refuses UPDATE and DELETE as well.

    The fingerprints are keyed hashes field by field: enough to say what changed since, and no guest's data.
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
    # As shown to the person: a later re-score must not change what the quality figures count.
    probability = models.DecimalField(_("probability"), max_digits=5, decimal_places=4)
    model_version = models.CharField(max_length=60)
    texto_versao = models.PositiveIntegerField()
    undo_of = models.OneToOneField("self", models.PROTECT, null=True, related_name="undone_by")

    objects = DecisionQuerySet.as_manager()

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
        """The reason's label; a reason in somebody's own words as it is."""
        return str(RejectReason(self.reason).label) if self.reason in RejectReason.values else self.reason

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *__: Any, **_: Any) -> NoReturn:
        raise AppendOnly


class WriteBack(models.Model):
    """One row of the outbox: a link or an unlink that Supabase has yet to confirm, or has confirmed.

    Rows of one order are written in the order of their ids. `claim` and `leased_until` say who is writing now;
    a lease that ran out belongs to whoever takes it next, which is safe because the functions are idempotent.
    """

    kind = models.CharField(max_length=10, choices=WriteKind.choices)
    state = models.CharField(max_length=10, choices=WriteState.choices, default=WriteState.OPEN)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="writebacks")
    suggestion = models.ForeignKey("matching.MatchSuggestion", models.PROTECT, related_name="writebacks")
    order = models.ForeignKey("matching.Order", models.PROTECT, related_name="writebacks")
    stay_id = models.BigIntegerField(null=True)
    texto_versao = models.PositiveIntegerField()
    username = models.CharField(max_length=150)
    score = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    attempts = models.PositiveIntegerField(default=0)
    # True from the moment that a request may have left: then an undo has to unlink, not merely withdraw.
    maybe_written = models.BooleanField(default=False)
    claim = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    next_try_at = models.DateTimeField()
    outcome = models.CharField(max_length=40, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("write-back")
        verbose_name_plural = _("write-backs")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=WriteKind.values), name="writeback_kind_known"),
            models.CheckConstraint(condition=Q(state__in=WriteState.values), name="writeback_state_known"),
            models.UniqueConstraint(fields=["decision", "order", "kind"], name="writeback_once_per_decision"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state=WriteState.OPEN), name="writeback_open"),
            models.Index(fields=["order", "id"], name="writeback_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.order_id} -> {self.stay_id} ({self.state})"


class CardLease(models.Model):
    """Who has an order's card open in the queue, and until when. It keeps two people from reading the same card;
    what keeps them from deciding it twice is the version that a decision names."""

    order = models.OneToOneField("matching.Order", models.CASCADE, primary_key=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("card in use")
        verbose_name_plural = _("cards in use")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.order_id}: {self.user.get_username()}"


class KeyPreference(models.Model):
    """Whether single letters decide for this person; without a row they do. Some people speak or shake their input,
    and a letter must not decide for them (WCAG 2.1.4)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    single_keys = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("keys of a person")
        verbose_name_plural = _("keys of people")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.single_keys}"


class Alert(models.Model):
    """Something that a person should look at. `key` keeps one occasion from alerting twice, settled or not."""

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
    # What was done about it, in the words of whoever settled it.
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
