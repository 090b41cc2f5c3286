"""Questions about a file as the screen and the command ask them: a sentence, and options with their effect."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pipeline.intake import Question

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
    "cancelada": (_("Cancelled"), _("no new suggestion")),
    "a_confirmar": (_("To be confirmed"), _("expected, not sure")),
    "confirmada": (_("Confirmed"), _("expected")),
    "na_casa": (_("In the house"), _("the guest is here")),
    "saida": (_("Departed"), _("the guest has left")),
    "no_show": (_("No show"), _("the guest did not come")),
    "vazio": (_("Leave it empty"), _("we do not guess")),
}
# These decide what is written: there is no going on without an answer.
NEEDED: Final = frozenset({SCOPE, "kind", "date_order", "no_header", "last_line"})


@dataclass(frozen=True)
class Option:
    value: str
    label: str | Promise
    effect: str | Promise


@dataclass(frozen=True)
class Asked:
    """A question that waits for its answer."""

    name: str
    sentence: str
    options: tuple[Option, ...]

    @property
    def may_skip(self) -> bool:
        return self.name not in NEEDED


def scope_question() -> dict[str, Any]:
    sentence = "Esta lista é a casa inteira? Só a casa inteira, dois dias seguidos, pode dar alguém como saído."
    return Question(SCOPE, tuple(SCOPE_OPTIONS), sentence).as_json()


def asked(question: dict[str, Any] | None) -> Asked | None:
    """From the JSON of a question, as the intake prints it."""
    if not question:
        return None
    options = tuple(option(value) for value in question["options"])
    return Asked(question["question"], question["sentence"], options)


def option(value: str) -> Option:
    label, effect = _LABELS.get(value, (value, ""))
    return Option(value, label, effect)
