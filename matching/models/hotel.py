"""Local copies of the hotel rows that a suggestion compares: `Order` and `Stay`.

They hold the rows as last read: enough to show a card while Supabase is unavailable. Of a document, only the last two
characters are kept.
"""

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from matching.models.choices import CLOSED_ORDER, UNAVAILABLE_STAY
from matching.room_numbers import bare_room
from sistema_os.person_names import display_name


class Order(models.Model):
    """A service order. `texto_versao` is the hotel's: it rises when the typed texts change."""

    os_id = models.BigIntegerField(primary_key=True)
    number = models.TextField(_("order"))
    request = models.TextField(_("request"))
    guest_text = models.TextField(blank=True)
    requester_text = models.TextField(blank=True)
    phone_text = models.TextField(blank=True)
    room_text = models.TextField(blank=True)
    department = models.TextField(_("department"), blank=True)
    kind = models.TextField(blank=True)
    # Room, common area or outside, as the hotel stores it.
    place_kind = models.TextField(blank=True, default="")
    priority = models.TextField(blank=True)
    status = models.TextField(blank=True)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.TextField(blank=True)
    # The hotel's deadline for the order (`prazo`).
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    texto_versao = models.PositiveIntegerField(default=1)
    # The link in Supabase at the last refresh, whichever system wrote it.
    linked = models.BooleanField(default=False)
    linked_stay = models.BigIntegerField(null=True)
    linked_by = models.TextField(blank=True)
    fingerprint = models.JSONField(default=dict)
    search = models.TextField(blank=True)
    # Flagged by a person for later. Not in Supabase: no refresh changes it.
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
    def typed_text(self) -> str:
        """What staff typed, in one line: the request, then the guest and the phone where they were filled in."""
        return " · ".join(part for part in (self.request.strip(), self.guest_text, self.phone_text) if part)

    @property
    def closed(self) -> bool:
        return self.status in CLOSED_ORDER

    @property
    def overdue(self) -> bool:
        """Open after its deadline."""
        return self.due_at is not None and not self.closed and self.due_at < timezone.now()


class Stay(models.Model):
    """A guest on a reservation. A `hidden` guest (minor, incognito) is never suggested, and has no names here."""

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
    # What `matching.stay_search` looks in; empty for a hidden guest.
    terms = models.TextField(blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        default_permissions = ()
        indexes = [
            models.Index(fields=["departure"], name="stay_departure"),
            models.Index(fields=["reservation_id"], name="stay_reservation"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="stay_search"),
            GinIndex(fields=["terms"], opclasses=["gin_trgm_ops"], name="stay_terms"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name that pages show: the social name if there is one."""
        if self.hidden:
            return str(_("hidden guest"))
        return display_name(self.social_name or self.registered_name or self.listed_name)

    @property
    def unavailable(self) -> bool:
        return self.hidden or self.removed or self.status in UNAVAILABLE_STAY

    def rooms_on(self, day: date) -> list[str]:
        """The rooms on that day, two on the day of a move; the current one when no occupancy is known."""
        iso = day.isoformat()
        spans = [o for o in self.occupancies if str(o.get("de") or "") <= iso <= str(o.get("ate") or "9999")]
        return list(dict.fromkeys(str(o.get("uh") or "") for o in spans)) or ([self.room] if self.room else [])
