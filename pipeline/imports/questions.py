"""Questions about a file as the screen and the command ask them: a sentence, and options with their effect."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipeline.intake import Question
from pipeline.intake.words.sentences import ASK_SCOPE, SUGGESTED_SCOPE

SCOPE: Final = "scope"
SCOPE_OPTIONS: Final = {"casa": "house", "chegadas": "arrivals", "saidas": "departures", "grupo": "group"}
SCOPE_WORDS: Final = {scope: option for option, scope in SCOPE_OPTIONS.items()}

_LABELS: Final[dict[str, tuple[str | Promise, str | Promise]]] = {
    "casa": (_("The whole house"), _("who is missing two days in a row counts as departed")),
    "chegadas": (_("Arrivals only"), _("nobody departs")),
    "saidas": (_("Departures only"), _("nobody arrives")),
    "grupo": (_("One group only"), _("nobody departs")),
    "stays": (_("A guest list"), _("names with arrival and departure")),
    "orders": (_("Service orders"), _("requests with the time they were opened")),
    "sim": (_("Yes"), _("the lines are read this way")),
    "nao": (_("No"), _("the file is refused")),
    "dia-mes": (_("Day first"), _("14/03 is the 14th of March")),
    "mes-dia": (_("Month first"), _("03/14 is the 14th of March")),
    "ano-mes-dia": (_("Year first"), _("26-03-14 is the 14th of March 2026")),
    "inteira": (_("It is whole"), _("the line is read")),
    "cortada": (_("It was cut"), _("the line is left out")),
    "aberta": (_("Open"), _("suggestions are made for it")),
    "em_andamento": (_("Under way"), _("still open")),
    "aguardando": (_("Waiting"), _("still open")),
    "concluida": (_("Completed"), _("no new suggestion")),
    "cancelada": (pgettext_lazy("status", "Cancelled"), _("no new suggestion")),
    "a_confirmar": (_("To be confirmed"), _("expected, not sure")),
    "confirmada": (_("Confirmed"), _("expected")),
    "na_casa": (_("In the house"), _("the guest is here")),
    "saida": (_("Departed"), _("the guest has left")),
    "no_show": (_("No show"), _("the guest did not come")),
    "vazio": (_("Go on without an answer"), _("we do not guess")),
}
# What else there is to ask depends on their answer.
BEFORE_ALL: Final = frozenset({"kind", "no_header"})
LEFT_EMPTY: Final = "vazio"
_FEW_STAYS: Final = 2


@dataclass(frozen=True)
class Option:
    value: str
    label: str | Promise
    effect: str | Promise
    suggested: bool = False


@dataclass(frozen=True)
class Asked:
    """A question that waits for its answer."""

    name: str
    sentence: str
    options: tuple[Option, ...]


def scope_question(lines: Iterable[Mapping[str, Any]], day: date) -> Question:
    """`lines` are some of the file, as a hint: stays that all begin, end or include the business date."""
    today = day.isoformat()
    stays = [(line["arrival"], line["departure"]) for line in lines]
    holds = {
        "chegadas": all(arrival == today for arrival, departure in stays),
        "saidas": all(departure == today for arrival, departure in stays),
        "casa": all(arrival <= today <= departure for arrival, departure in stays),
    }
    suggested = next((option for option, true in holds.items() if true), "") if len(stays) > _FEW_STAYS else ""
    effects = {suggested: SUGGESTED_SCOPE[suggested]} if suggested else {}
    return Question(SCOPE, tuple(SCOPE_OPTIONS), ASK_SCOPE, suggested, effects)


def as_notes(question: Question) -> dict[str, Any]:
    """A question as it is kept beside the file."""
    return question.as_json() | {"suggested": question.suggested, "effects": dict(question.effects)}


def asked(question: dict[str, Any]) -> Asked:
    """From the notes: the suggested option first, and the one that leaves a value empty last."""
    suggested, effects = question["suggested"], question["effects"]
    values = sorted(question["options"], key=lambda value: (value != suggested, value == LEFT_EMPTY))
    options = (
        _in_this_file(option(value), str(effects.get(value, "")), suggested=value == suggested) for value in values
    )
    return Asked(question["question"], question["sentence"], tuple(options))


def _in_this_file(known: Option, effect: str, *, suggested: bool) -> Option:
    if suggested:
        effect = _("suggestion: %(why)s") % {"why": effect or known.effect}
    return replace(known, effect=effect or known.effect, suggested=suggested)


def option(value: str) -> Option:
    label, effect = _LABELS.get(value, (value, ""))
    return Option(value, label, effect)
