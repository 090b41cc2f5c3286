"""Suggestions: candidates that the engine proposes for an order, and the query set that pages use."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from matching.models.choices import ALIVE, DOUBT_FROM, STRONG_FROM, Band, EndReason, LateConflict, State, WriteState
from matching.models.decision import Decision
from matching.models.hotel import Order, Stay
from matching.models.review_session import CardLease

BAND_RANGE = {
    Band.STRONG: Q(probability__gte=STRONG_FROM),
    Band.DOUBT: Q(probability__gte=DOUBT_FROM, probability__lt=STRONG_FROM),
    Band.WEAK: Q(probability__lt=DOUBT_FROM),
}


def columns_not_listed(suggestion: str = "") -> tuple[str, ...]:
    """Columns of a suggestion, its order and its stay that no list shows; `suggestion` is the lookup prefix."""
    of_order = ("fingerprint", "search")
    of_stay = ("fingerprint", "occupancies", "search", "terms")
    joined = (*(f"order__{name}" for name in of_order), *(f"stay__{name}" for name in of_stay))
    return tuple(f"{suggestion}{name}" for name in ("reasons", *joined))


class SuggestionQuerySet(models.QuerySet["MatchSuggestion"]):
    def pending(self) -> SuggestionQuerySet:
        return self.filter(state=State.PENDING)

    def heads(self) -> SuggestionQuerySet:
        """The best pending candidate of each order: the cards of the queue."""
        return self.filter(queued_at__isnull=False)

    def in_band(self, band: Band) -> SuggestionQuerySet:
        return self.filter(BAND_RANGE[band])

    def departing(self, day: date) -> SuggestionQuerySet:
        return self.filter(stay__departure=day)

    def with_unconfirmed(self) -> SuggestionQuerySet:
        """Annotates `unconfirmed`: whether a write to Supabase is open for the suggestion."""
        writes = apps.get_model("matching", "WriteBack").objects
        return self.annotate(unconfirmed=Exists(writes.filter(suggestion=OuterRef("pk"), state=WriteState.OPEN)))

    def with_lease(self, user: Any) -> SuggestionQuerySet:
        """Annotates `leased_to`: the name of the colleague of `user` who has the order's card open."""
        leases = CardLease.objects.filter(order=OuterRef("order"), until__gt=timezone.now()).exclude(user=user.pk)
        name = Coalesce(NullIf("user__first_name", Value("")), "user__username")
        return self.annotate(leased_to=Subquery(leases.values_list(name)[:1]))

    def as_card(self) -> SuggestionQuerySet:
        """With everything that a page shows of a suggestion."""
        return self.with_unconfirmed().select_related("order", "stay", "decision__user")


class MatchSuggestion(models.Model):
    """One candidate of one order; `stay` null is "no guest". Its id is `app_id` in the mirror.

    `version` rises with every visible change: a decision names the version it was taken on. `mirrored_version` is the
    one in Supabase.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="suggestions", verbose_name=_("order"))
    stay = models.ForeignKey(Stay, models.PROTECT, null=True, related_name="suggestions", verbose_name=_("guest"))
    probability = models.DecimalField(_("probability"), max_digits=5, decimal_places=4)
    rank = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=list)
    model_version = models.CharField(max_length=60)
    texto_versao = models.PositiveIntegerField()
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    end_reason = models.CharField(max_length=80, blank=True)
    conflict = models.CharField(max_length=20, choices=LateConflict.choices, blank=True)
    # The decision that caused the present state, on this suggestion or on another candidate of the order.
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="touched")
    run_id = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=1)
    mirrored_version = models.PositiveIntegerField(default=0)
    # When the order was opened, while this is its best pending candidate; null otherwise. A database trigger maintains
    # it: no Python code writes it.
    queued_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        default_permissions = ("view",)
        permissions = [
            ("decide_suggestion", "Can accept, reject and undo own decisions"),
            ("bulk_decide", "Can decide many suggestions at once"),
            ("undo_others", "Can undo decisions of others"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "stay"],
                condition=Q(state__in=ALIVE),
                nulls_distinct=False,
                name="one_alive_suggestion_per_pair",
            ),
            models.UniqueConstraint(
                fields=["order"], condition=Q(state=State.ACCEPTED), name="one_accepted_suggestion_per_order"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="suggestion_state_known"),
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="suggestion_probability_in_range"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.EXPIRED, State.SUPERSEDED]) | ~Q(end_reason=""),
                name="suggestion_end_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ACCEPTED, State.REJECTED]) | Q(decision__isnull=False),
                name="suggestion_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-probability"], name="suggestion_queue"),
            models.Index(fields=["order", "state", "rank"], name="suggestion_of_order"),
            models.Index(
                fields=["queued_at", "id"],
                include=["probability", "stay", "order"],
                condition=Q(queued_at__isnull=False),
                name="suggestion_queued",
            ),
            models.Index(fields=["model_version"], name="suggestion_model"),
            models.Index(fields=["id"], condition=~Q(conflict=""), name="suggestion_conflict"),
            models.Index(fields=["run_id"], condition=Q(run_id__isnull=False), name="suggestion_of_run"),
            models.Index(fields=["id"], condition=Q(version__gt=F("mirrored_version")), name="suggestion_to_mirror"),
        ]

    def __str__(self) -> str:
        return f"OS {self.order.number} ↔ {self.stay.name if self.stay else _('No guest')}"

    @property
    def band(self) -> Band:
        return Band.of(float(self.probability))

    @property
    def end_reason_words(self) -> str:
        return str(EndReason(self.end_reason).label) if self.end_reason in EndReason.values else self.end_reason
