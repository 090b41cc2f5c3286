"""The card's explanation as a colleague would give it: what decides, what speaks against it, what is missing."""

from collections.abc import Iterable, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from matching.clauses import Reason, clause, joined, subject, words_clause
from matching.presentation.labels import MISSING, agreement

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
