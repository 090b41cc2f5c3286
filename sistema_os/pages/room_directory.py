"""The room directory: every room with its block, floor and spellings, and the spellings that nobody recognised yet."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext_lazy as _p
from django.views.decorators.http import require_http_methods

from matching import rooms
from matching.core import RoomDirectory
from matching.core.parsing.rooms.directory import parse_room
from matching.models import AuditAction, AuditEntry, Room, RoomAlias, RoomKind
from matching.presentation import number_or_404
from matching.room_numbers import room_key
from matching.rooms.spellings import LONGEST_SPELLING, Unread

SEES: Final = "matching.view_matchsuggestion"
PER_PAGE: Final = 50
# Of numbers in several blocks: with a sentence each, and in all.
MOST_WARNED, MOST_NAMED = 3, 40
KINDS: Final[dict[str, tuple[RoomKind, ...]]] = {
    "": (),
    "rooms": (RoomKind.ROOM,),
    "beds": (RoomKind.BED,),
    "places": (RoomKind.MEETING, RoomKind.AREA),
}
_KIND_ORDER: Final = Case(
    *(When(kind=kind, then=place) for place, kind in enumerate(RoomKind.values)), output_field=IntegerField()
)
_FLOOR_ORDER: Final = F("floor").asc(nulls_last=True)
# What the code of a room calls it.
FAMILIES: Final[dict[str, str | Promise]] = {
    "suite": _p("room kind", "suite"),
    "chalet": _p("room kind", "chalet"),
    "cabin": _p("room kind", "cabin"),
    "bungalow": _p("room kind", "bungalow"),
    "villa": _p("room kind", "villa"),
    "flat": _p("room kind", "flat"),
    "loft": _p("room kind", "loft"),
    "studio": _p("room kind", "studio"),
    "house": _p("room kind", "house"),
    "dormitory": _p("room kind", "dormitory"),
}


class _Query(forms.Form):
    """The query string; what cannot be read counts as none. `room`, `edit` and `spelling` open a small form each."""

    q = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[(name, name) for name in KINDS if name], required=False)
    page = forms.IntegerField(min_value=1, max_value=9999, required=False)
    room = forms.CharField(required=False)
    edit = forms.CharField(required=False)
    spelling = forms.CharField(required=False)
    new = forms.BooleanField(required=False)
    done = forms.IntegerField(min_value=1, required=False)


class _RoomForm(forms.Form):
    shown = forms.CharField(required=False, max_length=30)
    kind = forms.ChoiceField(choices=RoomKind.choices)
    block = forms.CharField(required=False, max_length=20)
    floor = forms.IntegerField(required=False, min_value=-5, max_value=99)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    query = _Query(request.GET)
    query.is_valid()
    asked = {name: value for name, value in query.cleaned_data.items() if value}
    if request.method == "POST":
        return _act(request, asked)
    edits = request.user.has_perm(rooms.EDIT)
    found = _filtered(asked)
    ordered = found.order_by(_KIND_ORDER, _FLOOR_ORDER, Length("key"), "key")
    adding_to = room_key(asked.get("room")) if edits else ""
    shown = Paginator(ordered, PER_PAGE).get_page(asked.get("page", 1))
    if adding_to and not any(room.key == adding_to for room in shown):
        # The address names a room of another page: its row alone.
        shown = Paginator(Room.objects.filter(key=adding_to).order_by("key"), PER_PAGE).get_page(1)
    counts = dict(Room.objects.values_list("kind").annotate(Count("pk")))
    unread = rooms.open_spellings()
    warned = _in_two_blocks(rooms.stored().directory)
    context = site.each_context(request) | {
        "title": _("Room directory"),
        "edits": edits,
        "unread": [_shown_unread(one) for one in unread],
        "unread_orders": sum(one.orders for one in unread),
        "open_spelling": asked.get("spelling", "") if edits else "",
        "warnings": warned,
        "most_warned": f":{MOST_WARNED}",
        "more_warned": [one.number for one in warned[MOST_WARNED:MOST_NAMED]],
        "lines": _lines(shown, asked),
        "page": shown,
        "urls": {name: _url(asked, page=number) for name, number in _neighbours(shown)},
        "total": sum(counts.values()),
        "counted": _counted(counts),
        "kind_tabs": [_tab(name, counts, asked) for name in KINDS],
        "q": asked.get("q", ""),
        "kind": asked.get("kind", ""),
        "adding_to": adding_to,
        "editing": Room.objects.filter(key=room_key(asked.get("edit"))).first() if edits and "edit" in asked else None,
        "making": edits and "new" in asked,
        "kinds": RoomKind.choices,
        "done": _done(request, asked.get("done")) if edits else None,
        "longest": LONGEST_SPELLING,
    }
    return TemplateResponse(request, "sistema_os/room_directory.html", context)


def _filtered(asked: dict[str, Any]) -> QuerySet[Room]:
    found = Room.objects.all()
    if kinds := KINDS[asked.get("kind", "")]:
        found = found.filter(kind__in=kinds)
    if q := " ".join(asked.get("q", "").split())[:LONGEST_SPELLING]:
        aliases = RoomAlias.objects.filter(removed_at=None, spelling__icontains=q)
        found = found.filter(
            Q(shown__icontains=q) | Q(key__in=rooms.resolve(q)) | Q(pk__in=aliases.values("room")) | Q(block__iexact=q)
        )
    return found


def _url(asked: dict[str, Any], **changed: Any) -> str:
    kept = {name: asked[name] for name in ("q", "kind", "page") if name in asked}
    query = {name: value for name, value in (kept | changed).items() if value}
    return f"{reverse('admin:room_directory')}{'?' if query else ''}{urlencode(query)}"


def _neighbours(shown: Page[Room]) -> Iterable[tuple[str, int]]:
    if shown.has_previous():
        yield "before", shown.previous_page_number()
    if shown.has_next():
        yield "after", shown.next_page_number()


@dataclass(frozen=True)
class ShownUnread:
    unread: Unread
    text: str
    place: bool
    """The best guess is a meeting room."""
    numbered: bool
    """The room of the best guess is called by a number."""


def _shown_unread(one: Unread) -> ShownUnread:
    orders = ngettext("%(count)d order", "%(count)d orders", one.orders) % {"count": one.orders}
    newest = _("the last on %(day)s: “%(request)s”.") % {
        "day": timezone.localtime(one.newest.opened_at).strftime("%d/%m"),
        "request": one.newest.request[:120],
    }
    reasons: dict[str, str] = {
        "alike": _("It looks like “%(value)s”."),
        "guest": _("The guest suggested there is in %(value)s."),
        "meeting": _("No room has a name like that."),
        "none": _("No room has a name like that."),
    }
    return ShownUnread(
        one,
        f"{orders}, {newest} {reasons[one.idea.reason] % {'value': one.idea.value}}",
        one.idea.kind == RoomKind.MEETING,
        one.idea.room is not None and any(map(str.isdigit, one.idea.room.shown)),
    )


@dataclass(frozen=True)
class Warned:
    number: str
    rooms: str
    read_as: str
    """The room that the bare number is read as; "" where it may be any of them."""


def _in_two_blocks(directory: RoomDirectory) -> list[Warned]:
    """Numbers that rooms of several blocks have."""
    found = []
    for number, same in sorted(directory.by_number.items(), key=lambda item: (len(item[0]), item[0])):
        of_family: dict[str, list[Any]] = defaultdict(list)
        for room in same:
            if room.kind == "room":
                of_family[room.family].append(room)
        for several in of_family.values():
            if len({room.tags for room in several}) > 1:
                plain = [room.shown for room in several if not room.tags]
                names = sorted(room.shown for room in several)
                found.append(
                    Warned(
                        number,
                        _("%(rooms)s and %(last)s") % {"rooms": ", ".join(names[:-1]), "last": names[-1]},
                        plain[0] if plain else "",
                    )
                )
    return found


@dataclass(frozen=True)
class Line:
    room: Room
    kind: str | Promise
    floor: str
    aliases: list[RoomAlias]
    adding: str
    editing: str


def _lines(shown: Page[Room], asked: dict[str, Any]) -> list[Line]:
    aliases: dict[int, list[RoomAlias]] = defaultdict(list)
    for alias in RoomAlias.objects.filter(room__in=[room.pk for room in shown], removed_at=None).order_by("key"):
        aliases[alias.room_id].append(alias)
    return [
        Line(
            room,
            FAMILIES.get(parse_room(room.shown).family, room.get_kind_display())
            if room.kind == RoomKind.ROOM
            else room.get_kind_display(),
            _floor(room.floor),
            aliases.get(room.pk, []),
            _url(asked, room=room.key),
            _url(asked, edit=room.key),
        )
        for room in shown
    ]


def _floor(floor: int | None) -> str:
    if floor is None:
        return "—"
    return _("ground floor") if floor == 0 else _("floor %(number)d") % {"number": floor}


def _counted(counts: dict[str, int]) -> str:
    of = {kind: counts.get(kind, 0) for kind in RoomKind.values}
    words = [
        ngettext("%(count)d room", "%(count)d rooms", of["room"]) % {"count": of["room"]},
        ngettext("%(count)d bed", "%(count)d beds", of["bed"]) % {"count": of["bed"]},
        ngettext("%(count)d meeting room", "%(count)d meeting rooms", of["meeting"]) % {"count": of["meeting"]},
        ngettext("%(count)d area", "%(count)d areas", of["area"]) % {"count": of["area"]},
    ]
    return ", ".join(text for text, kind in zip(words, RoomKind.values, strict=True) if of[kind])


@dataclass(frozen=True)
class Tab:
    label: str
    count: int
    url: str
    here: bool


def _tab(name: str, counts: dict[str, int], asked: dict[str, Any]) -> Tab:
    labels = {"": _("All"), "rooms": _("Rooms"), "beds": _("Beds"), "places": _("Meeting rooms and areas")}
    count = sum(counts.get(kind, 0) for kind in KINDS[name] or RoomKind)
    return Tab(labels[name], count, _url({"q": asked.get("q")}, kind=name), asked.get("kind", "") == name)


@dataclass(frozen=True)
class Done:
    """The person's last change, which the page reports with its undo."""

    entry: AuditEntry
    alias: RoomAlias | None
    orders: int


def _done(request: HttpRequest, entry: int | None) -> Done | None:
    person: Any = request.user
    made = AuditEntry.objects.filter(pk=entry or 0, user=person, deed=AuditAction.ALIAS).first()
    if made is None:
        return None
    alias = RoomAlias.objects.filter(pk=made.params.get("alias"), removed_at=None).select_related("room").first()
    return Done(made, alias, len(made.params.get("orders", ()))) if alias is not None else None


# --- changes ---------------------------------------------------------------------------------------
def _act(request: HttpRequest, asked: dict[str, Any]) -> HttpResponse:
    """The pressed button's action, then back to the page, with the change and its undo or with what refused it."""
    if not request.user.has_perm(rooms.EDIT):
        raise PermissionDenied
    button = next((name for name in _ACTIONS if name in request.POST), None)
    if button is None:
        raise Http404
    try:
        change = _ACTIONS[button](request, str(request.POST[button]))
    except rooms.Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(request.get_full_path())
    done = {"done": change.entry.pk} if change is not None and change.entry.deed == AuditAction.ALIAS else {}
    if change is not None and change.entry.deed != AuditAction.ALIAS:
        messages.success(request, _("Spelling removed: %(what)s.") % {"what": rooms.analysed_words(change.orders)})
    elif change is not None and change.orders.later:
        later = change.orders.later
        text = ngettext("%(count)d order waits for the next run.", "%(count)d orders wait for the next run.", later)
        messages.info(request, text % {"count": later})
    return HttpResponseRedirect(_url(asked, **done))


def _assign(request: HttpRequest, value: str) -> rooms.Change:
    """The suggested room of an unread spelling."""
    return rooms.add_alias(request.user, _room(value), str(request.POST.get("spelling", "")))


def _assign_typed(request: HttpRequest, value: str) -> rooms.Change:
    return rooms.add_alias(request.user, rooms.one_room(str(request.POST.get("to", ""))), value)


def _add(request: HttpRequest, value: str) -> rooms.Change:
    return rooms.add_alias(request.user, _room(value), str(request.POST.get("alias", "")))


def _place(request: HttpRequest, value: str) -> rooms.Change:
    kind = RoomKind.MEETING if value == RoomKind.MEETING else RoomKind.AREA
    return rooms.add_place(request.user, str(request.POST.get("spelling", "")), kind)


def _drop(request: HttpRequest, value: str) -> rooms.Change:
    alias = RoomAlias.objects.filter(pk=number_or_404(value), removed_at=None).select_related("room").first()
    if alias is None:
        raise rooms.Refused(_("This spelling was removed already."))
    return rooms.drop_alias(request.user, alias)


def _undo(request: HttpRequest, value: str) -> None:
    person: Any = request.user
    entry = AuditEntry.objects.filter(pk=number_or_404(value), user=person).first()
    if entry is None:
        raise Http404
    orders = rooms.undo(request.user, entry)
    messages.success(request, _("Undone: %(what)s.") % {"what": rooms.analysed_words(orders)})


def _save(request: HttpRequest, value: str) -> None:
    form = _RoomForm(request.POST)
    if not form.is_valid():
        raise rooms.Refused(_("Choose a kind; the floor is a number, 0 for the ground floor."))
    fields = form.cleaned_data
    room = rooms.save_room(
        request.user,
        _room(value) if value else None,
        shown=fields["shown"],
        kind=RoomKind(fields["kind"]),
        block=fields["block"],
        floor=fields["floor"],
    )
    messages.success(request, _("%(room)s saved.") % {"room": room.shown})


def _close(request: HttpRequest, value: str) -> None:
    rooms.close_room(request.user, _room(value), closed=True)


def _open(request: HttpRequest, value: str) -> None:
    rooms.close_room(request.user, _room(value), closed=False)


def _delete(request: HttpRequest, value: str) -> None:
    room = _room(value)
    rooms.delete_room(request.user, room)
    messages.success(request, _("%(room)s deleted.") % {"room": room.shown})


def _room(key: str) -> Room:
    room = Room.objects.filter(key=key).first()
    if room is None:
        raise Http404
    return room


_ACTIONS: Final[dict[str, Callable[[HttpRequest, str], rooms.Change | None]]] = {
    "undo": _undo,
    "drop": _drop,
    "assign": _assign,
    "assign_typed": _assign_typed,
    "place": _place,
    "add": _add,
    "save": _save,
    "close": _close,
    "open": _open,
    "delete": _delete,
}
