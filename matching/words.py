"""The engine's codes in words that staff use: names of fields, and agreement with its sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Agreement:
    """Sign and word come before colour; `css` is a class of os.css."""

    sign: str
    word: str | Promise
    css: str


SAME = Agreement("=", _("same"), "a-ok")
NEAR = Agreement("≈", _("similar"), "a-near")
DIFFERENT = Agreement("≠", _("differs"), "a-no")
MISSING = Agreement("·", _("missing"), "a-none")

COMPARISONS: dict[str, str | Promise] = {
    "prior": _("prior"),
    "name": _("name"),
    "suffix": _("suffix"),
    "room": _("room"),
    "date": _("date"),
    "stay": _("stay"),
    "phone": _("phone"),
    "email": _("e-mail"),
    "document": _("document"),
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
