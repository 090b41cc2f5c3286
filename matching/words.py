"""The engine's codes in words that staff use: names of fields, and agreement with its sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy as _p


@dataclass(frozen=True)
class Agreement:
    """Sign and word come before colour; `css` is a class of os.css."""

    sign: str
    word: str | Promise
    css: str


SAME = Agreement("=", _p("agreement", "same"), "a-ok")
NEAR = Agreement("≈", _p("agreement", "similar"), "a-near")
DIFFERENT = Agreement("≠", _p("agreement", "differs"), "a-no")
MISSING = Agreement("·", _p("agreement", "missing"), "a-none")

COMPARISONS: dict[str, str | Promise] = {
    "prior": _p("field", "prior"),
    "name": _p("field", "name"),
    "suffix": _p("field", "suffix"),
    "room": _p("field", "room"),
    "date": _p("field", "date"),
    "stay": _p("field", "stay"),
    "phone": _p("field", "phone"),
    "email": _p("field", "e-mail"),
    "document": _p("field", "document"),
}
SAME_LEVELS = frozenset({"exact", "same", "equal", "inside", "in_stay"})
MISSING_LEVELS = frozenset({"missing", "absent", "none", "null", "unknown", "not_given"})
DIFFERENT_LEVELS = frozenset({"different", "differs", "mismatch", "outside", "other", "wrong", "conflict"})


def comparison_words(code: str) -> str:
    return str(COMPARISONS.get(code, code.replace("_", " ")))


def agreement(reason: Mapping[str, Any]) -> Agreement:
    """By the level's name; a level not known here goes by its weight."""
    level = str(reason["level"])
    for levels, found in ((SAME_LEVELS, SAME), (MISSING_LEVELS, MISSING), (DIFFERENT_LEVELS, DIFFERENT)):
        if level in levels:
            return found
    if float(reason["weight_bits"]) < 0:
        return DIFFERENT
    return NEAR if float(reason["weight_bits"]) > 0 else MISSING
