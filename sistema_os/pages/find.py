"""The search box over every page: leads to the room, the order or the guest that was meant."""

import re
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from matching.room_numbers import typed_room

SEES_ROOMS: Final = "snapshots.view_snapshot"
SEES_ORDERS: Final = "matching.view_matchsuggestion"
LONGEST: Final = 60
# More figures in a row than an order's number has: a document or a phone, which nobody is looked up by.
MOST_FIGURES: Final = 8
# "203", "12A"; orders have longer numbers.
_ROOM: Final = re.compile(r"[0-9]{1,4}[a-z]?")
_ORDER: Final = re.compile(r"os[ nº.#-]*(?=[0-9])", re.IGNORECASE)


def may_find(request: HttpRequest) -> bool:
    return request.user.has_perm(SEES_ORDERS) or request.user.has_perm(SEES_ROOMS)


@require_GET
def page(request: HttpRequest, _site: AdminSite) -> HttpResponse:
    if not may_find(request):
        raise PermissionDenied
    typed = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST]
    if sum(map(str.isdigit, typed)) > MOST_FIGURES:
        messages.warning(request, _("Search by order, guest or room. What was typed before was not kept."))
        return HttpResponseRedirect(reverse("admin:index"))
    return HttpResponseRedirect(_meant(request, typed) if typed else reverse("admin:index"))


def _meant(request: HttpRequest, typed: str) -> str:
    """An order's number says so or is long; whatever else is a number is a room."""
    order = _ORDER.sub("", typed, count=1)
    sees_orders = request.user.has_perm(SEES_ORDERS)
    if request.user.has_perm(SEES_ROOMS) and (
        not sees_orders or (order == typed and _ROOM.fullmatch(typed_room(typed)))
    ):
        return f"{reverse('admin:rooms')}?{urlencode({'q': typed})}"
    found = {"q": order, "state": "all"}
    return f"{reverse('admin:matching_matchsuggestion_changelist')}?{urlencode(found)}"
