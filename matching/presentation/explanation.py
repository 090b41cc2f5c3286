"""The explanation of a suggestion in sentences: what decides, what counts against it, and what is missing.

SUBJECTS and CLAUSES hold the words for the engine's comparisons and levels. One that is not listed is described by its
labels, so that the reasons of a new model can be explained, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.utils.translation import pgettext_lazy as _p

from matching.presentation.labels import MISSING, Words, agreement, comparison_words, shown_values

Reason = Mapping[str, Any]

# The subject of a sentence, with its article.
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
    "block": _p("subject", "the block"),
    "described": _p("subject", "the person described"),
    "denied": _p("subject", "the name taken back"),
    "date": _p("subject", "the date of the order"),
    "listing": _p("subject", "the guest list"),
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
    ("phone", "of_booking"): _p("clause", "it is the telephone of the guest's booking"),
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
    ("presence", "still_in"): _p("clause", "the guest leaves that day, and had not gone yet when the order was opened"),
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
    ("block", "same"): _p("clause", "the order says block %(order)s, where the guest is"),
    ("block", "different"): _p("clause", "the order says block %(order)s, and the guest is in %(guest)s"),
    ("described", "same"): _p("clause", "the order describes somebody of this guest's sex"),
    ("described", "different"): _p("clause", "the order describes somebody of the other sex"),
    ("denied", "name"): _p("clause", "the order says that it is not %(order)s"),
    ("nobody", "vacant"): _p("clause", "it speaks of a vacant room"),
    ("nobody", "staff_only"): _p("clause", "it is about the staff's own matters"),
    ("nobody", "near_room"): _p("clause", "it speaks of a place beside a room"),
    ("nobody", "round"): _p("clause", "it is from the night watch's round"),
    ("nobody", "roster"): _p("clause", "it is about the staff's roster"),
    ("nobody", "event"): _p("clause", "it is about the rooms and things of an event"),
    ("nobody", "not_guest"): _p("clause", "it says that the person is no guest"),
    ("nobody", "guest_in_common_area"): _p("clause", "it is in a common area"),
    ("room", "unread"): _p("clause", "“%(order)s” was not recognized as a room"),
    ("name", "unmatched"): _p("clause", "“%(order)s” was not recognized as a guest"),
    ("nobody", "guest"): _p("clause", "it speaks of a guest"),
    ("listing", "missing"): _p("clause", "the guest is missing from the last one, and the next one has to confirm it"),
}


# Bits from which a reason is mentioned.
DECISIVE = 1.0
MAX_HELPING, MAX_AGAINST, MAX_MISSING = 3, 2, 2
# Of "presence", only these levels are mentioned: being in the house is where every guest starts.
AWAY = frozenset({"left", "left_long", "coming", "coming_later"})
NOBODY = "nobody"
# Parts of the sum that nothing in the order says: where it begins, and what the other candidates take.
OF_THE_SUM = frozenset({"prior", "competition"})


def why(reasons: Sequence[Reason], place: str = "", *, likely: bool = True) -> str:
    """A few short sentences, without documents and whole phones. `place`: a clause about where the guest was, which
    replaces that of a matching room. Without `likely`, no field is said to decide."""
    arrival = any((r["comparison"], r["level"]) == ("day", "arrival") for r in reasons)
    shown = [reason for reason in reasons if _is_shown(reason, arrival)]
    helping = [reason for reason in shown if _bits(reason) >= DECISIVE]
    against = [reason for reason in shown if _bits(reason) <= -DECISIVE]
    if any(reason["comparison"] == NOBODY for reason in shown):
        sentences = _no_guest_sentences(helping, against)
    else:
        sentences = [
            *_helping_sentences(helping, place, likely),
            *(
                _("Against it speaks %(subject)s: %(clause)s.")
                % {"subject": subject(field), "clause": _field_clause(field, group)}
                for field, group in _by_field(against)[:MAX_AGAINST]
            ),
            *_missing_sentences(shown),
        ]
    return " ".join(sentences) or _("No field says much: the place and the day are all there is.")


def _is_shown(reason: Reason, arrival: bool) -> bool:
    """A guest who is still to come is not mentioned when the order is about the arrival."""
    if reason["comparison"] == "presence":
        return reason["level"] in AWAY and not arrival
    return reason["level"] != "prior" and reason["comparison"] not in OF_THE_SUM


def _bits(reason: Reason) -> float:
    return float(reason["weight_bits"])


def _no_guest_sentences(helping: Sequence[Reason], against: Sequence[Reason]) -> list[str]:
    def clauses(reasons: Sequence[Reason], most: int) -> str:
        strongest = sorted(reasons, key=lambda reason: -abs(_bits(reason)))
        return joined([clause(reason) for reason in strongest[:most]])

    sentences = []
    if helping:
        text = _("For “no guest” speaks the order itself: %(clauses)s.")
        sentences.append(text % {"clauses": clauses(helping, MAX_HELPING)})
    if against:
        sentences.append(_("Against it: %(clauses)s.") % {"clauses": clauses(against, MAX_AGAINST)})
    return sentences


def _helping_sentences(reasons: Sequence[Reason], place: str, likely: bool) -> list[str]:
    """The strongest field decides; the others help, too."""
    sentences: list[str] = []
    for field, group in _by_field(reasons)[:MAX_HELPING]:
        words = {"subject": subject(field), "clause": _field_clause(field, group, place)}
        if sentences:
            sentences.append(capfirst(_("%(subject)s helps, too: %(clause)s.") % words))
        elif not likely:
            sentences.append(_("For this guest counts %(subject)s: %(clause)s.") % words)
        else:
            sentences.append(_("What decides is %(subject)s: %(clause)s.") % words)
    return sentences


def _missing_sentences(reasons: Sequence[Reason]) -> list[str]:
    """What the guest has and the order does not name."""
    fields = [
        subject(str(r["comparison"]))
        for r in reasons
        if agreement(r).sign == MISSING.sign and r["guest_value"] and not r["order_value"]
    ]
    if not fields:
        return []
    words = {"fields": joined(list(dict.fromkeys(fields))[:MAX_MISSING])}
    return [_("The order does not have %(fields)s, which neither helps nor harms.") % words]


def _by_field(reasons: Iterable[Reason]) -> list[tuple[str, list[Reason]]]:
    """The reasons of each field, the strongest field first; the words of a name in their written order."""
    by_field: dict[str, list[Reason]] = {}
    for reason in reasons:
        by_field.setdefault(str(reason["comparison"]), []).append(reason)
    return sorted(by_field.items(), key=lambda entry: -max(abs(_bits(reason)) for reason in entry[1]))


def _field_clause(field: str, group: Sequence[Reason], place: str = "") -> str:
    if field == "room" and place and group[0]["level"] == "same":
        return place
    if field == "name":
        # Words that match exactly share one clause.
        exact = [str(r["order_value"]) for r in group if r["level"] == "exact" and r["order_value"]]
        others = [clause(reason) for reason in group if reason["level"] != "exact" or not reason["order_value"]]
        return "; ".join([*([_exact_words_clause(exact)] if exact else []), *dict.fromkeys(others)])
    return clause(group[0])


def subject(comparison: str) -> str:
    return str(SUBJECTS.get(comparison, comparison_words(comparison)))


def clause(reason: Reason) -> str:
    """The clause of an agreement, without subject and full stop."""
    order, guest = shown_values(reason)
    text = str(CLAUSES.get((str(reason["comparison"]), str(reason["level"])), ""))
    lacking = ("%(order)s" in text and not order) or ("%(guest)s" in text and not guest)
    if text and not lacking:
        return text % {"order": order, "guest": guest}
    known = agreement(reason)
    if not (order or guest):
        return str(known.word)
    values = f"{order} {known.sign} {guest}" if order and guest else order or guest
    return _("%(agreement)s (%(values)s)") % {"agreement": str(known.word), "values": values}


def _exact_words_clause(written: list[str]) -> str:
    if len(written) == 1:
        return str(CLAUSES["name", "exact"]) % {"order": written[0]}
    quoted = [f"“{word}”" for word in written]
    return pgettext("clause", "%(words)s stand in the listing as in the order") % {"words": joined(quoted)}


def joined(parts: list[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(last)s") % {"first": ", ".join(parts[:-1]), "last": parts[-1]}
