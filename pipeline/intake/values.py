"""Values in the hotel's own words: statuses, sectors, rooms, countries, telephone numbers."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from pipeline.intake.text import clean, fold, is_nothing
from pipeline.intake.words import Kind, contains_phrase, translations, values, without_stops, word_set

STAY_STATUSES: Final = ("a_confirmar", "confirmada", "na_casa", "saida", "cancelada", "no_show")
ORDER_STATUSES: Final = ("aberta", "em_andamento", "aguardando", "concluida", "cancelada")
_CODE = re.compile(r"^(?=.*\d)[A-Za-z]{0,4}[ .-]?\d{1,5}[A-Za-z]?$|^[A-Z]{2,5}$")
_TYPED = re.compile(
    r"^(?P<code>[A-Za-z]{0,5}\s?\d{0,5}[A-Za-z]?)\s*(?:\s[-–]\s?|\s?[-–]\s|[|/(])\s*(?P<type>[^\d)]{2,24})\)?$"
)
_SEPARATOR = re.compile(r"(?<!\s)(?:\s*[,;+&\n]\s*|\s*/\s*|\s+e\s+|\s+y\s+|\s+and\s+)")
_ROOM_SPREAD: Final = 0.6


@lru_cache(maxsize=4_096)
def status_of(text: str, kind: Kind) -> str | None:
    """A status of ours for a word of the export; None if it is not known. The longest known phrase wins."""
    folded = without_stops(fold(text))
    known = translations(kind)
    if folded in known:
        return known[folded]
    phrases = sorted((phrase for phrase in known if len(phrase) > 3), key=len, reverse=True)
    if folded.startswith(("nao ", "not ")):
        return None
    starts = [phrase for phrase in phrases if f"{folded} ".startswith(f"{phrase} ")]
    inside = contains_phrase(folded, phrases)
    return known[starts[0]] if starts else known[inside] if inside else None


def order_codes(texts: Iterable[str]) -> dict[str, str]:
    """One-letter states of old systems, as far as the set of letters in the file settles them.

    "C" is "cancelada" beside B or F (closed), "concluida" beside X (cancelled); alone it stays unknown.
    """
    letters = {fold(text) for text in texts} - {""}
    if not letters or any(len(letter) > 1 for letter in letters):
        return {}
    table: dict[str, str] = dict(values()["order_codes"])
    if letters & {"b", "f"} and "x" not in letters:
        table["c"] = "cancelada"
    elif "x" in letters and not letters & {"b", "f"}:
        table["c"] = "concluida"
    return {letter: table[letter] for letter in letters if letter in table}


def stay_codes(words: Iterable[str]) -> dict[str, str]:
    """What the vendors' codes usually mean: numbers as CM / TOTVS has them (STATUSRESERVA), single letters.

    Empty unless all words of the file are codes of one of the two tables. The caller checks them against the dates.
    """
    codes = {fold(word) for word in words} - {""}
    for table in values()["stay_codes"].values():
        if codes and codes <= set(table):
            return {code: str(table[code]) for code in codes}
    return {}


@lru_cache(maxsize=4_096)
def sector_of(text: str) -> str | None:
    folded = without_stops(fold(text))
    known = translations("sectors")
    if folded in known:
        return known[folded]
    inside = contains_phrase(folded, sorted((phrase for phrase in known if len(phrase) > 3), key=len, reverse=True))
    return known[inside] if inside else None


@lru_cache(maxsize=1_024)
def country_of_nationality(text: str) -> str:
    """A nationality as a country's code; as written where it is not known. A country's own name stays as written."""
    return translations("countries").get(fold(text), text)


def phone_of(number: str, area: str, country: str) -> str | None:
    """Parts of a number put together; a number that stands alone stays as written."""
    if is_nothing(number):
        return None
    parts = [f"+{country.lstrip('+')}" if country else "", area, number]
    return " ".join(part for part in parts if part)


def is_no_room(text: str) -> bool:
    """True for an empty cell and for words such as "a definir", "unassigned"."""
    return is_nothing(text) or (not any(map(str.isdigit, text)) and fold(text) in word_set("no_room"))


def is_vacant(text: str) -> bool:
    return fold(text) in word_set("vacant")


def split_rooms(text: str) -> list[str]:
    """The rooms of a cell, as written: "0413, 0414" are two, "Q 3 - Cama 01" is one. Empty for none."""
    text = clean(text)
    if is_no_room(text):
        return []
    parts = [part for part in _SEPARATOR.split(text) if part]
    return parts if len(parts) > 1 and all(_CODE.match(part) for part in parts) else [text]


def split_type(text: str) -> tuple[str, str]:
    """("0412", "LUXO") of "0412 - LUXO"; (text, "") of a room without a type behind it."""
    match = _TYPED.match(clean(text))
    return (match["code"].strip(), match["type"].strip()) if match and match["code"].strip() else (text, "")


def has_types(texts: Sequence[str]) -> bool:
    """Does this column hold a room and its type? The same few types come with most of the rooms."""
    pairs = [split_type(text) for text in dict.fromkeys(texts)]
    types = Counter(fold(kind) for _, kind in pairs if kind)
    if not types or sum(types.values()) < _ROOM_SPREAD * len(pairs):
        return False
    known = {word for word in types if any(part in word_set("room_types") for part in word.split())}
    return bool(known) or len(types) * 2 <= sum(types.values())


def are_types(bookings_of: Mapping[str, Collection[str]]) -> bool:
    """Does the column of rooms hold nothing but types? Each is made of words for types, and several bookings share one.

    `bookings_of` has the bookings of each text of the column.
    """
    words = [without_stops(fold(text)).split() for text in bookings_of]
    shared = any(len(bookings) > 1 for bookings in bookings_of.values())
    return shared and all(found and set(found) <= word_set("room_types") for found in words)
