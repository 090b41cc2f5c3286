"""The rooms page: who is in a room now, who was there yesterday, and its open orders."""

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
from django.views.decorators.http import require_GET

from matching.presentation import badges, card_url, department_words, order_url
from matching.reports import OpenOrder, open_orders
from matching.room_numbers import room_key, typed_room
from matching.rooms import resolve, typed_forms
from pipeline.business_date import current_business_date
from pipeline.hotel import StayStatus
from pipeline.hotel.stays import SOURCE
from sistema_os.masking import masked_document
from sistema_os.pages.guest_list import ListedGuest, Listing, listing
from snapshots import history

PERMISSION = "snapshots.view_snapshot"
SEES_ORDERS = "matching.view_matchsuggestion"
# "Bangalô 12" fits. A document or a full name does not, and is kept neither on the page nor in its address, unless it
# is a spelling of the room directory ("suíte girassol").
LONGEST_ROOM, LONGEST_SPELLING, MOST_FIGURES = 13, 40, 6
TOO_LONG = "long"
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
    now = listing(history.latest(SOURCE))
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
        before = listing(history.last_before(SOURCE, now.snapshot.business_date))
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
    answer: dict[str, Any] = {
        "room": rooms[key],
        "before": before,
        "present": _present(here, key, before, now.snapshot.business_date),
        "past": _past(there, here, key, now, before.snapshot.business_date) if before else [],
        "coming": _coming(here, now.snapshot.business_date),
    }
    if request.user.has_perm(SEES_ORDERS):
        stays = {guest.stay for guest in (*here, *there) if guest.in_house or guest.gone}
        answer["orders"] = shown_orders(open_orders.concerning(stays, [key, *typed_forms(key)]))
    return answer


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
    leaves: bool
    arrived: bool


_CHIPS: dict[str, str] = {
    StayStatus.IN_HOUSE: "ok",
    StayStatus.DEPARTED: "off",
    StayStatus.CONFIRMED: "wait",
    StayStatus.TO_BE_CONFIRMED: "wait",
}


def _present(here: Iterable[ListedGuest], key: str, before: Listing | None, day: date) -> list[ShownGuest]:
    """Guests in the room, and those who leave or arrive on the day."""
    present = [
        guest
        for guest in here
        if guest.in_house
        or (guest.gone and guest.departure >= day)
        or (guest.arrival == day and not guest.called_off and not guest.gone)
    ]
    return _shown(present, key, before, day)


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
                badges.chip(_CHIPS.get(guest.status, "off"), guest.status_words),
                _lazy("main guest") if guest.main else _lazy("companion"),
                masked_document(guest.document) if guest.document else "",
                moved,
                room_url(moved) if moved else "",
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
