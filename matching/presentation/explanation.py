"""The card's explanation as a colleague would give it: what decides, what speaks against it, what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.utils.translation import pgettext_lazy as _p

from matching.presentation.labels import MISSING, Words, agreement, comparison_words, shown_values

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


DECISIVE = 1.0
MOST_HELPING, MOST_AGAINST, MOST_SILENT = 3, 2, 2
# The bits of "when" are the starting point of every guest; only being away is worth a word.
AWAY = frozenset({"left", "left_long", "coming", "coming_later"})
NOBODY = "nobody"


def why(reasons: Sequence[Reason], place: str = "", *, likely: bool = True) -> str:
    """A few short sentences; never a document, never a whole phone. `place` says where the guest was and since when:
    it stands for the clause of a room that agrees. Nothing decides for a candidate that is not likely."""
    ahead = any((r["comparison"], r["level"]) == ("day", "arrival") for r in reasons)
    told = [reason for reason in reasons if _tells(reason, ahead)]
    helping = [r for r in told if _bits(r) >= DECISIVE]
    against = [r for r in told if _bits(r) <= -DECISIVE]
    if any(reason["comparison"] == NOBODY for reason in told):
        said = _of_nobody(helping, against)
    else:
        said = [*_helping(helping, place, likely), *_against(against), *_silent(told)]
    return " ".join(said) or _("No field says much: the place and the day are all there is.")


def _bits(reason: Reason) -> float:
    return float(reason["weight_bits"])


def _tells(reason: Reason, ahead: bool) -> bool:
    """That the guest has yet to come is no news to an order that speaks of the arrival."""
    if reason["comparison"] == "presence":
        return reason["level"] in AWAY and not ahead
    return bool(reason["level"] != "prior")


def _of_nobody(helping: Sequence[Reason], against: Sequence[Reason]) -> list[str]:
    said = []
    if helping:
        said.append(
            _("For “no guest” speaks the order itself: %(clauses)s.")
            % {"clauses": _all(_strongest(helping)[:MOST_HELPING])}
        )
    if against:
        said.append(_("Against it: %(clauses)s.") % {"clauses": _all(_strongest(against)[:MOST_AGAINST])})
    return said


def _strongest(reasons: Sequence[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda reason: -abs(_bits(reason)))


def _all(reasons: Iterable[Reason]) -> str:
    return joined([clause(reason) for reason in reasons])


def _helping(reasons: Sequence[Reason], place: str, likely: bool) -> list[str]:
    """The strongest field decides; the others help, too."""
    said: list[str] = []
    for field, group in _by_field(reasons)[:MOST_HELPING]:
        words = {"subject": subject(field), "clause": _clause(field, group, place)}
        if said:
            said.append(capfirst(_("%(subject)s helps, too: %(clause)s.") % words))
        elif not likely:
            said.append(_("For this guest counts %(subject)s: %(clause)s.") % words)
        else:
            said.append(_("What decides is %(subject)s: %(clause)s.") % words)
    return said


def _against(reasons: Sequence[Reason]) -> list[str]:
    return [
        _("Against it speaks %(subject)s: %(clause)s.") % {"subject": subject(field), "clause": _clause(field, group)}
        for field, group in _by_field(reasons)[:MOST_AGAINST]
    ]


def _silent(reasons: Sequence[Reason]) -> list[str]:
    """What the guest has and the order does not say."""
    fields = [
        subject(str(r["comparison"]))
        for r in reasons
        if agreement(r).sign == MISSING.sign and r["guest_value"] and not r["order_value"]
    ]
    if not fields:
        return []
    words = {"fields": joined(list(dict.fromkeys(fields))[:MOST_SILENT])}
    return [_("The order does not have %(fields)s, which neither helps nor harms.") % words]


def _by_field(reasons: Iterable[Reason]) -> list[tuple[str, list[Reason]]]:
    """One entry a field, the strongest first; the words of a name together, as they were written."""
    by_field: dict[str, list[Reason]] = {}
    for reason in reasons:
        by_field.setdefault(str(reason["comparison"]), []).append(reason)
    return sorted(by_field.items(), key=lambda entry: -max(abs(_bits(reason)) for reason in entry[1]))


def _clause(field: str, group: Sequence[Reason], place: str = "") -> str:
    if field == "room" and place and group[0]["level"] == "same":
        return place
    if field == "name":
        return _name(group)
    return clause(group[0])


def _name(words: Sequence[Reason]) -> str:
    """Words that agree to the letter share one clause."""
    exact = [str(r["order_value"]) for r in words if r["level"] == "exact" and r["order_value"]]
    others = [clause(reason) for reason in words if reason["level"] != "exact" or not reason["order_value"]]
    return "; ".join([*([words_clause(exact)] if exact else []), *dict.fromkeys(others)])
