"""The shift handover: what the next shift has to know, on one page that can be printed."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from matching import alerts
from matching.models.choices import WriteKind
from matching.presentation import badges, card_url, order_url, share
from matching.reports import handover as left
from matching.reports import open_orders
from matching.room_numbers import room_key
from pipeline import dashboard, labels
from pipeline.business_date import current_business_date
from pipeline.hotel.stays import SOURCE
from sistema_os.pages.guest_list import ListedGuest, Listing, listing
from sistema_os.pages.rooms import ShownOrder, room_url, shown_orders
from snapshots import history
from snapshots.dashboard import MAX_HELD
from snapshots.models import Snapshot

PERMISSION = "matching.view_matchsuggestion"
# Four printed pages; beyond that, orders are read room by room.
MOST_ORDERS = 100
ONE_DAY = timedelta(days=1)


class _DayForm(forms.Form):
    """A business date within a year of today's; without one, today's."""

    date = forms.DateField(input_formats=["%Y-%m-%d"], required=False)

    def clean_date(self) -> Any:
        day = self.cleaned_data["date"]
        if day and abs(day - current_business_date()) > timedelta(days=366):
            raise forms.ValidationError("out of range")
        return day


@require_GET
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    today = current_business_date()
    form = _DayForm(request.GET)
    misread = not form.is_valid()
    day = form.cleaned_data.get("date") or today
    cards = left.departing_cards(day)
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
        "made_at": timezone.localtime(),
        "is_today": day == today,
        "day_format": _("n/j"),
        "cards": cards,
        "card_rows": [
            (card, card_url(card.pk), badges.band_chip(card.band), share(card.probability)) for card in cards.rows
        ],
    }
    return TemplateResponse(request, "sistema_os/handover.html", context | _parts(request, day, today))


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
class RoomMove:
    """A room with a departure or an arrival on the day, and its open orders."""

    room: str
    url: str
    chip: SafeString
    leaving: str
    arriving: str
    orders: list[ShownOrder]


def _house(found: Listing | None, day: date) -> dict[str, Any]:
    if found is None or found.unreadable:
        return {"listing": found, "moves": [], "counts": None, "cut": 0}
    leaving = [g for g in found.guests if g.departure == day and (g.in_house or g.gone)]
    arriving = [g for g in found.guests if g.arrival == day and not g.called_off]
    counts = {
        "leaving": _rooms_of(leaving),
        "still_here": _rooms_of(g for g in leaving if g.in_house),
        "arriving": _rooms_of(arriving),
        "without_room": len({g.reservation for g in arriving if not g.room}),
    }
    moves, cut = _moves(leaving, arriving)
    return {"listing": found, "counts": counts, "moves": moves, "cut": cut}


def _rooms_of(guests: Iterable[ListedGuest]) -> int:
    return len({room_key(guest.room) for guest in guests if guest.room})


def _moves(leaving: list[ListedGuest], arriving: list[ListedGuest]) -> tuple[list[RoomMove], int]:
    """Rooms with open orders, by number; and MOST_ORDERS if there are more orders than that, else 0."""
    away, coming = _by_room(leaving), _by_room(arriving)
    keys = {key: guests[0].room for key, guests in (away | coming).items()}
    by_stay = {guest.stay: room_key(guest.room) for guest in (*leaving, *arriving)}
    by_room: dict[str, list[open_orders.OpenOrder]] = {}
    found = open_orders.concerning(list(by_stay), keys, MOST_ORDERS + 1)
    for item in found[:MOST_ORDERS]:
        key = item.room if item.room in keys else by_stay.get(item.stay or 0, "")
        by_room.setdefault(key, []).append(item)
    moves = [
        RoomMove(
            keys[key],
            room_url(keys[key]),
            _chip(key in away, key in coming),
            _names(away.get(key, ())),
            _names(coming.get(key, ())),
            shown_orders(by_room[key]),
        )
        for key in sorted(by_room.keys() & keys.keys(), key=lambda key: (len(key), key))
    ]
    return moves, MOST_ORDERS if len(found) > MOST_ORDERS else 0


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


def _chip(leaving: bool, arriving: bool) -> SafeString:
    if leaving and arriving:
        return badges.chip("hold", _("leaves and arrives"))
    return badges.chip("hold", _("leaves")) if leaving else badges.chip("run", _("arrives"))
