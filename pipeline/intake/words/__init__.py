"""The words of this package: the data files beside this module, folded once."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from pipeline.intake.text import fold

Kind = Literal["stays", "orders"]
KINDS: Final[tuple[Kind, ...]] = ("stays", "orders")
WORDS: Final = Path(__file__).parent
LANGUAGES: Final = ("pt", "es", "en", "vendors")
_STOP: Final = frozenset({"de", "da", "do", "das", "dos", "del", "la", "las", "los", "el", "the", "of"})
_NUMBER_SIGN = re.compile(r"n[º°o]\.?(?=[\s_]|$)|\b(?:num|nro|nr)\b\.?|#", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def load(name: str) -> Any:
    return json.loads((WORDS / name).read_text(encoding="utf-8"))


def without_stops(phrase: str) -> str:
    """A folded phrase without articles and prepositions, unless nothing else is left."""
    return " ".join(word for word in phrase.split() if word not in _STOP) or phrase


@lru_cache(maxsize=4_096)
def header_phrase(header: str) -> str:
    """The name of a column as it is looked up: "Nº da Reserva" and "numeroReserva" are both "numero reserva"."""
    spelled = _NUMBER_SIGN.sub(" numero ", _CAMEL.sub(" ", header.replace("_", " ").replace("º", "º ")))
    words = without_stops(fold(spelled)).split()
    last = len(words) - 1
    named = [_is_number_word(word, index in (0, last)) for index, word in enumerate(words)]
    return " ".join("numero" if number else word for word, number in zip(words, named, strict=True))


def _is_number_word(word: str, at_edge: bool) -> bool:
    """ "nº" and "no." fold to "no", which is a word of Portuguese and English too: a number only at the edges."""
    return word in ("number", "numero") or (at_edge and word in ("no", "n"))


@lru_cache(maxsize=2)
def column_names(kind: Kind) -> dict[str, tuple[str, int]]:
    """Phrase -> (field, rank). A smaller rank is the surer name of the field; ranks count within a language."""
    found: dict[str, tuple[str, int]] = {}
    for language in LANGUAGES:
        for field, phrases in load(f"columns.{language}.json")[kind].items():
            for rank, phrase in enumerate(phrases):
                found.setdefault(header_phrase(phrase), (field, rank))
    return found


@lru_cache(maxsize=2)
def core_words(kind: Kind) -> dict[str, str]:
    """Words that name a field inside a longer header ("Em qual quarto?"), longest first."""
    table = {
        without_stops(fold(word)): field for field, words in load("columns.core.json")[kind].items() for word in words
    }
    return dict(sorted(table.items(), key=lambda item: -len(item[0])))


@lru_cache(maxsize=1)
def denied_words() -> tuple[str, ...]:
    """Words that make a header something else: a type, a count, a time, a price."""
    return tuple(load("columns.core.json")["denied"])


@lru_cache(maxsize=1)
def ignored_columns() -> frozenset[str]:
    return frozenset(header_phrase(phrase) for name in LANGUAGES for phrase in load(f"columns.{name}.json")["ignored"])


@lru_cache(maxsize=1)
def values() -> dict[str, Any]:
    return dict(load("values.json"))


@lru_cache(maxsize=1)
def reports() -> dict[str, Any]:
    return dict(load("reports.json"))


@lru_cache(maxsize=64)
def word_set(group: str) -> frozenset[str]:
    """A flat list of `values.json`, folded."""
    return frozenset(fold(word) for word in values()[group])


@lru_cache(maxsize=64)
def translations(group: str, inner: str = "") -> dict[str, str]:
    """Folded phrase -> code, of a group of `values.json` whose keys are codes."""
    table = values()[group][inner] if inner else values()[group]
    return {without_stops(fold(phrase)): code for code, phrases in table.items() for phrase in phrases}


def contains_phrase(text: str, phrases: Iterable[str]) -> str:
    """The first phrase that stands in folded `text` as whole words; "" without one."""
    padded = f" {without_stops(text)} "
    return next((phrase for phrase in phrases if f" {without_stops(fold(phrase))} " in padded), "")
