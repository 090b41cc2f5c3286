"""The card's explanation in words: what decides, what speaks against it, what is missing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from matching.words import DIFFERENT, MISSING, NEAR, SAME, agreement, comparison_words, shown_values

Reason = Mapping[str, Any]
DECISIVE = 1.0
# Agreements whose word adds nothing to the two values and the sign between them.
PLAIN = (SAME, NEAR, DIFFERENT, MISSING)
ALWAYS_THERE = frozenset({"presence"})


def why(reasons: Sequence[Reason]) -> str:
    """Two or three short sentences; never a document, never a whole phone."""
    told = [r for r in reasons if r["comparison"] not in ALWAYS_THERE and r["level"] != "prior"]
    helping = sorted((r for r in told if r["weight_bits"] >= DECISIVE), key=lambda r: -float(r["weight_bits"]))
    against = sorted((r for r in told if r["weight_bits"] <= -DECISIVE), key=lambda r: float(r["weight_bits"]))
    silent = [r for r in told if agreement(r).sign == MISSING.sign and r["guest_value"] and not r["order_value"]]
    sentences = [
        _("What decides: %(parts)s.") % {"parts": _joined(_parts(helping[:4]))} if helping else "",
        _("Against it: %(parts)s.") % {"parts": _joined(_parts(against[:2]))} if against else "",
        _("Not in the order: %(parts)s; it neither helps nor harms.") % {"parts": _joined(_parts(silent[:2]))}
        if silent
        else "",
    ]
    return " ".join(s for s in sentences if s) or _("No field says much: the place and the day are all there is.")


def _parts(reasons: Iterable[Reason]) -> list[str]:
    """One phrase a field; the words of a name share one."""
    by_field: dict[str, list[Reason]] = {}
    for reason in reasons:
        by_field.setdefault(str(reason["comparison"]), []).append(reason)
    return [_phrase(field, group) for field, group in by_field.items()]


def _phrase(field: str, group: Sequence[Reason]) -> str:
    """`name (Thiago ≈ Tiago)`; the agreement in words where it says more than its sign, or where nothing else does."""
    values = [v for v in (_values(reason) for reason in group) if v]
    found = agreement(group[0])
    said = [*values, *([] if values and found in PLAIN else [str(found.word)])]
    return f"{comparison_words(field)} ({', '.join(dict.fromkeys(said))})"


def _values(reason: Reason) -> str:
    order, guest = shown_values(reason)
    if not order or order.casefold() == guest.casefold():
        return guest
    return f"{order} {agreement(reason).sign} {guest}" if guest else order


def _joined(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return _("%(first)s and %(last)s") % {"first": ", ".join(parts[:-1]), "last": parts[-1]}
