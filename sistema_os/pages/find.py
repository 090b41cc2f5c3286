"""The search box of every page: guests of the house, rooms, orders and reservations.

What was typed may be a name. It is kept in the session and not in an address, which browsers and proxies remember.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from matching import rooms
from matching.core.parsing.rooms.directory import LEADS, spelling_words
from matching.hotel_rows import searchable
from matching.models import Order, RoomAlias, Stay
from matching.presentation import badges, card_url
from matching.reports import open_orders
from matching.room_numbers import typed_room
from matching.stay_search import search_stays
from sistema_os.pages.guest_list import STATUS_CHIPS, WORDS
from sistema_os.pages.guests import guest_url
from sistema_os.pages.order_rows import OrderRow, order_rows
from sistema_os.pages.rooms import room_url

SEES_ROOMS: Final = "snapshots.view_snapshot"
SEES_ORDERS: Final = "matching.view_matchsuggestion"
LONGEST: Final = 60
# More digits than an order's number has: a document or a phone, which must not be searched for.
MOST_DIGITS: Final = 8
MOST_WORDS: Final = 6
MOST_GUESTS: Final = 20
MOST_ORDERS: Final = 20
MOST_ROOMS: Final = 8
# The key of the session under which the last search is kept.
LAST: Final = "find"
# "203", "12A"; orders have longer numbers.
_ROOM: Final = re.compile(r"[0-9]{1,4}[a-z]?")
_ORDER: Final = re.compile(r"os[ nº.#-]*(?=[0-9])", re.IGNORECASE)


def may_find(request: HttpRequest) -> bool:
    return request.user.has_perm(SEES_ORDERS) or request.user.has_perm(SEES_ROOMS)


class _SearchForm(forms.Form):
    q = forms.CharField(required=False)

    def clean_q(self) -> str:
        text = " ".join(str(self.cleaned_data["q"]).split())[:LONGEST]
        if sum(map(str.isdigit, text)) > MOST_DIGITS:
            raise forms.ValidationError("document or phone")
        return text


def _is_room(text: str) -> bool:
    return _ROOM.fullmatch(typed_room(text)) is not None or _is_spelling(text)


def _is_spelling(text: str) -> bool:
    """A code, an alias, or a name behind a room word: `suíte girassol`. A lone `girassol` may be a guest's name."""
    words = spelling_words(text)
    known = RoomAlias.objects.filter(key=" ".join(words), removed_at=None)
    led = len(words) > 1 and words[0] in LEADS
    coded = any(word[0].isdigit() for word in words)
    return known.exists() or ((led or coded) and bool(rooms.resolve(text)))


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """A number is a room, unless it is marked as an order's or too long for a room. An exact hit is opened; anything
    else is answered by the page of results, under an address without what was typed."""
    if not may_find(request):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    if "q" not in given:
        return _results(request, site, str(request.session.get(LAST, "")))
    form = _SearchForm(given)
    if not form.is_valid():
        messages.warning(request, _("Search by order, guest or room. What was typed before was not kept."))
        return redirect("admin:index")
    text = form.cleaned_data["q"]
    if not text:
        return redirect("admin:index")
    exact = _exact(request, text)
    if exact:
        return redirect(exact)
    request.session[LAST] = text
    return redirect("admin:find")


def _exact(request: HttpRequest, text: str) -> str:
    """The page of the one room, order or guest that is meant; "" if it is none or several."""
    number = _ORDER.sub("", text, count=1)
    if request.user.has_perm(SEES_ROOMS) and number == text and _is_room(text):
        return room_url(text)
    orders = open_orders.with_number(number, 2) if request.user.has_perm(SEES_ORDERS) and number.isalnum() else []
    guests = _guests(request.user, text) if request.user.has_perm(SEES_ROOMS) and number == text else []
    if len(orders) == 1 and not guests and orders[0].suggestion is not None:
        return card_url(orders[0].suggestion.pk)
    return guest_url(guests[0].pk) if len(guests) == 1 and not orders else ""


@dataclass(frozen=True)
class FoundGuest:
    name: str
    url: str
    chip: SafeString
    stay: Stay


def _results(request: HttpRequest, site: AdminSite, text: str) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Search"),
        "asked": text,
        "longest": LONGEST,
        "day_format": _("n/j"),
        "most_guests": MOST_GUESTS,
    }
    if text and request.user.has_perm(SEES_ROOMS):
        found = _guests(request.user, text)
        context["guests"] = [_found(stay) for stay in found[:MOST_GUESTS]]
        context["more_guests"] = len(found) > MOST_GUESTS
        context["rooms"] = [(room, room_url(room)) for room in _rooms(text, found)]
    if text and request.user.has_perm(SEES_ORDERS):
        context["orders"] = _orders(request, text)
    return TemplateResponse(request, "sistema_os/found.html", site.each_context(request) | context)


def _guests(user: Any, text: str) -> list[Stay]:
    """One more than are shown, to tell that there are more."""
    return [hit.stay for hit in search_stays(text, user=user, limit=MOST_GUESTS + 1)]


def _found(stay: Stay) -> FoundGuest:
    word: str | Promise = WORDS.get(stay.status, stay.status)
    chip = badges.chip(STATUS_CHIPS.get(stay.status, "off"), word)
    return FoundGuest(stay.name or _("guest without a name"), guest_url(stay.pk), chip, stay)


def _rooms(text: str, guests: list[Stay]) -> list[str]:
    """Rooms with such a name, such as "Suíte Girassol"."""
    wanted = searchable(text)
    return sorted({stay.room for stay in guests if stay.room and wanted in searchable(stay.room)})[:MOST_ROOMS]


def _orders(request: HttpRequest, text: str) -> list[OrderRow]:
    """By number, or by words of the request and of the guest as typed; the newest first."""
    words = searchable(_ORDER.sub("", text, count=1)).split()[:MOST_WORDS]
    wanted = Q()
    for word in words:
        wanted &= Q(search__contains=word)
    keys = (
        list(Order.objects.filter(wanted).order_by("-pk").values_list("pk", flat=True)[:MOST_ORDERS]) if words else []
    )
    return order_rows(open_orders.with_keys(keys), request.user)
