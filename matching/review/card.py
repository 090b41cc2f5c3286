"""The context of the review card, in a bounded number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Q, When
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _p

from matching.hotel_rows import differing
from matching.models import Decision, MatchSuggestion, Stay
from matching.models.choices import Band, State, StayStatus, Verb
from matching.presentation import badges, card_charts, explanation
from matching.presentation.labels import (
    NEAR,
    Agreement,
    agreement,
    comparison_words,
    department_words,
    share,
    short_name,
    shown_values,
)
from sistema_os.masking import masked_document

# People and suggestions that are read at most: a reservation may be a whole congress.
MAX_NEARBY = 200
MAX_PEOPLE = 6
MAX_DECISIONS = 4
Pieces = Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class Row:
    """One comparison: the values with their differing letters, the agreement, the bits and the bar."""

    field: str
    order: Pieces
    guest: Pieces
    agreement: Agreement
    bits: str
    bar: card_charts.Bar


def context(suggestion: MatchSuggestion) -> dict[str, Any]:
    """`suggestion` with order, stay and decision__user selected and `with_unconfirmed`."""
    order, stay = suggestion.order, suggestion.stay
    family = _family(stay)
    near = _decided_near(suggestion, family)
    drawn = card_charts.waterfall([float(r["weight_bits"]) for r in suggestion.reasons])
    bits = sum(float(r["weight_bits"]) for r in suggestion.reasons)
    return {
        "suggestion": suggestion,
        "order": order,
        "stay": stay,
        "department": department_words(order.department),
        "day_format": _("m/d"),
        "share": share(suggestion.probability),
        "band_chip": badges.band_chip(suggestion.band),
        "state_chip": badges.state_chip(suggestion.state),
        "departs_today": stay is not None and stay.departure == timezone.localdate(),
        "rows": [_row(r, bar) for r, bar in zip(suggestion.reasons, drawn.bars, strict=True)],
        "waterfall": drawn,
        "bits": signed(bits),
        "why": explanation.why(suggestion.reasons, _place(suggestion), likely=suggestion.band != Band.WEAK),
        "alternatives": _alternatives(suggestion),
        "rooms": _rooms(suggestion),
        "nearby": near[:MAX_DECISIONS],
        "people": family[:MAX_PEOPLE],
        "document": masked_document(stay.doc_final) if stay else "",
        "came_back": _came_back(suggestion, near),
        "unconfirmed": getattr(suggestion, "unconfirmed", False),
    }


def signed(bits: float) -> str:
    """With its sign, in the language of the page: +6,4 or −2,8."""
    return ("−" if round(bits, 1) < 0 else "+") + number_format(abs(round(bits, 1)), 1)


def _row(reason: Mapping[str, Any], bar: card_charts.Bar) -> Row:
    found = agreement(reason)
    order, guest = shown_values(reason)
    pieces: tuple[Pieces, Pieces] = ([(order, False)], [(guest, False)])
    if found.sign == NEAR.sign and order and guest:
        pieces = card_charts.differing_letters(order, guest)
    field = comparison_words(reason["comparison"])
    return Row(field, pieces[0] if order else [], pieces[1] if guest else [], found, signed(reason["weight_bits"]), bar)


def _place(suggestion: MatchSuggestion) -> str:
    """Where the guest was; empty where the order names no room, or another one."""
    named = [r["order_value"] for r in suggestion.reasons if (r["comparison"], r["level"]) == ("room", "same")]
    if suggestion.stay is None or not named:
        return ""
    opened = timezone.localtime(suggestion.order.opened_at).date()
    return room_clause(str(named[0]), suggestion.stay, opened, timezone.localdate())


@dataclass(frozen=True)
class Alternative:
    """A candidate of the same order; `key` is its keyboard shortcut."""

    key: str
    suggestion: MatchSuggestion
    here: bool
    open: bool
    chip: SafeString
    share: str


def _alternatives(suggestion: MatchSuggestion) -> dict[str, Any]:
    """Up to three guests and "no guest", by probability, with the gap to the second."""
    shown = Q(state=State.PENDING) | Q(pk=suggestion.pk) | Q(decision=suggestion.decision_id, decision__isnull=False)
    found = list(suggestion.order.suggestions.filter(shown).select_related("stay").order_by("rank", "pk"))
    guests = [s for s in found if s.stay_id is not None]
    keys = {s.pk: str(i) for i, s in enumerate(guests[:3], start=1)}
    shares = sorted((s.probability for s in found), reverse=True)
    return {
        "list": [
            Alternative(
                "N" if s.stay_id is None else keys.get(s.pk, ""),
                s,
                s.pk == suggestion.pk,
                s.state == State.PENDING,
                badges.state_chip(s.state),
                share(s.probability),
            )
            for s in found
        ],
        "gap": number_format(round(shares[0] - shares[1], 2), 2) if len(shares) > 1 else "",
        "no_guest_offered": len(guests) < len(found),
    }


def _rooms(suggestion: MatchSuggestion) -> dict[str, Any] | None:
    """The guest's room when the order was opened, and now."""
    stay = suggestion.stay
    if stay is None:
        return None
    opened = timezone.localtime(suggestion.order.opened_at).date()
    spans = [
        (str(o.get("uh") or ""), _day(o.get("de"), stay.arrival), _day(o.get("ate"), stay.departure))
        for o in stay.occupancies
    ]
    then, now = " / ".join(stay.rooms_on(opened)) or "—", stay.room or "—"
    days = {"from": stay.arrival, "to": stay.departure, "day": opened}
    words = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()} | {"then": then, "now": now}
    return {
        "then": then,
        "now": now,
        "line": card_charts.stay_line(stay.arrival, stay.departure, spans, opened),
        "label": _("Stay from %(from)s to %(to)s; order opened on %(day)s; room then %(then)s, now %(now)s.") % words,
    }


def _day(value: Any, default: date) -> date:
    return (parse_date(str(value)[:10]) if value else None) or default


def _decided_near(suggestion: MatchSuggestion, family: Sequence[Stay]) -> list[Decision]:
    """Decisions on this order and on the people of this reservation, the last first."""
    of_order = Q(order=suggestion.order_id)
    near = of_order
    if suggestion.stay is not None and suggestion.stay.reservation_id is not None:
        near |= Q(stay__in=[stay.pk for stay in family])
    # By primary key: with a join, PostgreSQL would read every decision to find four.
    own_first = Case(When(of_order, then=0), default=1)
    close = MatchSuggestion.objects.filter(near).order_by(own_first, "-updated_at").values("pk")[:MAX_NEARBY]
    found = Decision.objects.filter(suggestion__in=close)
    return list(found.select_related("user", "suggestion__order", "suggestion__stay", "undone_by").order_by("-pk"))


def _family(stay: Stay | None) -> list[Stay]:
    """The people of the reservation, the main guest first."""
    if stay is None or stay.reservation_id is None:
        return [stay] if stay else []
    people = Stay.objects.filter(reservation_id=stay.reservation_id).defer("fingerprint", "occupancies", "search")
    return list(people.order_by("-main_guest", "pk")[:MAX_NEARBY])


def _came_back(suggestion: MatchSuggestion, near: Sequence[Decision]) -> str:
    """What has changed since a person rejected this pair; empty if nobody did."""
    if suggestion.state != State.PENDING:
        return ""
    pair = (suggestion.order_id, suggestion.stay_id)
    rejections = (
        decision
        for decision in near
        if decision.verb == Verb.REJECT
        and (decision.suggestion.order_id, decision.suggestion.stay_id) == pair
        and getattr(decision, "undone_by", None) is None
    )
    last = next(rejections, None)
    if last is None:
        return ""
    stay = suggestion.stay.fingerprint if suggestion.stay else {}
    changed = differing(last.order_fingerprint, suggestion.order.fingerprint) + differing(last.stay_fingerprint, stay)
    return _("%(who)s rejected this pair on %(day)s. Since then this changed: %(fields)s.") % {
        "who": short_name(last.user),
        "day": date_format(timezone.localtime(last.at), "SHORT_DATE_FORMAT"),
        "fields": ", ".join(comparison_words(name) for name in changed) or "—",
    }


def room_clause(room: str, stay: Stay, opened: date, today: date) -> str:
    """A clause about the room that the order names; empty if the guest did not have it when the order was opened."""
    if room not in stay.rooms_on(opened):
        return ""
    words = {"room": room}
    if opened < stay.arrival:
        return _("the order says %(room)s, the room kept for this guest") % words
    if opened == stay.arrival:
        return _("the order says %(room)s, the room of this guest, who arrived that day") % words
    if opened > stay.departure:
        return _("the order says %(room)s, the room that was this guest's") % words
    if room != stay.room or stay.status != StayStatus.IN_HOUSE or today > stay.departure:
        return _("the order says %(room)s, and the guest was in %(room)s when it was opened") % words
    words["since"] = day_words(_since(stay, room), today)
    return _("the order says %(room)s, and the guest has been in %(room)s since %(since)s") % words


def _since(stay: Stay, room: str) -> date:
    """The day on which the guest moved into the current room."""
    for span in reversed(stay.occupancies):
        if str(span.get("uh") or "") == room and span.get("de"):
            return date.fromisoformat(str(span["de"])[:10])
    return stay.arrival


_WEEKDAYS = (
    _p("since", "Monday"),
    _p("since", "Tuesday"),
    _p("since", "Wednesday"),
    _p("since", "Thursday"),
    _p("since", "Friday"),
    _p("since", "Saturday"),
    _p("since", "Sunday"),
)


def day_words(day: date, today: date) -> str:
    """The weekday of a day in the last week, otherwise the date."""
    if day == today:
        return _("today")
    if day == today - timedelta(days=1):
        return _("yesterday")
    if timedelta(0) < today - day < timedelta(days=7):
        return str(_WEEKDAYS[day.weekday()])
    return date_format(day, _("m/d"))
