"""A room's timeline, from six days before to four days after a business date: its guests by reservation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from matching.models import Stay
from matching.models.choices import StayStatus
from matching.reports import OpenOrder
from matching.room_numbers import bare_room, room_key
from pipeline.hotel import stays
from sistema_os.pages import stay_lines
from sistema_os.pages.guest_list import ListedGuest

BEFORE: Final = timedelta(6)
AHEAD: Final = timedelta(4)
MOST_STAYS = 200
_FIELDS = (
    *("listed_name", "registered_name", "social_name", "hidden", "room", "arrival", "departure", "status"),
    *("main_guest", "reservation_id", "reservation", "occupancies"),
)


@dataclass(frozen=True)
class _InRoom:
    """One guest's days in the room."""

    party: str
    name: str | Promise
    main: bool
    since: date
    until: date
    kind: stay_lines.BarKind


@dataclass(frozen=True)
class Party:
    """The people of one reservation, with one bar of the drawing."""

    name: str
    since: date
    until: date
    kind: stay_lines.BarKind
    orders: list[OpenOrder]


def drawing(room: str, here: Sequence[ListedGuest], orders: Sequence[OpenOrder], day: date) -> dict[str, Any]:
    """`here`: the guests of the room in the list in force, which override our copies; `orders`: those to mark. One
    query."""
    first, last = day - BEFORE, day + AHEAD
    found = [*_from_listing(here, room, first, last), *_from_copies(room, {guest.stay for guest in here}, first, last)]
    moments = [timezone.localtime(item.order.opened_at) for item in orders]
    parties = [_party(people, orders, moments) for people in _by_party(found)]
    parties.sort(key=lambda party: (party.since, party.until))
    bars = [stay_lines.Occupancy(party.name, party.since, party.until, party.kind) for party in parties]
    marks = [
        stay_lines.OpenedOrder(item.order.number, at, item.order.closed)
        for item, at in zip(orders, moments, strict=True)
        if first <= at.date() <= last
    ]
    words = [
        f"{party.name}, {date_format(party.since, _('n/j'))} – {date_format(party.until, _('n/j'))}"
        for party in parties
    ]
    return {
        "line": stay_lines.draw(first, last, day, bars, marks, gaps=True),
        "line_label": _("Room %(room)s from %(from)s to %(to)s: %(guests)s.")
        % {
            "room": room,
            "from": date_format(first, _("n/j")),
            "to": date_format(last, _("n/j")),
            "guests": "; ".join(words) or _("vacant"),
        },
        "parties": parties,
        "today": day,
    }


def _from_listing(here: Iterable[ListedGuest], room: str, first: date, last: date) -> Iterable[_InRoom]:
    """A guest who moved into the room is in it from the day of the move on, as our copies know it."""
    moved = dict(_moves(guest.stay for guest in here))
    for guest in here:
        if guest.called_off:
            continue
        since = max([guest.arrival, *(start for name, start, _end in moved.get(guest.stay, ()) if _same(name, room))])
        if since <= last and guest.departure >= first:
            kind: stay_lines.BarKind = "s-a" if guest.in_house else "s-b" if guest.gone else "s-c"
            party = guest.reservation or str(guest.stay)
            yield _InRoom(party, guest.name, guest.main, since, guest.departure, kind)


def _moves(keys: Iterable[int]) -> Iterable[tuple[int, list[tuple[str, date, date]]]]:
    moved = Stay.objects.filter(pk__in=list(keys)).exclude(occupancies=[]).only("occupancies", "arrival", "departure")
    return ((stay.pk, _spans(stay)) for stay in moved)


def _from_copies(room: str, known: set[int], first: date, last: date) -> Iterable[_InRoom]:
    """Guests who left the room before the list in force, or moved out of it."""
    in_room = Q(key=room_key(room)) | Q(occupancies__contains=[{"uh": room}])
    copies = Stay.objects.filter(departure__gte=first, arrival__lte=last, removed=False).annotate(key=bare_room("room"))
    copies = copies.filter(in_room).exclude(pk__in=known).exclude(status__in=stays.CALLED_OFF).only(*_FIELDS)
    for stay in copies[:MOST_STAYS]:
        for name, since, until in _spans(stay) or [(stay.room, stay.arrival, stay.departure)]:
            if _same(name, room) and since <= last and until >= first:
                kind: stay_lines.BarKind = (
                    "s-c" if stay.status in (StayStatus.CONFIRMED, StayStatus.UNCONFIRMED) else "s-b"
                )
                party = stay.reservation or str(stay.pk)
                yield _InRoom(party, stay.name or _("guest without a name"), stay.main_guest, since, until, kind)


def _spans(stay: Stay) -> list[tuple[str, date, date]]:
    return [
        (
            str(span.get("uh") or ""),
            parse_date(str(span.get("de"))[:10]) or stay.arrival,
            parse_date(str(span.get("ate"))[:10]) or stay.departure,
        )
        for span in stay.occupancies
    ]


def _same(left: str, right: str) -> bool:
    return room_key(left) == room_key(right)


def _by_party(found: Iterable[_InRoom]) -> list[list[_InRoom]]:
    """Guests of one reservation whose days in the room overlap."""
    parties: dict[str, list[list[_InRoom]]] = {}
    for guest in sorted(found, key=lambda guest: guest.since):
        of_reservation = parties.setdefault(guest.party, [])
        if of_reservation and guest.since <= max(other.until for other in of_reservation[-1]):
            of_reservation[-1].append(guest)
        else:
            of_reservation.append([guest])
    return [people for found in parties.values() for people in found]


def _party(people: list[_InRoom], orders: Sequence[OpenOrder], moments: Sequence[Any]) -> Party:
    first = min(people, key=lambda guest: (not guest.main, str(guest.name)))
    others = len(people) - 1
    words = ngettext("%(name)s and %(count)s more", "%(name)s and %(count)s more", others) % {
        "name": first.name,
        "count": others,
    }
    since, until = min(guest.since for guest in people), max(guest.until for guest in people)
    kinds = {guest.kind for guest in people}
    kind: stay_lines.BarKind = "s-a" if "s-a" in kinds else "s-c" if "s-c" in kinds else "s-b"
    inside = [item for item, at in zip(orders, moments, strict=True) if since <= at.date() < max(until, since)]
    return Party(words if others else str(first.name), since, until, kind, inside)
