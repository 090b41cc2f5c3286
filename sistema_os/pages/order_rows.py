"""Orders as rows of a table: the request whole, the guest, who decided, and where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import State
from matching.presentation import badges, card_url, department_words, order_url, share, short_name
from matching.reports import OpenOrder
from pipeline.business_date import current_business_date
from sistema_os.masking import without_documents


@dataclass(frozen=True)
class OrderRow:
    """`url` leads to the suggestion's card, or to the order in the list if there is none; `review_url` is empty where
    there is nothing to decide."""

    order: Order
    request: str
    url: str
    review_url: str
    department: str
    chip: SafeString
    guest: str
    guest_stay: int | None
    guest_note: str
    decision: str


def order_rows(found: Iterable[OpenOrder], user: Any) -> list[OrderRow]:
    decides = user.has_perm("matching.decide_suggestion")
    return [_row(item, decides) for item in found]


def _row(item: OpenOrder, decides: bool) -> OrderRow:
    suggestion, order = item.suggestion, item.order
    stay = suggestion.stay if suggestion else None
    pending = suggestion is not None and suggestion.state == State.PENDING and not order.closed
    url = card_url(suggestion.pk) if suggestion else order_url(order)
    return OrderRow(
        order,
        without_documents(order.request),
        url,
        url if pending and decides else "",
        department_words(order.department),
        _chip(item),
        (stay.name or _("guest without a name")) if stay else _("no guest") if suggestion else "—",
        stay.pk if stay and not stay.hidden else None,
        _note(stay),
        _decision(suggestion),
    )


def _chip(item: OpenOrder) -> SafeString:
    if item.order.closed:
        return badges.chip("off", _("closed order"))
    if item.linked:
        return badges.chip("ok", _("linked"))
    if item.suggestion is None:
        return badges.chip("off", _("without a suggestion"))
    return badges.chip("wait", _("suggested"))


def _note(stay: Stay | None) -> str:
    today = current_business_date()
    if stay is None:
        return ""
    if stay.departure == today:
        return _("leaves today")
    return _("arrives today") if stay.arrival == today else ""


def _decision(suggestion: MatchSuggestion | None) -> str:
    if suggestion is None:
        return "—"
    decision = suggestion.decision
    if decision is not None and suggestion.state == State.ACCEPTED:
        at = timezone.localtime(decision.at)
        return f"{short_name(decision.user)}, {date_format(at, _('n/j'))} {date_format(at, 'H:i')}"
    return _("%(share)s, not reviewed yet") % {"share": share(suggestion.probability)}
