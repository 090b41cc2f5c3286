"""What each agreement means, as a clause of a sentence. `order` and `guest` are the two values as people write them.

A comparison or level that is not known here is told by its words of words.py, so that a new model explains itself too.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.utils.translation import pgettext_lazy as _p

from matching.presentation.labels import Words, agreement, comparison_words, shown_values

Reason = Mapping[str, Any]

# What the sentence is about, with its article.
SUBJECTS: dict[str, Words] = {
    "presence": _p("subject", "the day"),
    "name": _p("subject", "the name"),
    "whole_name": _p("subject", "the whole name"),
    "suffix": _p("subject", "the suffix"),
    "sex": _p("subject", "the form of address"),
    "room": _p("subject", "the room"),
    "phone": _p("subject", "the phone"),
    "document": _p("subject", "the document"),
    "email": _p("subject", "the e-mail"),
    "titular": _p("subject", "the place in the reservation"),
    "booking": _p("subject", "the reservation"),
    "label": _p("subject", "the group"),
    "day": _p("subject", "the day named"),
    "company": _p("subject", "the company"),
    "same_stay": _p("subject", "the shared room"),
    "relation": _p("subject", "the relation"),
    "country": _p("subject", "the country"),
    "channel": _p("subject", "the channel"),
    "room_type": _p("subject", "the room type"),
    "note": _p("subject", "what the reservation notes"),
    "plate": _p("subject", "the car plate"),
    "stay_day": _p("subject", "the day of arrival or departure"),
    "floor": _p("subject", "the floor"),
    "described": _p("subject", "the person described"),
    "denied": _p("subject", "the name taken back"),
    "date": _p("subject", "the date of the order"),
}

CLAUSES: dict[tuple[str, str], Words] = {
    ("presence", "left"): _p("clause", "the guest had left when the order was opened"),
    ("presence", "left_long"): _p("clause", "the guest had left long before the order was opened"),
    ("presence", "coming"): _p("clause", "the guest had not arrived when the order was opened"),
    ("presence", "coming_later"): _p("clause", "the guest arrives days after the order was opened"),
    ("presence", "expected"): _p("clause", "the guest was expected on the day of the order"),
    ("name", "exact"): _p("clause", "“%(order)s” stands in the listing as in the order"),
    ("name", "phonetic"): _p("clause", "“%(order)s” sounds like %(guest)s"),
    ("name", "nickname"): _p("clause", "“%(order)s” is short for %(guest)s"),
    ("name", "alias"): _p("clause", "“%(order)s” is what %(guest)s is called here"),
    ("name", "prefix"): _p("clause", "“%(order)s” is the beginning of %(guest)s"),
    ("name", "initial"): _p("clause", "“%(order)s” is the initial of %(guest)s"),
    ("name", "distant"): _p("clause", "“%(order)s” resembles %(guest)s"),
    ("name", "fuzzy"): _p("clause", "“%(order)s” is %(guest)s with a slip of the finger"),
    ("name", "register_slip"): _p("clause", "“%(order)s” is how %(guest)s is often misspelt"),
    ("name", "family"): _p("clause", "“%(order)s” is the family's name"),
    ("name", "unnamed"): _p("clause", "this companion has no name in the listing yet"),
    ("name", "not_listed"): _p("clause", "“%(order)s” is nobody of this listing"),
    ("name", "none"): _p("clause", "“%(order)s” is not in the guest's name"),
    ("whole_name", "complete"): _p("clause", "the order has all of it"),
    ("whole_name", "partial"): _p("clause", "the order has a part of it"),
    ("suffix", "same"): _p("clause", "both have “%(guest)s”"),
    ("suffix", "absent"): _p("clause", "the guest has “%(guest)s”, the order has none"),
    ("suffix", "different"): _p("clause", "the order has “%(order)s”, the guest “%(guest)s”"),
    ("sex", "same"): _p("clause", "the order says %(order)s, which is this guest's form of address"),
    ("sex", "different"): _p("clause", "the order says %(order)s, and this guest would be %(guest)s"),
    ("room", "same"): _p("clause", "the order says %(order)s, the guest's room"),
    ("room", "earlier"): _p("clause", "the order says %(order)s, where the guest was before moving to %(guest)s"),
    ("room", "later"): _p("clause", "the order says %(order)s, where the guest moved afterwards"),
    ("room", "swapped"): _p("clause", "the order says %(order)s, which is %(guest)s with two digits swapped"),
    ("room", "one_digit_off"): _p("clause", "the order says %(order)s, and %(guest)s differs by one digit"),
    ("room", "free_on_arrival"): _p("clause", "the guest has no room yet, and %(order)s is free on the day of arrival"),
    ("room", "unassigned"): _p("clause", "the guest has no room yet"),
    ("room", "different"): _p("clause", "the order says %(order)s, and the guest's room is %(guest)s"),
    ("phone", "same"): _p("clause", "it is the same one"),
    ("phone", "last_eight"): _p("clause", "its ending is the same"),
    ("phone", "different"): _p("clause", "the order has %(order)s, the guest %(guest)s"),
    ("document", "same"): _p("clause", "it is the same one"),
    ("document", "ending"): _p("clause", "its ending is the same"),
    ("document", "different"): _p("clause", "the order has another one"),
    ("email", "same"): _p("clause", "it is the same one"),
    ("email", "different"): _p("clause", "the order has another one"),
    ("titular", "titular"): _p("clause", "the guest is the main one"),
    ("titular", "companion"): _p("clause", "the guest is a companion, and orders mostly speak of the main guest"),
    ("booking", "same"): _p("clause", "the order names reservation %(guest)s"),
    ("label", "same"): _p("clause", "the order names %(guest)s, the guest's group"),
    ("day", "arrival"): _p("clause", "the order speaks of %(order)s, when the guest arrives"),
    ("day", "departure"): _p("clause", "the order speaks of %(order)s, when the guest leaves"),
    ("day", "different"): _p("clause", "the order speaks of %(order)s, and the guest arrives on %(guest)s"),
    ("company", "named_too"): _p("clause", "the order names somebody else of the room, too"),
    ("same_stay", "any_guest"): _p("clause", "any of the %(guest)s guests of the room may be meant"),
    ("nobody", "preventive"): _p("clause", "it is preventive maintenance"),
    ("nobody", "common_area"): _p("clause", "it speaks of a common area"),
    ("nobody", "place"): _p("clause", "it speaks of a place that is no room"),
    ("nobody", "third_party"): _p("clause", "it is a third party's"),
    ("nobody", "third_party_mentioned"): _p("clause", "it mentions a third party"),
    ("nobody", "staff"): _p("clause", "it is the staff's"),
    ("nobody", "staff_named"): _p("clause", "it names somebody of the staff"),
    ("nobody", "asked_by_staff"): _p("clause", "the staff asked for it"),
    ("nobody", "no_mention"): _p("clause", "it names nobody"),
    ("nobody", "somebody_else"): _p("clause", "it may mean somebody who is not on this list"),
    ("nobody", "contact"): _p("clause", "it has a guest's contact"),
    ("nobody", "named_with_room"): _p("clause", "it names somebody and a room"),
    ("room", "same_number"): _p(
        "clause", "the order says %(order)s, a number that several blocks have, %(guest)s among them"
    ),
    ("room", "resembles"): _p("clause", "“%(order)s” resembles the name of %(guest)s"),
    ("room", "other_block"): _p(
        "clause", "the order says %(order)s, and the guest is in %(guest)s, of the same number"
    ),
    ("room", "denied"): _p("clause", "the order rules %(guest)s out"),
    ("room", "earlier_said"): _p("clause", "the order speaks of who was in %(guest)s before"),
    ("room", "later_said"): _p("clause", "the order speaks of who comes to %(guest)s"),
    ("room", "same_now"): _p("clause", "the guest is in %(guest)s now, and the order means somebody at another time"),
    ("room", "mentioned"): _p("clause", "the order mentions %(guest)s in passing"),
    ("name", "heard"): _p("clause", "“%(order)s” is %(guest)s written as heard"),
    ("presence", "just_left"): _p("clause", "the guest had just left when the order was opened"),
    ("presence", "not_yet"): _p("clause", "the guest had not yet come in when the order was opened"),
    ("relation", "of_named"): _p("clause", "the order says %(order)s, and this guest is with %(guest)s"),
    ("relation", "of_named_child"): _p("clause", "the order says %(order)s, and this guest is with %(guest)s"),
    ("relation", "named_self"): _p("clause", "the order names this guest to say whom else it means"),
    ("relation", "named_parent"): _p("clause", "the order speaks of this guest's child"),
    ("relation", "fits"): _p("clause", "%(order)s fits this guest"),
    ("relation", "other"): _p("clause", "%(order)s does not fit this guest"),
    ("country", "same"): _p("clause", "the order speaks of a guest from %(guest)s"),
    ("country", "different"): _p("clause", "the order speaks of another country, and the guest is from %(guest)s"),
    ("channel", "same"): _p("clause", "the order names the channel %(guest)s"),
    ("room_type", "same"): _p("clause", "the order names the room type %(guest)s"),
    ("note", "same"): _p("clause", "the reservation notes %(guest)s, as the order says"),
    ("plate", "same"): _p("clause", "the reservation has the car plate %(guest)s"),
    ("stay_day", "same"): _p("clause", "the order says %(order)s, which is this guest's day"),
    ("stay_day", "different"): _p("clause", "the order says %(order)s, and this guest's day is %(guest)s"),
    ("floor", "same"): _p("clause", "the order says floor %(order)s, where the guest is"),
    ("floor", "different"): _p("clause", "the order says floor %(order)s, and the guest is on floor %(guest)s"),
    ("described", "same"): _p("clause", "the order describes somebody of this guest's sex"),
    ("described", "different"): _p("clause", "the order describes somebody of the other sex"),
    ("denied", "name"): _p("clause", "the order says that it is not %(order)s"),
    ("nobody", "vacant"): _p("clause", "it speaks of a vacant room"),
    ("nobody", "staff_only"): _p("clause", "it is about the staff's own matters"),
    ("nobody", "near_room"): _p("clause", "it speaks of a place beside a room"),
    ("nobody", "guest_in_common_area"): _p("clause", "it is in a common area"),
    ("room", "unread"): _p("clause", "“%(order)s” was not recognized as a room"),
    ("name", "unmatched"): _p("clause", "“%(order)s” was not recognized as a guest"),
    ("nobody", "guest"): _p("clause", "it speaks of a guest"),
}


def subject(comparison: str) -> str:
    return str(SUBJECTS.get(comparison, comparison_words(comparison)))


def clause(reason: Reason) -> str:
    """Without its subject and without a full stop."""
    order, guest = shown_values(reason)
    found = str(CLAUSES.get((str(reason["comparison"]), str(reason["level"])), ""))
    lacking = ("%(order)s" in found and not order) or ("%(guest)s" in found and not guest)
    if found and not lacking:
        return found % {"order": order, "guest": guest}
    word = str(agreement(reason).word)
    if not (order or guest):
        return word
    return _("%(agreement)s (%(values)s)") % {"agreement": word, "values": _side_by_side(reason, order, guest)}


def words_clause(written: list[str]) -> str:
    """Several words of a name that the listing has as they are."""
    if len(written) == 1:
        return str(CLAUSES["name", "exact"]) % {"order": written[0]}
    quoted = [f"“{word}”" for word in written]
    return pgettext("clause", "%(words)s stand in the listing as in the order") % {"words": joined(quoted)}


def _side_by_side(reason: Reason, order: str, guest: str) -> str:
    return f"{order} {agreement(reason).sign} {guest}" if order and guest else order or guest


def joined(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(last)s") % {"first": ", ".join(parts[:-1]), "last": parts[-1]}
