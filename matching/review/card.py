"""The context of the review card, in a bounded number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Q, When
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _p

from matching.core import UNANSWERED_BELOW
from matching.hotel_rows import differing
from matching.models import Decision, MatchSuggestion, Stay
from matching.models.choices import MANUAL, Band, State, StayStatus, Verb
from matching.presentation import badges, card_charts, explanation
from matching.presentation.labels import comparison_words, department_words, share, short_name
from matching.review.evidence import evidence, facts, request_of, unread_words
from matching.review.guest_choice import GuestChoice
from sistema_os.masking import masked_document

# People and suggestions that are read at most: a reservation may be a whole congress.
MAX_NEARBY = 200
MAX_DECISIONS = 4


def context(suggestion: MatchSuggestion, choice: GuestChoice) -> dict[str, Any]:
    """`suggestion` with order, stay and decision__user selected and `with_unconfirmed`."""
    order, stay = suggestion.order, suggestion.stay
    family = _family(stay)
    near = _decided_near(suggestion, family)
    alternatives = _alternatives(suggestion)
    guests = [other for other in alternatives["list"] if other.suggestion.stay_id is not None]
    choice.candidates = [other.suggestion.stay for other in guests]
    unread = unread_words(suggestion)
    unanswered = _is_unanswered(suggestion, guests)
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
        "by_hand": suggestion.model_version == MANUAL,
        "request_text": request_of(suggestion),
        "evidence": evidence(suggestion, _rival(suggestion, guests)),
        "likely": _LIKELY[suggestion.band],
        "why": explanation.why(suggestion.reasons, _place(suggestion), likely=suggestion.band != Band.WEAK),
        "alternatives": alternatives,
        "candidates": len(guests),
        "unanswered": unanswered,
        "unread": next(iter(unread.values()), ""),
        "facts": facts(suggestion) if unanswered else (),
        "rooms": _rooms(suggestion),
        "nearby": near[:MAX_DECISIONS],
        "mates": choice.mates(family, [other.suggestion.stay_id for other in guests]),
        "document": masked_document(stay.doc_final) if stay else "",
        "came_back": _came_back(suggestion, near),
        "unconfirmed": getattr(suggestion, "unconfirmed", False),
    }


_LIKELY = {
    Band.STRONG: _p("likelihood", "almost certain"),
    Band.DOUBT: _p("likelihood", "likely"),
    Band.WEAK: _p("likelihood", "unlikely"),
}


def _is_unanswered(suggestion: MatchSuggestion, guests: Sequence["Alternative"]) -> bool:
    """Nobody was found, and "no guest" is no answer either."""
    if suggestion.state != State.PENDING or suggestion.stay_id is not None or guests:
        return False
    return float(suggestion.probability) < UNANSWERED_BELOW


def _rival(suggestion: MatchSuggestion, guests: Sequence["Alternative"]) -> str:
    others = [other.suggestion for other in guests if other.suggestion.pk != suggestion.pk]
    best = max(others, key=lambda other: other.probability, default=None)
    return best.stay.name if best is not None and best.stay is not None else ""


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


@dataclass(frozen=True)
class Rooms:
    """The guest's room when the order was opened, and the drawing of the stay. `where` says both in words, `label`
    the whole stay."""

    where: str
    line: card_charts.StayLine | None
    label: str


def _rooms(suggestion: MatchSuggestion) -> Rooms | None:
    stay = suggestion.stay
    if stay is None:
        return None
    moment = timezone.localtime(suggestion.order.opened_at)
    opened, today = moment.date(), timezone.localdate()
    spans = [
        (str(o.get("uh") or ""), _day(o.get("de"), stay.arrival), _day(o.get("ate"), stay.departure))
        for o in stay.occupancies
    ] or [(stay.room, stay.arrival, stay.departure)]
    at = date_format(moment, _("m/d H:i"))
    return Rooms(
        where=_where(stay, opened),
        line=card_charts.stay_line(stay.arrival, stay.departure, spans, opened),
        label=" ".join((_rooms_sentence(spans, stay, today), _("The order was opened on %(day)s.") % {"day": at})),
    )


def _where(stay: Stay, opened: date) -> str:
    """Where the guest was when the order was opened: never a room before the arrival or after the departure."""
    if opened < stay.arrival:
        return _("had not arrived yet when the order was opened")
    if opened > stay.departure:
        return _("had already left when the order was opened")
    words = {"then": " / ".join(stay.rooms_on(opened)) or "—", "now": stay.room}
    if stay.room and stay.room != words["then"]:
        return _("was in room %(then)s when the order was opened, now in %(now)s") % words
    return _("was in room %(then)s when the order was opened") % words


def _rooms_sentence(spans: Sequence[tuple[str, date, date]], stay: Stay, today: date) -> str:
    pieces = [
        _("room %(room)s from %(from)s to %(to)s")
        % {"room": room or "—", "from": date_format(since, _("m/d")), "to": date_format(until, _("m/d"))}
        for room, since, until in spans
    ]
    leaves = (
        _("leaves today")
        if stay.departure == today
        else _("until %(day)s") % {"day": date_format(stay.departure, _("m/d"))}
    )
    return f"{capfirst(', '.join(pieces))}; {leaves}."


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
