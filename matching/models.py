"""Suggestions, and the local copies of the two rows that each one compares.

`Order` and `Stay` hold what the matcher last saw of the hotel's tables: enough to show a card while Supabase is
away, and no document beyond its last two characters. The decisions taken stand in `matching.records`.
"""

import uuid
from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from matching.model_versions import ModelVersion, Origin
from matching.plans import BulkPlan
from matching.querysets import SuggestionQuerySet, bare_room
from matching.records import Alert, CardLease, Decision, KeyPreference, WriteBack
from matching.states import ALIVE, CLOSED_ORDER, UNAVAILABLE_STAY, Band, EndReason, LateConflict, State
from matching.trail import AuditEntry

__all__ = [
    "Alert",
    "AuditEntry",
    "BulkPlan",
    "CardLease",
    "Decision",
    "KeyPreference",
    "MatchSuggestion",
    "ModelVersion",
    "Order",
    "Origin",
    "Stay",
    "WriteBack",
]


class Order(models.Model):
    """A service order as typed. `texto_versao` is the hotel's: it rises when what staff typed changes."""

    os_id = models.BigIntegerField(primary_key=True)
    number = models.TextField(_("order"))
    request = models.TextField(_("request"))
    guest_text = models.TextField(blank=True)
    requester_text = models.TextField(blank=True)
    phone_text = models.TextField(blank=True)
    room_text = models.TextField(blank=True)
    department = models.TextField(_("department"), blank=True)
    kind = models.TextField(blank=True)
    # Room, common area or outside: what staff chose, as the hotel stores it.
    place_kind = models.TextField(blank=True, default="")
    priority = models.TextField(blank=True)
    status = models.TextField(blank=True)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    texto_versao = models.PositiveIntegerField(default=1)
    # The link that Supabase showed at the last refresh, whoever wrote it.
    linked = models.BooleanField(default=False)
    linked_stay = models.BigIntegerField(null=True)
    linked_by = models.TextField(blank=True)
    fingerprint = models.JSONField(default=dict)
    search = models.TextField(blank=True)
    # A person wants to come back to it. Ours alone: no refresh touches it.
    flagged = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        default_permissions = ()
        indexes = [
            models.Index(fields=["opened_at"], name="order_opened"),
            models.Index(bare_room("room_text"), name="order_room"),
            models.Index(fields=["linked_stay"], name="order_linked_stay", condition=Q(linked_stay__isnull=False)),
            models.Index(fields=["closed_at"], name="order_closed", condition=Q(closed_at__isnull=False)),
            models.Index(fields=["os_id"], name="order_flagged", condition=Q(flagged=True)),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="order_search"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def closed(self) -> bool:
        return self.status in CLOSED_ORDER


class Stay(models.Model):
    """A guest on a reservation. `hidden` (minor, incognito) is never suggested, and its names are not kept."""

    listagem_id = models.BigIntegerField(primary_key=True)
    listed_name = models.TextField(blank=True)
    registered_name = models.TextField(blank=True)
    social_name = models.TextField(blank=True)
    guest_id = models.BigIntegerField(null=True)
    reservation_id = models.BigIntegerField(null=True)
    reservation = models.TextField(blank=True)
    room = models.TextField(_("room"), blank=True)
    arrival = models.DateField()
    departure = models.DateField(_("departure"))
    status = models.TextField(blank=True)
    main_guest = models.BooleanField(default=False)
    hidden = models.BooleanField(default=False)
    removed = models.BooleanField(default=False)
    doc_final = models.CharField(max_length=2, blank=True)
    # [{"uh", "de", "ate"}], oldest first; empty when the stay never moved.
    occupancies = models.JSONField(default=list)
    fingerprint = models.JSONField(default=dict)
    search = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        default_permissions = ()
        indexes = [
            models.Index(fields=["departure"], name="stay_departure"),
            models.Index(fields=["reservation_id"], name="stay_reservation"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="stay_search"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What staff call the guest: the social name wherever there is one."""
        if self.hidden:
            return str(_("hidden guest"))
        return self.social_name or self.registered_name or self.listed_name

    @property
    def unavailable(self) -> bool:
        return self.hidden or self.removed or self.status in UNAVAILABLE_STAY

    def rooms_on(self, day: date) -> list[str]:
        """Both rooms on the day of a move; the present one where no move is known."""
        iso = day.isoformat()
        spans = [o for o in self.occupancies if str(o.get("de") or "") <= iso <= str(o.get("ate") or "9999")]
        return list(dict.fromkeys(str(o.get("uh") or "") for o in spans)) or ([self.room] if self.room else [])


class MatchSuggestion(models.Model):
    """One candidate of one order; `stay` null is "no guest". Its id is `app_id` in the mirror.

    `version` rises with every change that a reader could see, so a decision names what it was taken on;
    `mirrored_version` is the one that Supabase has.
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
    # The decision that put it in its present state, be it as the one chosen or as one that the choice displaced.
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="touched")
    run_id = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=1)
    mirrored_version = models.PositiveIntegerField(default=0)
    # When the order was opened, while this is its best candidate still pending; null otherwise. Kept by a trigger,
    # in the transaction that changes the suggestion: nothing here writes it.
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
                include=["probability", "stay"],
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
