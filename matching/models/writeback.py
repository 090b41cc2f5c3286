"""The outbox table: links and unlinks, open or settled."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.models.choices import WriteKind, WriteState
from matching.models.decision import Decision


class WriteBack(models.Model):
    """A link or an unlink to be written to Supabase, or already written. That of a further guest goes with the decision
    and the suggestion that linked the order, or with the undo.

    Rows of an order are written in the order of their ids. `claim` and `leased_until` identify the process that is
    writing; an expired lease can be taken over, as the functions in Supabase are idempotent.
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
    # Whether a request may have reached Supabase: an undo must then unlink, not only withdraw.
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
            models.UniqueConstraint(
                fields=["decision", "order", "kind"],
                condition=Q(kind__in=[WriteKind.LINK, WriteKind.UNLINK]),
                name="writeback_once_per_decision",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state=WriteState.OPEN), name="writeback_open"),
            models.Index(fields=["order", "id"], name="writeback_of_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.order_id} -> {self.stay_id} ({self.state})"
