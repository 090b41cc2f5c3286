"""One spelling of a person's name for every page: "Thiago Henrique Figueiredo", however the hotel's system has it."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Longer texts are no names; they are cut before they are searched.
LONGEST: Final = 200
_PARTICLES: Final = frozenset(
    {
        "da",
        "das",
        "de",
        "del",
        "della",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "la",
        "las",
        "le",
        "los",
        "van",
        "von",
        "der",
        "den",
        "y",
    }
)
_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mstr", "sr", "sra", "srta", "dr", "dra"})
_SUFFIXES: Final = frozenset(
    {"filho", "filha", "neto", "neta", "junior", "júnior", "jr", "sobrinho", "sobrinha", "segundo"}
)
_ROMAN: Final = re.compile(r"(?:i{1,3}|iv|v|vi{1,3})\Z", re.IGNORECASE)
# "JOAOMR": some systems leave no space before the title.
_GLUED_TITLE: Final = re.compile(r"(?<=\w{3})(?:MRS|MR)\Z")
_LETTERS: Final = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=16_384)
def display_name(text: str) -> str:
    """`SURNAME, NAME` and `SURNAME/NAME MR` in natural order, capitals and small letters as a person writes them.

    A word written in both ("McDonald", "D'Ávila") stays as it is. "" for a text without a letter or digit."""
    plain = " ".join(unicodedata.normalize("NFC", text[:LONGEST]).split()).strip(" ,/")
    return " ".join(_cased(word, first=place == 0) for place, word in enumerate(_in_natural_order(plain).split()))


def _in_natural_order(name: str) -> str:
    family, comma, given = name.partition(",")
    if not comma:
        family, slash, given = name.partition("/")
        if not slash:
            return name
        given = _without_titles(given.replace("/", " "))
    given = given.replace(",", " ").strip()
    only_suffix = all(word.casefold().strip(".") in _SUFFIXES for word in given.split())
    return f"{family} {given}" if only_suffix else f"{given} {family}"


def _without_titles(given: str) -> str:
    words = given.split()
    while len(words) > 1 and words[-1].casefold().strip(".") in _TITLES:
        words.pop()
    return _GLUED_TITLE.sub("", " ".join(words))


def _cased(word: str, *, first: bool) -> str:
    small = word.casefold()
    if small in _PARTICLES and not first:
        return small
    if _ROMAN.match(small) and not first:
        return word.upper()
    if word != word.upper() and word != word.lower():
        return word
    return _LETTERS.sub(_capitalized, word)


def _capitalized(match: re.Match[str]) -> str:
    letters = match[0]
    return letters[0].upper() + letters[1:].lower()
