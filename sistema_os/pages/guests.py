"""The page of one guest on one reservation: stay and rooms, orders, companions, suggestions and decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from matching.hotel_rows import stay_fields
from matching.models import Stay
from matching.models.choices import State, StayStatus, Verb
from matching.presentation import badges, card_url, order_url, share, short_name
from matching.reports import OpenOrder, open_orders, stay_events
from matching.reports.stay_events import StayEvent
from pipeline.business_date import current_business_date
from pipeline.hotel import stays
from sistema_os.masking import masked_document
from sistema_os.pages import stay_lines
from sistema_os.pages.guest_list import STATUS_CHIPS, WORDS
from sistema_os.pages.order_rows import order_rows
from snapshots import hidden_persons, history

PERMISSION = "snapshots.view_snapshot"
SEES_ORDERS = "matching.view_matchsuggestion"
MOST_COMPANIONS = 12
MOST_ORDERS = 100


@require_GET
def page(request: HttpRequest, site: AdminSite, stay: int) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    guest = _read(stay, see_hidden=hidden_persons.may_see(request.user))
    today, at_hotel = current_business_date(), guest.stay
    listed = history.latest(stays.SOURCE)
    context = site.each_context(request) | {
        # Titles are kept in the browser's history: no name.
        "title": _("Guest"),
        "guest": guest,
        "stay": at_hotel,
        "chips": _chips(guest, today),
        "companions": _companions(at_hotel),
        "today": today,
        "leaves": at_hotel.departure == today,
        "day_format": _("n/j"),
        "now": {"snapshot": listed} if listed else None,
        "stale": listed is not None and listed.business_date < today,
    }
    opened, closed = [], []
    if request.user.has_perm(SEES_ORDERS):
        opened = open_orders.concerning([at_hotel.pk], [], MOST_ORDERS)
        closed = open_orders.closed_concerning([at_hotel.pk], [], MOST_ORDERS)
        context |= {
            "opened": order_rows(opened, request.user),
            "closed": order_rows(closed, request.user),
            "events": [_event(event, today) for event in stay_events.of_stay(at_hotel.pk)],
        }
    context |= _drawing(guest, [*opened, *closed], today)
    return TemplateResponse(request, "sistema_os/guest.html", context)


@dataclass(frozen=True)
class Guest:
    """`stay`: the row of the guest list in force, or our copy of a guest who is no longer in it. `document` is masked,
    and empty for a hidden guest unless the viewer may see them."""

    stay: Stay
    name: str | Promise
    document: str
    listed: bool

    @property
    def role(self) -> str | Promise:
        return _lazy("main guest") if self.stay.main_guest else _lazy("companion")

    def rooms(self) -> list[tuple[str, date, date]]:
        """The rooms over time, oldest first; empty where no room is assigned yet."""
        stay = self.stay
        spans = [
            (str(span.get("uh") or ""), _day(span.get("de")) or stay.arrival, _day(span.get("ate")) or stay.departure)
            for span in stay.occupancies
        ]
        return spans or ([(stay.room, stay.arrival, stay.departure)] if stay.room else [])


def _read(key: int, *, see_hidden: bool) -> Guest:
    """404 for an unknown guest and, unless the viewer may see them, for a hidden one: both look the same."""
    row = history.current_row(stays.SOURCE, str(key))
    copy = Stay.objects.filter(pk=key).first()
    if row is not None:
        stay = Stay(pk=key, **stay_fields(stays.for_matching(row)))
        stay.occupancies = copy.occupancies if copy else []
    elif copy is not None:
        stay = copy
    else:
        raise Http404
    hidden = stay.hidden or (copy is not None and copy.hidden)
    if hidden and not see_hidden:
        raise Http404
    name = stays.name_of(row) if hidden and row is not None else stay.name
    final = str(row[stays.DOCUMENT_END] or "")[-2:] if row is not None else stay.doc_final
    return Guest(stay, name or _lazy("guest without a name"), masked_document(final), row is not None)


def _chips(guest: Guest, today: date) -> list[SafeString]:
    stay = guest.stay
    chips = [badges.chip(STATUS_CHIPS.get(stay.status, "off"), WORDS.get(stay.status, stay.status.replace("_", " ")))]
    if stay.status == StayStatus.IN_HOUSE and stay.departure == today:
        chips.append(badges.chip("hold", _("leaves today")))
    elif stay.arrival == today and stay.status in (StayStatus.CONFIRMED, StayStatus.UNCONFIRMED):
        chips.append(badges.chip("hold", _("arrives today")))
    if not guest.listed and stay.status in stays.LIVE_STATUSES:
        chips.append(badges.chip("warn", _("not on the guest list in force")))
    if stay.hidden:
        chips.append(badges.chip("off", _("hidden guest")))
    return chips


@dataclass(frozen=True)
class Companion:
    name: str
    url: str
    room: str


def _companions(stay: Stay) -> list[Companion]:
    """The other people of the reservation, the main guest first. Hidden ones have no name and no link."""
    if stay.reservation_id is None:
        return []
    fields = ("listed_name", "registered_name", "social_name", "hidden", "room")
    hidden_last = Case(When(hidden=True, then=Value(1)), default=Value(0))
    people = Stay.objects.filter(reservation_id=stay.reservation_id, removed=False).exclude(pk=stay.pk).only(*fields)
    return [
        Companion(
            person.name or str(_("guest without a name")), "" if person.hidden else guest_url(person.pk), person.room
        )
        for person in people.order_by(hidden_last, "-main_guest", "pk")[:MOST_COMPANIONS]
    ]


def guest_url(stay: int) -> str:
    return reverse("admin:guest", args=[stay])


@dataclass(frozen=True)
class ShownEvent:
    what: str | Promise
    order: str
    url: str
    detail: str
    when: str
    who: str


_VERBS = {
    Verb.ACCEPT: pgettext_lazy("event", "Accepted"),
    Verb.REJECT: pgettext_lazy("event", "Rejected"),
    Verb.NO_GUEST: pgettext_lazy("event", "No guest"),
    Verb.UNDO: pgettext_lazy("event", "Undone"),
}


def _event(event: StayEvent, today: date) -> ShownEvent:
    decision, suggestion = event.decision, event.suggestion
    at = timezone.localtime(event.at)
    day = _("today") if at.date() == today else date_format(at, _("n/j"))
    return ShownEvent(
        what=_VERBS[Verb(decision.verb)] if decision else pgettext("event", "Suggested"),
        order=suggestion.order.number,
        url=card_url(suggestion.pk)
        if suggestion.state in (State.PENDING, State.ACCEPTED)
        else order_url(suggestion.order),
        detail=event.reason if decision else share(suggestion.probability),
        when=f"{day}, {date_format(at, 'H:i')}",
        who=short_name(decision.user) if decision else "",
    )


def _drawing(guest: Guest, orders: Sequence[OpenOrder], today: date) -> dict[str, Any]:
    stay, rooms = guest.stay, guest.rooms()
    moments = [timezone.localtime(item.order.opened_at) for item in orders]
    first = min([stay.arrival, *(moment.date() for moment in moments)])
    last = max([stay.departure, *(moment.date() for moment in moments)])
    # Orders long before or after the stay stay in the tables: the drawing is of the stay.
    if (stay.arrival - first).days > stay_lines.MOST_BESIDE or (last - stay.departure).days > stay_lines.MOST_BESIDE:
        first, last = stay.arrival, stay.departure
    bars = [
        stay_lines.Occupancy(_nights(room, since, until), since, until, _kind(stay, place == len(rooms) - 1))
        for place, (room, since, until) in enumerate(rooms)
    ]
    marks = [
        stay_lines.OpenedOrder(item.order.number, moment, item.order.closed)
        for item, moment in zip(orders, moments, strict=True)
    ]
    return {
        "line": stay_lines.draw(first, last, today, bars, marks),
        "line_label": _("Stay from %(from)s to %(to)s.")
        % {
            "from": date_format(stay.arrival, "SHORT_DATE_FORMAT"),
            "to": date_format(stay.departure, "SHORT_DATE_FORMAT"),
        },
        "pieces": [
            (room, since, until, list(_opened_in(orders, moments, since, until))) for room, since, until in rooms
        ],
    }


def _opened_in(orders: Sequence[OpenOrder], moments: Sequence[Any], since: date, until: date) -> Iterable[OpenOrder]:
    return (item for item, at in zip(orders, moments, strict=True) if since <= at.date() < max(until, since))


def _nights(room: str, since: date, until: date) -> str:
    nights = (until - since).days
    return ngettext("Room %(room)s, %(count)s night", "Room %(room)s, %(count)s nights", nights) % {
        "room": room,
        "count": nights,
    }


def _kind(stay: Stay, last: bool) -> stay_lines.BarKind:
    if stay.status in (StayStatus.CONFIRMED, StayStatus.UNCONFIRMED):
        return "s-c"
    return "s-a" if last and stay.status == StayStatus.IN_HOUSE else "s-b"


def _day(value: Any) -> date | None:
    return parse_date(str(value)[:10]) if value else None
