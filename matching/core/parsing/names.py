"""The name of a guest as registers write it: `José da Silva Filho`, `SILVA, JOSE`, `SILVA/JOSE CARLOS MR`."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from matching.core.parsing import lexicon
from matching.core.parsing.text import strip_marks, words

Sex = Literal["M", "F", ""]
Role = Literal["given", "middle", "family"]


@dataclass(frozen=True, slots=True)
class GuestName:
    """`parts` in natural order, without particles, titles and suffix; empty when the register names nobody."""

    parts: tuple[tuple[str, Role], ...]
    suffix: str
    sex: Sex


_BY_ENDING: dict[str, Sex] = {"a": "F", "o": "M"}


def sex_of(given: str) -> Sex:
    man, woman = given in lexicon.GIVEN_M, given in lexicon.GIVEN_F
    if man != woman:
        return "M" if man else "F"
    if man or len(given) < 4 or given in lexicon.SURNAMES:
        return ""
    return _BY_ENDING.get(given[-1], "")


def _split_title(parts: list[str]) -> tuple[list[str], Sex]:
    sex: Sex = ""
    while len(parts) > 1 and parts[-1] in lexicon.TITLES:
        title = parts[-1]
        sex = "M" if title in lexicon.TITLES_M else "F" if title in lexicon.TITLES_F else sex
        parts = parts[:-1]
    while len(parts) > 1 and parts[0] in lexicon.HONORIFICS:
        parts = parts[1:]
    return parts, sex


def _unglue_title(parts: list[str]) -> list[str]:
    """Some systems leave no space before the title: SILVA/JOAOMR."""
    if not parts or parts[-1] in lexicon.NAMES:
        return parts
    for title in ("mrs", "mr", "ms"):
        stem = parts[-1].removesuffix(title)
        if stem != parts[-1] and stem in lexicon.NAMES:
            return [*parts[:-1], stem, title]
    return parts


def _natural_order(text: str) -> tuple[list[str], int]:
    """Words given name first, and how many stand on the family's side of a comma or slash (0 when there is none)."""
    for separator in ("/", ","):
        family, found, given = text.partition(separator)
        if found and words(family):
            last, first = words(family), words(given.replace("/", " ").replace(",", " "))
            if first and all(word in lexicon.SUFFIXES for word in first):
                return last + first, 0
            return _unglue_title(first) + last if separator == "," else [*last[:0], *_unglue_title(first), *last], len(
                last
            )
    return words(text), 0


@lru_cache(maxsize=16_384)
def parse_guest(text: str) -> GuestName:
    plain = strip_marks(text)
    raw, family_words = _natural_order(plain)
    given_side, family_side = (raw[:-family_words], raw[-family_words:]) if family_words else (raw, [])
    given_side, sex = _split_title(given_side)
    if not (given_side + family_side) or all(word in lexicon.NO_NAME for word in given_side + family_side):
        return GuestName((), "", "")
    suffix = ""
    kept: list[str] = []
    for index, word in enumerate(given_side + family_side):
        if word in lexicon.SUFFIXES and index:
            suffix = lexicon.SUFFIXES[word]
        elif (word not in lexicon.PARTICLES and len(word) > 1) or not index:
            kept.append(word)
    family_from = len(kept) - max(1, sum(word in kept for word in family_side)) if len(kept) > 1 else 1
    roles: list[Role] = ["given" if i == 0 else "family" if i >= family_from else "middle" for i in range(len(kept))]
    return GuestName(tuple(zip(kept, roles, strict=True)), suffix, sex or sex_of(kept[0]))
