"""The rooms page: a room's timeline, who was, is and arrives in it, and its orders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from matching.presentation import badges, card_url, department_words, order_url
from matching.reports import OpenOrder, open_orders
from matching.room_numbers import room_key, typed_room
from matching.rooms import resolve, typed_forms
from pipeline.business_date import current_business_date
from pipeline.hotel.stays import SOURCE
from sistema_os.masking import masked_document
from sistema_os.pages import room_timeline
from sistema_os.pages.guest_list import STATUS_CHIPS, ListedGuest, Listing, listing
from sistema_os.pages.guests import guest_url
from sistema_os.pages.order_rows import order_rows
from snapshots import hidden_persons, history

PERMISSION = "snapshots.view_snapshot"
SEES_ORDERS = "matching.view_matchsuggestion"
# "Bangalô 12" fits. A document or a full name does not, and is kept neither on the page nor in its address, unless it
# is a spelling of the room directory ("suíte girassol").
LONGEST_ROOM, LONGEST_SPELLING, MOST_FIGURES = 13, 40, 6
TOO_LONG = "long"
# Which orders are shown: open (the default), closed or all.
SHOWN = "os"
MOST_COMING = 5
MOST_NEAR = 6


class _RoomForm(forms.Form):
    q = forms.CharField(required=False)

    def clean_q(self) -> str:
        room = " ".join(str(self.cleaned_data["q"]).split())
        if len(room) > LONGEST_SPELLING or sum(map(str.isdigit, room)) > MOST_FIGURES:
            raise forms.ValidationError("no room")
        if len(room) > LONGEST_ROOM and not resolve(room):
            raise forms.ValidationError("no room")
        return room


@require_GET
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    form = _RoomForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('admin:rooms')}?{TOO_LONG}=1")
    asked = form.cleaned_data["q"]
    see_hidden = hidden_persons.may_see(request.user)
    now = listing(history.latest(SOURCE), see_hidden=see_hidden)
    context = site.each_context(request) | {
        "title": _("Rooms"),
        "asked": asked,
        "too_long": TOO_LONG in request.GET,
        "longest": LONGEST_SPELLING,
        "now": now,
        "stale": now is not None and now.snapshot.business_date < current_business_date(),
        "day_format": _("n/j"),
    }
    if now and asked and not now.unreadable:
        before = listing(history.last_before(SOURCE, now.snapshot.business_date), see_hidden=see_hidden)
        context |= _answer(request, asked, now, before)
    elif now:
        context["floors"] = _floors(now)
    return TemplateResponse(request, "sistema_os/rooms.html", context)


def room_url(room: str) -> str:
    return f"{reverse('admin:rooms')}?{urlencode({'q': room})}"


def _answer(request: HttpRequest, asked: str, now: Listing, before: Listing | None) -> dict[str, Any]:
    rooms = (before.rooms() if before else {}) | now.rooms()
    keys = [typed_room(asked)]
    if keys[0] not in rooms:
        # An alias, a name, or a number that rooms of several blocks have.
        keys = [key for key in resolve(asked) if key in rooms] or keys
    if len(keys) > 1:
        return {"several": [(rooms[name], room_url(rooms[name])) for name in sorted(keys)]}
    key = keys[0]
    if key not in rooms:
        return {"unknown": True, "near": [(rooms[name], room_url(rooms[name])) for name in _near(key, rooms)]}
    here, there = now.of_room(key), before.of_room(key) if before else []
    day = now.snapshot.business_date
    answer: dict[str, Any] = {
        "room": rooms[key],
        "chip": _room_chip(here, day),
        "before": before,
        "present": _shown(_present(here, day), key, before, day),
        "arriving": _shown(_arriving(here, day), key, before, day),
        "past": _past(there, here, key, now, before.snapshot.business_date) if before else [],
        "coming": _coming(here, day),
    }
    orders: list[OpenOrder] = []
    if request.user.has_perm(SEES_ORDERS):
        stays = {guest.stay for guest in (*here, *there) if not guest.called_off and _is_near(guest, day)}
        spellings = [key, *typed_forms(key)]
        opened = open_orders.concerning(stays, spellings)
        closed = open_orders.closed_concerning(stays, spellings)
        orders = [*opened, *closed]
        chosen = request.GET.get(SHOWN, "")
        answer |= _orders(request, rooms[key], opened, closed, chosen if chosen in _SHOWN_ORDERS else "open")
    return answer | room_timeline.drawing(rooms[key], here, orders, day)


_SHOWN_ORDERS = ("open", "closed", "all")


def _orders(
    request: HttpRequest, room: str, opened: list[OpenOrder], closed: list[OpenOrder], chosen: str
) -> dict[str, Any]:
    """The chosen orders as rows, and the three choices with their counts."""
    of = {"open": opened, "closed": closed, "all": [*opened, *closed]}
    words = {
        "open": pgettext("orders", "Open"),
        "closed": pgettext("orders", "Closed"),
        "all": pgettext("orders", "All"),
    }
    counts = {
        name: f"{len(found)}+" if len(found) >= open_orders.MAX_SHOWN else str(len(found)) for name, found in of.items()
    }
    return {
        "orders": order_rows(of[chosen], request.user),
        "shown_orders": chosen,
        "choices": [
            (words[name], counts[name], room_url(room) + ("" if name == "open" else f"&{SHOWN}={name}"), name == chosen)
            for name in _SHOWN_ORDERS
        ],
    }


def _is_near(guest: ListedGuest, day: date) -> bool:
    """Whether the guest is or was in the room, or arrives on the day."""
    return guest.in_house or guest.gone or guest.arrival == day


def _room_chip(here: Iterable[ListedGuest], day: date) -> SafeString | str:
    leaves = any(guest.departure == day and (guest.in_house or guest.gone) for guest in here)
    arrives = any(guest.arrival == day and not guest.called_off and not guest.gone for guest in here)
    if leaves and arrives:
        return badges.chip("hold", _("departure and arrival today"))
    if leaves:
        return badges.chip("hold", _("departure today"))
    return badges.chip("wait", _("arrival today")) if arrives else ""


def _near(key: str, rooms: Mapping[str, str]) -> list[str]:
    """Rooms of similar numbers, those with the same digits in another order first."""
    if not key:
        return []
    mixed = [room for room in rooms if sorted(room) == sorted(key)]
    return list(dict.fromkeys([*sorted(mixed), *get_close_matches(key, rooms, n=MOST_NEAR, cutoff=0.6)]))[:MOST_NEAR]


@dataclass(frozen=True)
class ShownGuest:
    guest: ListedGuest
    chip: SafeString
    role: str | Promise
    document: str
    # The room before or after a move between the two listings.
    moved: str
    moved_url: str
    # Empty for a hidden guest.
    url: str
    leaves: bool
    arrived: bool


def _present(here: Iterable[ListedGuest], day: date) -> list[ListedGuest]:
    """Guests in the room, and those who have left it today."""
    return [guest for guest in here if guest.in_house or (guest.gone and guest.departure >= day)]


def _arriving(here: Iterable[ListedGuest], day: date) -> list[ListedGuest]:
    """Guests who are expected today and are not in the house yet."""
    return [
        guest
        for guest in here
        if guest.arrival == day and not guest.called_off and not guest.gone and not guest.in_house
    ]


def _past(
    there: Iterable[ListedGuest], here: Iterable[ListedGuest], key: str, now: Listing, day: date
) -> list[ShownGuest]:
    """Guests of the day before by its own list, and those who arrived after that list and are in today's."""
    past = [g for g in there if g.in_house or (g.gone and g.departure >= day)]
    known = {guest.stay for guest in past}
    later = [g for g in here if g.stay not in known and g.arrival == day and (g.in_house or g.gone)]
    return _shown([*past, *later], key, now, day)


def _shown(guests: Iterable[ListedGuest], key: str, other: Listing | None, day: date) -> list[ShownGuest]:
    """Main guests first. `other` is the list with the room from which they came, or to which they moved."""
    elsewhere = {guest.stay: guest.room for guest in other.guests if guest.room} if other else {}
    shown = []
    for guest in sorted(guests, key=lambda g: (not g.in_house, g.gone, not g.main, str(g.name))):
        moved = elsewhere.get(guest.stay, "")
        if moved and room_key(moved) == key:
            moved = ""
        shown.append(
            ShownGuest(
                guest,
                badges.chip(STATUS_CHIPS.get(guest.status, "off"), guest.status_words),
                _lazy("main guest") if guest.main else _lazy("companion"),
                masked_document(guest.document) if guest.document else "",
                moved,
                room_url(moved) if moved else "",
                "" if guest.hidden else guest_url(guest.stay),
                guest.departure == day,
                guest.arrival == day,
            )
        )
    return shown


def _coming(guests: Iterable[ListedGuest], day: date) -> list[ListedGuest]:
    """Reservations of this room from a later day on."""
    coming = [guest for guest in guests if guest.arrival > day and not guest.called_off]
    return sorted(coming, key=lambda guest: (guest.arrival, not guest.main))[:MOST_COMING]


@dataclass(frozen=True)
class ShownOrder:
    order: Any
    url: str
    department: str
    chip: SafeString
    guest: str
    room: str


def shown_orders(found: Iterable[OpenOrder]) -> list[ShownOrder]:
    """As table rows; the link leads to the suggestion's card, or to the order in the list if there is none."""
    shown = []
    for item in found:
        suggestion = item.suggestion
        if item.linked:
            chip = badges.chip("ok", _("linked"))
        elif suggestion is None:
            chip = badges.chip("off", _("without a suggestion"))
        else:
            chip = badges.chip("wait", _("to review"))
        guest = "—"
        if suggestion is not None:
            guest = suggestion.stay.name if suggestion.stay else _("no guest")
        url = card_url(suggestion.pk) if suggestion else order_url(item.order)
        shown.append(ShownOrder(item.order, url, department_words(item.order.department), chip, guest, item.room))
    return shown


def _floors(now: Listing) -> list[tuple[str, list[tuple[str, str]]]]:
    """Occupied rooms by floor, which is the number without its last two digits."""
    occupied = {room_key(guest.room): guest.room for guest in now.guests if guest.room and guest.in_house}
    floors: dict[str, list[tuple[str, str]]] = {}
    for key in sorted(occupied, key=lambda key: (len(key), key)):
        floor = key[:-2] if key.isdecimal() and len(key) > 2 else ""
        floors.setdefault(floor, []).append((occupied[key], room_url(occupied[key])))
    return list(floors.items())
