"""A batch as it was shown to a person before it is decided: which cards, in which version, and what came of it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from matching.states import Verb


class BulkPlan(models.Model):
    """`items` are pairs of a suggestion's id and the version that was shown, best first. `batch` is that of the
    decisions, from the beginning on: a batch that was cut off is finished under the same one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    verb = models.CharField(max_length=10)
    # From this probability on; null when the cards were picked one by one.
    threshold = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    items: Any = models.JSONField(default=list)
    # How many there were, where MOST cut the list.
    found = models.PositiveIntegerField()
    made_at = models.DateTimeField(auto_now_add=True)
    batch = models.UUIDField(default=uuid.uuid4)
    # Whoever carries it out holds it until then.
    held_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    decided = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    # The first sentences of those left out.
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
