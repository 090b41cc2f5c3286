"""Forgetting guests: who asked to be erased, and who left long ago. Decisions, links and counts stay, without a name.

What is typed about a guest stands in the hotel's orders as well. Our copy of such a text loses the words of the
guest's name and every phone and e-mail; the hotel's own row is not ours to change.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from matching.hotel_rows import searchable
from matching.models import Alert, MatchSuggestion, Order, Stay
from matching.models.choices import EndReason, State
from matching.suggestions.locks import lock_orders

BLANK = "•••"
CHUNK = 500
_WORD = re.compile(r"[^\W\d_]{3,}")
_CONTACT = re.compile(r"\S+@\S+|\+?\d[\d ().-]{6,}\d")
# What stands in many names and tells nobody from anybody.
_PARTICLES = frozenset({"das", "dos", "del", "von", "van", "der", "filho", "neto", "junior", "mrs", "sra", "dra"})
_TYPED = ("request", "guest_text", "requester_text")
_NAMES = ("listed_name", "registered_name", "social_name")


@dataclass(frozen=True)
class Forgotten:
    """How much there was. `orders`: those whose text named one of the guests."""

    stays: int = 0
    suggestions: int = 0
    orders: tuple[int, ...] = ()


@transaction.atomic
def forget(stays: Collection[int], *, dry_run: bool = False) -> Forgotten:
    """Takes the guests out of our copies, suggestions, alerts and history, and shows them as hidden from then on;
    what waits for a decision about them ends. Doing it again changes nothing."""
    guests = list(Stay.objects.select_for_update().filter(pk__in=stays).order_by("pk"))
    words = {word for guest in guests for name in _NAMES for word in _words(getattr(guest, name))}
    orders = [order for order in lock_orders(_orders_of(stays)).values() if _redacted(order, words)]
    suggestions = MatchSuggestion.objects.filter(stay__in=stays)
    found = Forgotten(len(guests), suggestions.count(), tuple(order.pk for order in orders))
    if not dry_run:
        Order.objects.bulk_update(orders, [*_TYPED, "phone_text", "search"])
        _blank_stays(guests)
        _blank_suggestions(suggestions)
        _blank_alerts(Alert.objects.filter(Q(stay__in=stays) | Q(order__in=found.orders)), words)
        _retell(suggestions)
    return found


def long_gone(until: date) -> list[int]:
    """Guests who left before `until`, are not forgotten yet, and to whom no open order is linked."""
    waiting = MatchSuggestion.objects.filter(
        stay__isnull=False, state__in=(State.ACCEPTED, State.PENDING), order__closed_at=None
    )
    left = Stay.objects.filter(departure__lt=until).exclude(pk__in=waiting.values("stay"))
    named = ~Q(listed_name="", registered_name="", social_name="") | Q(guest_id__isnull=False)
    return list(left.filter(named).order_by("pk").values_list("pk", flat=True))


def blank_closed_orders(until: date, *, dry_run: bool = False) -> int:
    """The fields for a guest's name and phone of orders closed before `until`, linked to anybody or not."""
    limit = timezone.make_aware(datetime.combine(until, time()))
    old = Order.objects.filter(closed_at__lt=limit).exclude(guest_text="", phone_text="")
    if dry_run:
        return old.count()
    orders = list(old.order_by("pk")[:CHUNK])
    for order in orders:
        order.guest_text = order.phone_text = ""
        order.search = _search(order)
    Order.objects.bulk_update(orders, ["guest_text", "phone_text", "search"])
    return len(orders) + (blank_closed_orders(until) if len(orders) == CHUNK else 0)


def _orders_of(stays: Collection[int]) -> Iterable[int]:
    offered = MatchSuggestion.objects.filter(stay__in=stays).order_by().values_list("order_id", flat=True)
    linked = Order.objects.filter(linked_stay__in=stays).values_list("pk", flat=True)
    return {*offered, *linked}


def _words(name: str) -> set[str]:
    return {searchable(word) for word in _WORD.findall(name)} - _PARTICLES


def _redacted(order: Order, words: set[str]) -> bool:
    """Changes the texts in place; says whether one of them named the guest."""
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


def _blank_stays(guests: Collection[Stay]) -> None:
    for guest in guests:
        guest.listed_name = guest.registered_name = guest.social_name = guest.doc_final = guest.reservation = ""
        guest.guest_id = None
        guest.hidden, guest.fingerprint = True, {}
        guest.search = searchable(guest.room)
    blanked = [*_NAMES, "doc_final", "reservation", "guest_id", "hidden", "fingerprint", "search"]
    Stay.objects.bulk_update(guests, blanked, batch_size=CHUNK)


def _blank_suggestions(suggestions: QuerySet[MatchSuggestion]) -> None:
    """The bits of every reason stay, what they compared goes; the version rises, so that the mirror follows."""
    found = list(suggestions)
    for suggestion in found:
        suggestion.reasons = [{**reason, "order_value": None, "guest_value": None} for reason in suggestion.reasons]
        suggestion.version = F("version") + 1
        if suggestion.state == State.PENDING:
            suggestion.state, suggestion.end_reason = State.EXPIRED, EndReason.HIDDEN_GUEST
    MatchSuggestion.objects.bulk_update(found, ["reasons", "version", "state", "end_reason"], batch_size=CHUNK)


def _blank_alerts(alerts: QuerySet[Alert], words: set[str]) -> None:
    found = list(alerts)
    for alert in found:
        alert.params = {name: _blank_value(value, words) for name, value in alert.params.items()}
        alert.note = _CONTACT.sub(BLANK, _without(alert.note, words))
    Alert.objects.bulk_update(found, ["params", "note"], batch_size=CHUNK)


def _blank_value(value: Any, words: set[str]) -> Any:
    return _without(value, words) if isinstance(value, str) else value


def _retell(suggestions: QuerySet[MatchSuggestion]) -> None:
    """The admin's history keeps what was done, told without the name."""
    told = {str(s.pk): str(s)[:200] for s in suggestions.select_related("order", "stay")}
    entries = list(
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(MatchSuggestion), object_id__in=list(told)
        )
    )
    for entry in entries:
        entry.object_repr = told[str(entry.object_id)]
    LogEntry.objects.bulk_update(entries, ["object_repr"], batch_size=CHUNK)
