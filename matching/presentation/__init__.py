"""Labels, chips, links and sentences that pages show."""

from matching.presentation import badges
from matching.presentation.labels import (
    agreement,
    comparison_words,
    department_words,
    name_of,
    share,
    short_name,
    waiting_words,
)
from matching.presentation.links import alert_url, card_url, number_or_404, order_url

__all__ = [
    "agreement",
    "alert_url",
    "badges",
    "card_url",
    "comparison_words",
    "department_words",
    "name_of",
    "number_or_404",
    "order_url",
    "share",
    "short_name",
    "waiting_words",
]
