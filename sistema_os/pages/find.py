"""The search box of every page: redirects to the room, or to the list of orders and guests."""

import re
from typing import Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from matching import rooms
from matching.core.parsing.rooms.directory import LEADS, spelling_words
from matching.models import RoomAlias
from matching.room_numbers import typed_room

SEES_ROOMS: Final = "snapshots.view_snapshot"
SEES_ORDERS: Final = "matching.view_matchsuggestion"
LONGEST: Final = 60
# More digits than an order's number has: a document or a phone, which must not be searched for.
MOST_FIGURES: Final = 8
# "203", "12A"; orders have longer numbers.
_ROOM: Final = re.compile(r"[0-9]{1,4}[a-z]?")
_ORDER: Final = re.compile(r"os[ nº.#-]*(?=[0-9])", re.IGNORECASE)


def may_find(request: HttpRequest) -> bool:
    return request.user.has_perm(SEES_ORDERS) or request.user.has_perm(SEES_ROOMS)


class _SearchForm(forms.Form):
    q = forms.CharField(required=False)

    def clean_q(self) -> str:
        text = " ".join(str(self.cleaned_data["q"]).split())[:LONGEST]
        if sum(map(str.isdigit, text)) > MOST_FIGURES:
            raise forms.ValidationError("document or phone")
        return text


def _is_spelling(text: str) -> bool:
    """A code, an alias, or a name behind a room word: `suíte girassol`. A lone `girassol` may be a guest's name."""
    words = spelling_words(text)
    known = RoomAlias.objects.filter(key=" ".join(words), removed_at=None)
    led = len(words) > 1 and words[0] in LEADS
    coded = any(word[0].isdigit() for word in words)
    return known.exists() or ((led or coded) and bool(rooms.resolve(text)))


@require_GET
def page(request: HttpRequest, _site: AdminSite) -> HttpResponse:
    """A number is a room, unless it is marked as an order's or too long for a room."""
    if not may_find(request):
        raise PermissionDenied
    form = _SearchForm(request.GET)
    if not form.is_valid():
        messages.warning(request, _("Search by order, guest or room. What was typed before was not kept."))
        return redirect("admin:index")
    text = form.cleaned_data["q"]
    if not text:
        return redirect("admin:index")
    order = _ORDER.sub("", text, count=1)
    is_room = order == text and (_ROOM.fullmatch(typed_room(text)) is not None or _is_spelling(text))
    if request.user.has_perm(SEES_ROOMS) and (is_room or not request.user.has_perm(SEES_ORDERS)):
        return redirect(f"{reverse('admin:rooms')}?{urlencode({'q': text})}")
    found = {"q": order, "state": "all"}
    return redirect(f"{reverse('admin:matching_matchsuggestion_changelist')}?{urlencode(found)}")
