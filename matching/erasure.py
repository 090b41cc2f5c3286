"""Erases guests from our copies: on request, and long after their departure. Decisions, links and counts stay.

Guests are also named in the texts of orders. Our copy of such a text loses the words of the guest's name and every
phone number and e-mail address; the row at the hotel is not changed.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from matching.hotel_rows import searchable
from matching.models import Alert, FurtherGuest, MatchSuggestion, Order, OrderRoom, Stay, UnreadSpelling
from matching.models.choices import ALIVE, EndReason, State
from matching.suggestions import lock_orders

BLANK = "•••"
CHUNK = 500
_WORD = re.compile(r"[^\W\d_]{3,}")
_CONTACT = re.compile(r"(?<!\S)\S+@\S+|\+?\d[\d ().-]{6,}\d")
# Words of many names, which identify nobody.
_PARTICLES = frozenset({"das", "dos", "del", "von", "van", "der", "filho", "neto", "junior", "mrs", "sra", "dra"})
_TYPED = ("request", "guest_text", "requester_text")
_COMPARED = ("order_value", "guest_value")
_NAMES = ("listed_name", "registered_name", "social_name")


@dataclass(frozen=True)
class Forgotten:
    """Numbers of affected rows; `orders`: those whose text named one of the guests."""

    stays: int = 0
    suggestions: int = 0
    orders: tuple[int, ...] = ()


@transaction.atomic
def forget(stays: Collection[int], *, dry_run: bool = False) -> Forgotten:
    """Erases the guests from our copies, suggestions, alerts and history. They count as hidden from then on, and their
    pending suggestions expire. Idempotent."""
    guests = list(Stay.objects.select_for_update().filter(pk__in=stays).order_by("pk"))
    words = {word for guest in guests for name in _NAMES for word in _words(getattr(guest, name))}
    suggested = MatchSuggestion.objects.filter(stay__in=stays).order_by().values_list("order_id", flat=True)
    linked = Order.objects.filter(linked_stay__in=stays).values_list("pk", flat=True)
    further = FurtherGuest.objects.filter(stay__in=stays).values_list("order_id", flat=True)
    touched = lock_orders({*suggested, *linked, *further})
    orders = [order for order in touched.values() if _redact(order, words)]
    suggestions = MatchSuggestion.objects.filter(stay__in=stays)
    found = Forgotten(len(guests), suggestions.count(), tuple(order.pk for order in orders))
    if not dry_run:
        Order.objects.bulk_update(orders, [*_TYPED, "phone_text", "search"])
        _erase_stays(guests)
        _erase_suggestions(suggestions)
        _redact_reasons(MatchSuggestion.objects.filter(order__in=touched).exclude(stay__in=stays), words)
        _erase_alerts(Alert.objects.filter(Q(stay__in=stays) | Q(order__in=found.orders)), words)
        _rename_history(suggestions)
        UnreadSpelling.objects.filter(order__in=found.orders).delete()
        OrderRoom.objects.filter(order__in=found.orders).delete()
    return found


def long_gone(until: date) -> list[int]:
    """Stays that ended before `until`, are not erased yet, and have no open order with a live suggestion."""
    waiting = MatchSuggestion.objects.filter(stay__isnull=False, state__in=ALIVE, order__closed_at=None)
    further = FurtherGuest.objects.filter(removed_at=None, order__closed_at=None)
    left = Stay.objects.filter(departure__lt=until).exclude(pk__in=waiting.values("stay"))
    left = left.exclude(pk__in=further.values("stay"))
    named = ~Q(listed_name="", registered_name="", social_name="") | Q(guest_id__isnull=False)
    return list(left.filter(named).order_by("pk").values_list("pk", flat=True))


def blank_closed_orders(until: date, *, dry_run: bool = False) -> int:
    """Blanks the fields for a guest's name and phone of all orders closed before `until`; returns their number."""
    limit = timezone.make_aware(datetime.combine(until, time()))
    old = Order.objects.filter(closed_at__lt=limit).exclude(guest_text="", phone_text="")
    if dry_run:
        return old.count()
    blanked = 0
    while orders := list(old.order_by("pk")[:CHUNK]):
        for order in orders:
            order.guest_text = order.phone_text = ""
            order.search = _search(order)
        Order.objects.bulk_update(orders, ["guest_text", "phone_text", "search"])
        blanked += len(orders)
    return blanked


def blank_old_texts(until: date, *, dry_run: bool = False) -> int:
    """Blanks everything that staff typed into orders closed before `until`, in our copies, with the compared values of
    their suggestions; returns the number of orders. Decisions, links, rooms and times stay."""
    limit = timezone.make_aware(datetime.combine(until, time()))
    old = Order.objects.filter(closed_at__lt=limit).exclude(request="", guest_text="", requester_text="", phone_text="")
    if dry_run:
        return old.count()
    blanked = 0
    while orders := list(old.order_by("pk")[:CHUNK]):
        for order in orders:
            order.request = order.guest_text = order.requester_text = order.phone_text = ""
            order.search = _search(order)
        Order.objects.bulk_update(orders, [*_TYPED, "phone_text", "search"])
        _blank_reasons(MatchSuggestion.objects.filter(order__in=orders))
        blanked += len(orders)
    return blanked


def _blank_reasons(suggestions: QuerySet[MatchSuggestion]) -> None:
    """The reasons without what was compared; the version rises, so that the mirror follows."""
    rows = [suggestion for suggestion in suggestions if any(r.get(n) for r in suggestion.reasons for n in _COMPARED)]
    for suggestion in rows:
        suggestion.reasons = [{**reason, "order_value": None, "guest_value": None} for reason in suggestion.reasons]
        suggestion.version = F("version") + 1
    MatchSuggestion.objects.bulk_update(rows, ["reasons", "version"], batch_size=CHUNK)


def _words(name: str) -> set[str]:
    return {searchable(word) for word in _WORD.findall(name)} - _PARTICLES


def _redact(order: Order, words: set[str]) -> bool:
    """Redacts the texts in place, if one of them names the guest; returns whether it did."""
    if not any(words & _words(getattr(order, name)) for name in _TYPED):
        return False
    for name in _TYPED:
        setattr(order, name, _CONTACT.sub(BLANK, _without(getattr(order, name), words)))
    order.phone_text = ""
    order.search = _search(order)
    return True


def _without(text: str, words: set[str]) -> str:
    return _WORD.sub(lambda match: BLANK if searchable(match[0]) in words else match[0], text)


def _search(order: Order) -> str:
    return searchable(order.number, *(getattr(order, name) for name in (*_TYPED, "phone_text", "room_text")))


def _erase_stays(guests: Collection[Stay]) -> None:
    for guest in guests:
        guest.listed_name = guest.registered_name = guest.social_name = guest.doc_final = guest.reservation = ""
        guest.guest_id = None
        guest.hidden, guest.fingerprint = True, {}
        guest.search, guest.terms = searchable(guest.room), ""
    erased = [*_NAMES, "doc_final", "reservation", "guest_id", "hidden", "fingerprint", "search", "terms"]
    Stay.objects.bulk_update(guests, erased, batch_size=CHUNK)


def _erase_suggestions(suggestions: QuerySet[MatchSuggestion]) -> None:
    """Reasons keep their bits and lose the compared values; the version rises, so that the mirror follows."""
    rows = list(suggestions)
    for suggestion in rows:
        suggestion.reasons = [{**reason, "order_value": None, "guest_value": None} for reason in suggestion.reasons]
        suggestion.version = F("version") + 1
        if suggestion.state == State.PENDING:
            suggestion.state, suggestion.end_reason = State.EXPIRED, EndReason.HIDDEN_GUEST
    MatchSuggestion.objects.bulk_update(rows, ["reasons", "version", "state", "end_reason"], batch_size=CHUNK)


def _redact_reasons(suggestions: QuerySet[MatchSuggestion], words: set[str]) -> None:
    """Other candidates of the same orders, "no guest" among them, keep their reasons without the guest's name."""
    rows = []
    for suggestion in suggestions:
        reasons = [
            {name: _without(value, words) if name in _COMPARED and value else value for name, value in reason.items()}
            for reason in suggestion.reasons
        ]
        if reasons != suggestion.reasons:
            suggestion.reasons, suggestion.version = reasons, F("version") + 1
            rows.append(suggestion)
    MatchSuggestion.objects.bulk_update(rows, ["reasons", "version"], batch_size=CHUNK)


def _erase_alerts(alerts: QuerySet[Alert], words: set[str]) -> None:
    rows = list(alerts)
    for alert in rows:
        alert.params = {
            name: _without(value, words) if isinstance(value, str) else value for name, value in alert.params.items()
        }
        alert.note = _CONTACT.sub(BLANK, _without(alert.note, words))
    Alert.objects.bulk_update(rows, ["params", "note"], batch_size=CHUNK)


def _rename_history(suggestions: QuerySet[MatchSuggestion]) -> None:
    """The admin's history keeps its entries, without the name."""
    names = {str(s.pk): str(s)[:200] for s in suggestions.select_related("order", "stay")}
    content_type = ContentType.objects.get_for_model(MatchSuggestion)
    entries = list(LogEntry.objects.filter(content_type=content_type, object_id__in=list(names)))
    for entry in entries:
        entry.object_repr = names[str(entry.object_id)]
    LogEntry.objects.bulk_update(entries, ["object_repr"], batch_size=CHUNK)
