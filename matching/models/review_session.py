"""State of a review in progress: who has which card open, and personal key preferences."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
