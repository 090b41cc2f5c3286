"""State of the review page: leases of open cards, and each person's preferences."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CardLease(models.Model):
    """The person who has an order's card open in the queue, and until when. It keeps two people from reading the same
    card; the version that a decision names keeps them from deciding it twice."""

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
    """How this person has the card: whether single-letter keys are enabled (without a row they are), and whether the
    numbers are unfolded. People who use speech input or press keys by accident can turn the keys off (WCAG 2.1.4)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    single_keys = models.BooleanField(default=True)
    # Whether the table of evidence was left open on the last card.
    numbers_open = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("keys of a person")
        verbose_name_plural = _("keys of people")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id}: {self.single_keys}"
