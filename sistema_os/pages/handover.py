"""The shift handover: what the next shift has to know, on one page that can be printed."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from matching import alerts
from matching.models import MatchSuggestion
from matching.models.choices import WriteKind
from matching.presentation import badges, card_url, order_url
from matching.reports import handover as left
from matching.reports import open_orders
from matching.room_numbers import room_key
from pipeline import dashboard, labels
from pipeline.business_date import current_business_date
from pipeline.hotel.stays import SOURCE
from pipeline.models import ShiftNote
from sistema_os.masking import without_documents
from sistema_os.pages.guest_list import ListedGuest, Listing, listing
from sistema_os.pages.rooms import ShownOrder, room_url, shown_orders
from snapshots import history
from snapshots.dashboard import MAX_HELD
from snapshots.models import Snapshot

PERMISSION = "matching.view_matchsuggestion"
WRITE = "matching.decide_suggestion"
# Beyond that, orders are read room by room.
MOST_ORDERS = 200
# The tables of one A4 sheet beside everything else have room for so many lines, of so many letters of a request.
LINES = 21
LETTERS_A_LINE = 46
LETTERS_A_NAME = 22
MAX_NOTE = 2_000
ONE_DAY = timedelta(days=1)


class _DayForm(forms.Form):
    """A business date within a year of today's; without one, today's."""

    date = forms.DateField(input_formats=["%Y-%m-%d"], required=False)

    def clean_date(self) -> Any:
        day = self.cleaned_data["date"]
        if day and abs(day - current_business_date()) > timedelta(days=366):
            raise forms.ValidationError("out of range")
        return day


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    today = current_business_date()
    form = _DayForm(request.GET)
    misread = not form.is_valid()
    day = form.cleaned_data.get("date") or today
    if request.method == "POST":
        return _save_note(request, day)
    now = timezone.localtime()
    user: Any = request.user
    context = site.each_context(request) | {
        "title": _("Shift handover"),
        "day": day,
        "misread": misread,
        "days": [
            (word, chosen, f"{reverse('admin:handover')}?date={chosen.isoformat()}")
            for word, chosen in (
                (_("Yesterday"), today - ONE_DAY),
                (_("Today"), today),
                (_("Tomorrow"), today + ONE_DAY),
            )
        ],
        "made_at": now,
        "is_today": day == today,
        "day_format": _("n/j"),
        "shift": _shift(now.hour),
        "next_shift": _shift((now.hour + 8) % 24),
        "giver": user.get_full_name() or user.get_username(),
        **_review(day),
        **_notes(request, day),
    }
    return TemplateResponse(request, "sistema_os/handover.html", context | _parts(request, day, today))


@dataclass(frozen=True)
class Shift:
    name: str | Promise
    hours: str | Promise


_SHIFTS: Final = (
    Shift(_lazy("morning shift"), _lazy("07:00 to 15:00")),
    Shift(_lazy("afternoon shift"), _lazy("15:00 to 23:00")),
    Shift(_lazy("night shift"), _lazy("23:00 to 07:00")),
)


def _shift(hour: int) -> Shift:
    return _SHIFTS[(hour - 7) % 24 // 8]


class _NoteForm(forms.Form):
    text = forms.CharField(max_length=MAX_NOTE, required=False)


def _save_note(request: HttpRequest, day: date) -> HttpResponse:
    """Saves the person's note of that day, an empty one by deleting it; document numbers are masked. The script that
    saves while one types gets the time, a plain form the page."""
    if not request.user.has_perm(WRITE):
        raise PermissionDenied
    form = _NoteForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    user: Any = request.user
    text = without_documents(form.cleaned_data["text"]).strip()
    if text:
        ShiftNote.objects.update_or_create(day=day, user=user, defaults={"text": text})
    else:
        ShiftNote.objects.filter(day=day, user=user).delete()
    if request.headers.get("X-Autosave"):
        return JsonResponse({"at": f"{timezone.localtime():%H:%M}"})
    return HttpResponseRedirect(f"{request.get_full_path()}#notes")


def _notes(request: HttpRequest, day: date) -> dict[str, Any]:
    notes = list(ShiftNote.objects.filter(day=day).select_related("user"))
    return {
        "notes": [note for note in notes if note.user_id != request.user.pk],
        "own_note": next((note for note in notes if note.user_id == request.user.pk), None),
        "may_write": request.user.has_perm(WRITE),
        "longest_note": MAX_NOTE,
    }


def _review(day: date) -> dict[str, Any]:
    """The same orders as in the badge of the menu, and how many of them leave that day."""
    heads = MatchSuggestion.objects.heads()
    return {"to_review": heads.count(), "to_review_leaving": heads.departing(day).count()}


def _parts(request: HttpRequest, day: date, today: date) -> dict[str, Any]:
    """Each part for users who may open its own page."""
    may, parts = request.user.has_perm, _links()
    if may("matching.view_alert"):
        parts |= _alerts()
    if may("snapshots.view_snapshot"):
        found = history.latest(SOURCE) if day >= today else history.last_of(SOURCE, day)
        parts |= _house(listing(found), day)
        parts["held"] = Snapshot.objects.held().select_related("source").order_by("-id")[:MAX_HELD]
    if may("pipeline.view_jobrun"):
        parts["troubles"] = [(trouble, labels.chip(trouble.run)) for trouble in dashboard.troubles(day)]
    return parts


def _links() -> dict[str, Any]:
    """Decisions that the hotel has not confirmed yet, and those that it refused."""
    waiting, back = left.to_confirm(), left.came_back()
    return {
        "waiting": waiting,
        "waiting_rows": [
            (write, order_url(write.order), write.suggestion.stay, write.kind == WriteKind.UNLINK)
            for write in waiting.rows
        ],
        "came_back": back,
        "came_back_rows": [(card, card_url(card.pk)) for card in back.rows],
    }


def _alerts() -> dict[str, Any]:
    found = left.open_alerts()
    rows = [(alert, badges.severity_chip(alert.severity), alerts.sentence(alert)) for alert in found.rows]
    return {"alerts": found, "alert_rows": rows}


@dataclass(frozen=True)
class SheetRow:
    """An open order, and the guest it concerns or may concern; `lines` is how high it is on paper."""

    room: str
    room_url: str
    guest: str
    shown: ShownOrder

    @property
    def lines(self) -> int:
        return max(1, -(-len(self.shown.order.request) // LETTERS_A_LINE), -(-len(self.guest) // LETTERS_A_NAME))


@dataclass(frozen=True)
class SheetPart:
    """`total` counts also the orders that did not fit on the sheet."""

    name: str
    title: str
    hint: str
    rows: list[SheetRow]
    total: int

    @property
    def cut(self) -> bool:
        return len(self.rows) < self.total


def _house(found: Listing | None, day: date) -> dict[str, Any]:
    if found is None or found.unreadable:
        return {"listing": found, "sheet": [], "counts": None, "cut": 0}
    leaving = [g for g in found.guests if g.departure == day and (g.in_house or g.gone)]
    arriving = [g for g in found.guests if g.arrival == day and not g.called_off and g.departure != day]
    staying = [g for g in found.guests if g.in_house and g.departure != day and g.arrival != day]
    counts = {
        "leaving": _rooms_of(leaving),
        "still_here": _rooms_of(g for g in leaving if g.in_house),
        "arriving": _rooms_of(arriving),
        "without_room": len({g.reservation for g in arriving if not g.room}),
    }
    sheet, cut = _sheet(leaving, arriving, staying)
    return {"listing": found, "counts": counts, "sheet": sheet, "cut": cut}


def _rooms_of(guests: Iterable[ListedGuest]) -> int:
    return len({room_key(guest.room) for guest in guests if guest.room})


def _sheet(
    leaving: list[ListedGuest], arriving: list[ListedGuest], staying: list[ListedGuest]
) -> tuple[list[SheetPart], int]:
    """The open orders of who leaves, arrives and stays, by room; those who stay fill what the sheet has left, oldest
    first. And MOST_ORDERS if there are more orders than that, else 0."""
    groups = (leaving, arriving, staying)
    by_stay = {guest.stay: (place, guest) for place, group in enumerate(groups) for guest in group}
    by_room: dict[str, tuple[int, list[ListedGuest]]] = {}
    for place, group in enumerate(groups):
        for key, guests in _by_room(group).items():
            by_room.setdefault(key, (place, guests))
    found = open_orders.concerning(list(by_stay), by_room, MOST_ORDERS + 1)
    rows: tuple[list[SheetRow], ...] = ([], [], [])
    for item, shown in zip(found, shown_orders(found), strict=True):
        if item.stay in by_stay:
            place, guest = by_stay[item.stay]
            room, name = guest.room, str(guest.name)
        elif item.room in by_room:
            place, guests = by_room[item.room]
            room, name = guests[0].room, _names(guests)
        else:
            continue
        rows[place].append(SheetRow(room, room_url(room) if room else "", name, shown))
    for part in rows[:2]:
        part.sort(key=lambda row: (len(room_key(row.room)), room_key(row.room)))
    left_over = LINES - sum(row.lines for part in rows[:2] for row in part)
    kept: list[SheetRow] = []
    for row in rows[2]:
        left_over -= row.lines
        if left_over < 0:
            break
        kept.append(row)
    texts = (
        ("leave", _("Leaving, with an open order"), _("to settle before the check-out")),
        ("arrive", _("Arriving, with an open order"), _("to settle before the check-in")),
        ("stay", _("Staying, with an open order"), _("the oldest; the others on the page of each room")),
    )
    shown_rows = (rows[0], rows[1], kept)
    parts = [SheetPart(*text, here, len(all_)) for text, here, all_ in zip(texts, shown_rows, rows, strict=True)]
    return parts, MOST_ORDERS if len(found) > MOST_ORDERS else 0


def _by_room(guests: Iterable[ListedGuest]) -> dict[str, list[ListedGuest]]:
    found: dict[str, list[ListedGuest]] = {}
    for guest in guests:
        if guest.room:
            found.setdefault(room_key(guest.room), []).append(guest)
    return found


def _names(guests: Collection[ListedGuest]) -> str:
    """The main guests, each once; without one, all."""
    main = [guest for guest in guests if guest.main] or guests
    return ", ".join(Counter(str(guest.name) for guest in main))
