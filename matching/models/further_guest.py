"""Further guests of an order: who it is about beside the guest that it is linked to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.models.choices import LateConflict


class FurtherGuest(models.Model):
    """Our copy of a row of `ordens_servico_hospedes` in Supabase, kept after its removal. `conflict`: why Supabase
    refused it, which removes it as well."""

    order = models.ForeignKey("matching.Order", models.PROTECT, related_name="further_guests", verbose_name=_("order"))
    stay = models.ForeignKey("matching.Stay", models.PROTECT, related_name="+", verbose_name=_("guest"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)
    conflict = models.CharField(max_length=20, choices=LateConflict.choices, blank=True)

    class Meta:
        verbose_name = _("further guest")
        verbose_name_plural = _("further guests")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["order", "stay"], condition=Q(removed_at=None), name="one_further_guest_per_pair"
            )
        ]
        indexes = [models.Index(fields=["stay"], condition=Q(removed_at=None), name="further_guest_of_stay")]

    def __str__(self) -> str:
        return f"OS {self.order.number} + {self.stay.name}"
