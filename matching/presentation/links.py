"""URLs of the review pages, and primary keys read from URLs."""

from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from matching.models import Order
from sistema_os.admin_base import number_or_404

__all__ = ["alert_url", "card_url", "number_or_404", "order_url"]

LIST = "admin:matching_matchsuggestion_changelist"


def card_url(suggestion_id: UUID) -> str:
    return reverse("admin:matching_matchsuggestion_change", args=[suggestion_id])


def order_url(order: Order) -> str:
    """The list of one order's suggestions in every state."""
    return f"{reverse(LIST)}?{urlencode({'q': order.number, 'state': 'all'})}"


def alert_url(alert: int) -> str:
    return reverse("admin:matching_alert_change", args=[alert])
