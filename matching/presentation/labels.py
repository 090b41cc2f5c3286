"""Labels for the engine's codes, for probabilities, departments and people.

An agreement has a sign and a word, so that colour is never the only cue. A code without a label is shown as it is, with
the sign of its weight: the reasons of a new model can be shown, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy as _p

from matching.models import Decision, MatchSuggestion
from matching.models.choices import Band, Department

Words = str | Promise
# Where a count stands beside a name on every page, it ends here: counting a queue of 50,000 takes longer than the page.
MOST_COUNTED = 1_000


@dataclass(frozen=True)
class Agreement:
    """`css` is a class of os.css."""

    sign: str
    word: Words
    css: str


SAME = Agreement("=", _p("agreement", "same"), "a-ok")
NEAR = Agreement("≈", _p("agreement", "similar"), "a-near")
DIFFERENT = Agreement("≠", _p("agreement", "differs"), "a-no")
MISSING = Agreement("·", _p("agreement", "missing"), "a-none")

FIELDS: dict[str, Words] = {
    "presence": _p("field", "when"),
    "name": _p("field", "name"),
    "suffix": _p("field", "suffix"),
    "sex": _p("field", "form of address"),
    "room": _p("field", "room"),
    "phone": _p("field", "phone"),
    "document": _p("field", "document"),
    "email": _p("field", "e-mail"),
    "titular": _p("field", "main guest"),
    "booking": _p("field", "reservation"),
    "label": _p("field", "group"),
    "day": _p("field", "day named"),
    "same_stay": _p("field", "same room"),
    "whole_name": _p("field", "whole name"),
    "company": _p("field", "company"),
    "nobody": _p("field", "no guest"),
    # What the engine reads beside name and room.
    "prior": _p("field", "starting point"),
    "competition": _p("field", "other candidates"),
    "date": _p("field", "date of the order"),
    "relation": _p("field", "relation"),
    "country": _p("field", "country"),
    "channel": _p("field", "channel"),
    "room_type": _p("field", "room type"),
    "note": _p("field", "notes of the reservation"),
    "plate": _p("field", "car plate"),
    "stay_day": _p("field", "day of arrival or departure"),
    "floor": _p("field", "floor"),
    "block": _p("field", "block"),
    "described": _p("field", "person described"),
    "denied": _p("field", "name taken back"),
    # A guest who is missing from the last listing, which no second one has confirmed yet.
    "listing": _p("field", "guest list"),
    # Fields of fingerprints, for "what changed since".
    "request": _p("field", "request"),
    "guest_text": _p("field", "guest as typed"),
    "requester_text": _p("field", "requester"),
    "phone_text": _p("field", "phone as typed"),
    "room_text": _p("field", "room as typed"),
    "listed_name": _p("field", "name on the list"),
    "registered_name": _p("field", "registered name"),
    "social_name": _p("field", "social name"),
    "guest": _p("field", "guest"),
    "arrival": _p("field", "arrival"),
    "opened_at": _p("field", "opening"),
}


def _near(word: Words) -> Agreement:
    return Agreement(NEAR.sign, word, NEAR.css)


def _same(word: Words) -> Agreement:
    return Agreement(SAME.sign, word, SAME.css)


def _different(word: Words) -> Agreement:
    return Agreement(DIFFERENT.sign, word, DIFFERENT.css)


def _neutral(word: Words) -> Agreement:
    return Agreement(MISSING.sign, word, MISSING.css)


LEVELS: dict[tuple[str, str], Agreement] = {
    ("listing", "missing"): _different(_p("agreement", "missing from the last list")),
    ("presence", "in_house"): _same(_p("agreement", "in house")),
    ("presence", "arrived"): _same(_p("agreement", "just arrived")),
    ("presence", "expected"): _near(_p("agreement", "expected")),
    ("presence", "arriving"): _same(_p("agreement", "arriving")),
    ("presence", "leaving"): _same(_p("agreement", "leaving")),
    ("presence", "left"): _different(_p("agreement", "had left")),
    ("presence", "left_long"): _different(_p("agreement", "left long ago")),
    ("presence", "coming"): _near(_p("agreement", "still to come")),
    ("presence", "coming_later"): _near(_p("agreement", "comes later")),
    ("name", "exact"): SAME,
    ("name", "phonetic"): _near(_p("agreement", "same sound")),
    ("name", "nickname"): _near(_p("agreement", "nickname")),
    ("name", "alias"): _near(_p("agreement", "nickname learned here")),
    ("name", "prefix"): _near(_p("agreement", "same beginning")),
    ("name", "initial"): _near(_p("agreement", "initial")),
    ("name", "distant"): _near(_p("agreement", "resembles")),
    ("name", "register_slip"): _near(_p("agreement", "slip of the pen")),
    ("name", "family"): _near(_p("agreement", "family name")),
    ("name", "unnamed"): _neutral(_p("agreement", "companion without a name")),
    ("name", "not_listed"): _different(_p("agreement", "not on the list")),
    ("name", "none"): DIFFERENT,
    ("room", "earlier"): _near(_p("agreement", "room before the move")),
    ("room", "later"): _near(_p("agreement", "room after the move")),
    ("room", "swapped"): _near(_p("agreement", "digits swapped")),
    ("room", "one_digit_off"): _near(_p("agreement", "one digit off")),
    ("room", "free_on_arrival"): _near(_p("agreement", "no room yet, and this one is free")),
    ("room", "unassigned"): _neutral(_p("agreement", "no room yet")),
    ("phone", "of_booking"): _near(_p("agreement", "telephone of the booking")),
    ("phone", "last_eight"): _near(_p("agreement", "same ending")),
    ("document", "ending"): _near(_p("agreement", "same ending")),
    ("day", "arrival"): _same(_p("agreement", "arrival day")),
    ("day", "departure"): _same(_p("agreement", "departure day")),
    ("titular", "titular"): _neutral(_p("agreement", "main guest")),
    ("titular", "companion"): _neutral(_p("agreement", "companion")),
    ("whole_name", "complete"): _same(_p("agreement", "complete")),
    ("whole_name", "partial"): _neutral(_p("agreement", "in part")),
    ("company", "named_too"): _same(_p("agreement", "another guest of the room named too")),
    ("same_stay", "any_guest"): _same(_p("agreement", "any guest of the room")),
    ("nobody", "prior"): _neutral(_p("agreement", "starting point")),
    ("nobody", "preventive"): _same(_p("agreement", "preventive")),
    ("nobody", "common_area"): _same(_p("agreement", "common area")),
    ("nobody", "place"): _same(_p("agreement", "a place, not a room")),
    ("nobody", "third_party"): _same(_p("agreement", "third party")),
    ("nobody", "staff"): _same(_p("agreement", "staff")),
    ("nobody", "staff_named"): _same(_p("agreement", "staff by name")),
    ("nobody", "asked_by_staff"): _same(_p("agreement", "asked by staff")),
    ("nobody", "no_mention"): _same(_p("agreement", "names nobody")),
    ("nobody", "third_party_mentioned"): _same(_p("agreement", "third party mentioned")),
    ("nobody", "somebody_else"): _same(_p("agreement", "may be somebody who is not on this list")),
    ("nobody", "contact"): _different(_p("agreement", "has a guest's contact")),
    ("nobody", "named_with_room"): _different(_p("agreement", "names somebody and a room")),
    # Rooms by the directory, relations, attributes, and what closes the sum.
    ("prior", "guest"): _neutral(_p("agreement", "any guest in house")),
    ("competition", "others"): _neutral(_p("agreement", "share left by the other candidates")),
    ("date", "created_at"): _neutral(_p("agreement", "opening date unreadable: date of the record")),
    ("date", "business_date"): _neutral(_p("agreement", "opening date unreadable: business date")),
    ("room", "same_number"): _near(_p("agreement", "number exists in several blocks")),
    ("room", "resembles"): _near(_p("agreement", "resembles the room's name")),
    ("room", "other_block"): _different(_p("agreement", "same number, other block or bed")),
    ("room", "denied"): _different(_p("agreement", "room the order rules out")),
    ("room", "earlier_said"): _near(_p("agreement", "earlier room, and the order says so")),
    ("room", "later_said"): _near(_p("agreement", "later room, and the order says so")),
    ("room", "same_now"): _near(_p("agreement", "in the room now, and the order means another time")),
    ("room", "mentioned"): _near(_p("agreement", "room mentioned in passing")),
    ("room", "unread"): _neutral(_p("agreement", "room not recognized")),
    ("name", "heard"): _near(_p("agreement", "written as heard")),
    ("name", "unmatched"): _neutral(_p("agreement", "name not recognized")),
    ("presence", "just_left"): _different(_p("agreement", "has just left")),
    ("presence", "still_in"): _same(_p("agreement", "leaves that day, not gone yet")),
    ("presence", "not_yet"): _near(_p("agreement", "not in yet at that hour")),
    ("relation", "of_named"): _same(_p("agreement", "together with the guest named")),
    ("relation", "of_named_child"): _same(_p("agreement", "child of the guest named")),
    ("relation", "named_self"): _neutral(_p("agreement", "is the guest named, and somebody else is meant")),
    ("relation", "named_parent"): _neutral(_p("agreement", "is the guest named, whose child is meant")),
    ("relation", "fits"): _same(_p("agreement", "fits the relation")),
    ("relation", "other"): _different(_p("agreement", "does not fit the relation")),
    ("denied", "name"): _different(_p("agreement", "name the order rules out")),
    ("nobody", "vacant"): _same(_p("agreement", "vacant room")),
    ("nobody", "staff_only"): _same(_p("agreement", "staff matters")),
    ("nobody", "near_room"): _same(_p("agreement", "a place beside a room")),
    ("nobody", "round"): _same(_p("agreement", "night watch's round")),
    ("nobody", "roster"): _same(_p("agreement", "staff roster")),
    ("nobody", "event"): _same(_p("agreement", "an event's rooms and things")),
    ("nobody", "not_guest"): _same(_p("agreement", "somebody who is no guest")),
    ("nobody", "guest_in_common_area"): _same(_p("agreement", "common area, with a guest named")),
    ("nobody", "guest"): _different(_p("agreement", "speaks of a guest")),
}
ANY_FIELD = {
    "same": SAME,
    "exact": SAME,
    "fuzzy": NEAR,
    "absent": MISSING,
    "missing": MISSING,
    "different": DIFFERENT,
}


def comparison_words(code: str) -> str:
    return str(FIELDS.get(code, code.replace("_", " ")))


def agreement(reason: Mapping[str, Any]) -> Agreement:
    field, level = str(reason["comparison"]), str(reason["level"])
    known = LEVELS.get((field, level)) or ANY_FIELD.get(level)
    if known is not None:
        return known
    weight = float(reason["weight_bits"])
    return DIFFERENT if weight < 0 else NEAR if weight > 0 else MISSING


def shown_values(reason: Mapping[str, Any]) -> tuple[str, str]:
    """The values of the order and of the guest as people write them; empty for a field without a value."""
    values = str(reason["order_value"] or ""), str(reason["guest_value"] or "")
    if reason["comparison"] == "sex":
        return (_ADDRESS.get(values[0], values[0]), _ADDRESS.get(values[1], values[1]))
    if reason["comparison"] == "suffix":
        return values[0].title(), values[1].title()
    return values


_ADDRESS = {"M": "Sr.", "F": "Sra."}


CERTAIN, FAINT = 0.995, 0.005


def share(probability: Any) -> str:
    """Two decimal places, never rounded into another band or to certainty: 0,87, 0,49, > 0,99, < 0,01."""
    if probability >= CERTAIN:
        return f"> {number_format(0.99, 2)}"
    if probability < FAINT:
        return f"< {number_format(0.01, 2)}"
    exact = Decimal(str(probability))
    rounded = exact.quantize(_CENT, ROUND_HALF_UP)
    same_band = Band.of(float(rounded)) == Band.of(float(exact))
    return number_format(rounded if same_band else exact.quantize(_CENT, ROUND_DOWN), 2)


_CENT = Decimal("0.01")


def department_words(code: str) -> str:
    return str(Department(code).label) if code in Department.values else code


def short_name(user: Any) -> str:
    return str(user.get_short_name() or user.get_username())


def moment(decision: Decision) -> str:
    return date_format(timezone.localtime(decision.at), "SHORT_DATETIME_FORMAT")


def name_of(user: Any) -> str:
    return str(user.get_full_name() or user.get_username())


def waiting_words() -> str:
    """The orders that wait for review, as the badge of the menu shows them: "" for none, "95", "1,000+". They are those
    of `review.queue.counts`."""
    found = MatchSuggestion.objects.heads().order_by()[: MOST_COUNTED + 1].count()
    number = number_format(min(found, MOST_COUNTED), force_grouping=True)
    return f"{number}+" if found > MOST_COUNTED else number if found else ""
