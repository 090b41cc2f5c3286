"""Records of data protection: erasures, reads of personal data, sign-ins; and the hotel accounts of users.

The records are append only: a database trigger refuses UPDATE, DELETE and TRUNCATE. Retention and the
erasure of a person switch it off for one transaction (`pipeline.data_subjects.trigger_switch`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p


class Erasure(models.Model):
    """One erasure, as it must be repeated after a restore. Row ids and trace ids identify nobody without the hotel's
    own tables; `person` is a keyed hash. `reason` is stored without the person's name."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300)
    person = models.CharField(max_length=64)
    rows: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    traces: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ()
        permissions = [("handle_data_requests", "Pode atender pedidos de titulares de dados")]

    def __str__(self) -> str:
        return f"nº {self.pk}"


class DataRequest(models.Model):
    """A request of a data subject (LGPD art. 18) and how far it is. `sought` is what is known of the person while the
    request is open, documents as keyed hashes; closing it empties the column. `answers` are those to doubtful traces,
    by trace id."""

    class Channel(models.TextChoices):
        DESK = "desk", _p("data request", "at the front desk")
        EMAIL = "email", _p("data request", "by e-mail")
        PHONE = "phone", _p("data request", "by phone")
        LETTER = "letter", _p("data request", "by letter")

    class Wanted(models.TextChoices):
        COPY = "copy", _p("data request", "a copy of the data")
        ERASURE = "erasure", _p("data request", "the erasure of the data")
        BOTH = "both", _p("data request", "a copy, then the erasure")

    class Outcome(models.TextChoices):
        OPEN = "open", _p("data request", "open")
        DONE = "done", _p("data request", "answered")
        NOTHING = "nothing", _p("data request", "answered: no data of this person")
        UNPROVEN = "unproven", _p("data request", "refused: identity not proven")
        WITHDRAWN = "withdrawn", _p("data request", "withdrawn")

    opened_at = models.DateTimeField(auto_now_add=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    received_on = models.DateField()
    due_on = models.DateField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    wanted = models.CharField(max_length=8, choices=Wanted.choices)
    sought: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    answers: models.JSONField[dict[str, bool], dict[str, bool]] = models.JSONField(default=dict)
    copied_at = models.DateTimeField(null=True)
    erasure = models.ForeignKey(Erasure, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("request of a data subject")
        verbose_name_plural = _("requests of data subjects")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=("open", "done", "nothing", "unproven", "withdrawn")),
                name="request_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="open")
                | (Q(closed_at__isnull=False, sought={}, answers={}) & ~Q(outcome="open")),
                name="request_closed_is_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"nº {self.pk}"


class AccessKind(models.TextChoices):
    CARD = "card", _p("access", "review card")
    GUEST = "guest", _p("access", "guest")
    ROOM = "room", _p("access", "rooms")
    LISTING = "listing", _p("access", "guest list")
    SUGGESTIONS = "suggestions", _p("access", "list of suggestions")
    SEARCH = "search", _p("access", "search")
    EXPORT = "export", _p("access", "export")
    HANDOVER = "handover", _p("access", "shift handover")


class AccessEntry(models.Model):
    """A page with personal data was read. `row` is the primary key of what was shown, or a room; never a name."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=AccessKind.choices)
    row = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("read of personal data")
        verbose_name_plural = _("reads of personal data")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(kind__in=AccessKind.values), name="access_kind_known")]
        indexes = [
            models.Index(fields=["at"], name="access_at"),
            models.Index(fields=["user", "-at"], name="access_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.row}"


class SignIn(models.Model):
    """One attempt to sign in. `account` is a keyed hash of the user name as typed: a name that nobody has may be a
    password typed into the wrong field. `user` is set where the account exists."""

    class Result(models.TextChoices):
        IN = "in", _p("sign-in", "signed in")
        OUT = "out", _p("sign-in", "signed out")
        FAILED = "failed", _p("sign-in", "wrong password")
        LOCKED = "locked", _p("sign-in", "refused: too many attempts")
        PASSWORD = "password", _p("sign-in", "right password, second factor requested")
        CODE = "code", _p("sign-in", "wrong code")
        REFUSED = "refused", _p("sign-in", "hotel account refused")
        RESET = "reset", _p("sign-in", "new password requested by e-mail")

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    account = models.CharField(max_length=32)
    address = models.GenericIPAddressField(null=True)
    result = models.CharField(max_length=8, choices=Result.choices)

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(result__in=("in", "out", "failed", "locked", "password", "code", "refused", "reset")),
                name="sign_in_result_known",
            )
        ]
        indexes = [
            models.Index(fields=["at"], name="sign_in_at"),
            models.Index(fields=["account", "-at"], name="sign_in_of_account"),
            models.Index(fields=["address", "-at"], name="sign_in_of_address"),
        ]

    def __str__(self) -> str:
        return str(self.get_result_display())


class HotelAccount(models.Model):
    """The account of a user at the hotel's identity provider (OIDC). Issuer and subject identify it for good; names
    and e-mail addresses change hands."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="hotel_accounts")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)

    class Meta:
        verbose_name = _("hotel account")
        verbose_name_plural = _("hotel accounts")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="hotel_account_once")]

    def __str__(self) -> str:
        return str(self.user)
