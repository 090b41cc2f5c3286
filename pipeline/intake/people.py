"""Names of guests in a cell: order, titles, several people, and what says that somebody is a minor."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from pipeline.intake.text import clean, fold, has_letter
from pipeline.intake.words import word_set

Style = Literal["last_first", "list", "plain"]
ADULT_AGE: Final = 18
_CHILD_TITLES: Final = frozenset({"mstr", "master", "chd", "inf", "child", "infant"})
_TITLES: Final = _CHILD_TITLES | {
    *("mr", "mrs", "ms", "miss", "mister", "sr", "sra", "srta", "dr", "dra", "prof", "profa", "dna"),
    *("herr", "frau", "mme", "mlle", "sig"),
}
_AGE = re.compile(
    r"[\s,(-]{0,8}\(?\b(\d{1,2})\s{0,8}(?:anos?|a\b|yrs?|years?(?: old)?|y\.?o\.?|años?)\)?", re.IGNORECASE
)
_MONTHS = re.compile(r"[\s,(-]{0,8}\(?\b(\d{1,2})\s{0,8}(?:m[eê]s(?:es)?|months?|meses)\)?", re.IGNORECASE)
_BRACKETS = re.compile(r"\(([^)]{0,80})\)")
_REMARK = re.compile(r"\s[-–]\s([^-–]{1,80})$|,\s{0,8}([^,]{1,80})$")
# `(?<!\s)`: only from the beginning of a run of blanks, or a long run would be tried from each of them.
_ALWAYS = re.compile(r"(?<!\s)\s*[;\n|]\s*|(?<!\s)\s+[+&]\s+|(?<!\s)\s+/\s+")
_AND = re.compile(r"(?<!\s)\s+(?:e|y|and|und|et)\s+", re.IGNORECASE)
_COMMAS = re.compile(r"(?<!\s)\s*,[\s,]*")
# No digits, no brackets, no dash with a blank, at most one comma: nothing but a name, perhaps with titles.
_PLAIN = re.compile(r"^[^\d(,]*(?:,[^\d(,]*)?$")
_MARKS: Final = "*+~•·- \t"
# "Acomp: Theo", "- Acompanhante 2: Lia"
_ROLE = re.compile(
    r"^(?:acomp(?:anhantes?)?|acompañantes?|companions?|sharers?|h[oó]spede|guest)\b\s?\d?\s?[.:]+\s*", re.IGNORECASE
)


class Person(NamedTuple):
    name: str
    """As written, without title and remarks."""
    minor: bool | None
    """True or False where the name itself says so."""


def style_of(cells: Sequence[str], plural: bool) -> Style:
    """How a column writes names. Decided once for the column: most of its cells have to agree."""
    filled = [cell for cell in cells if has_letter(cell)]
    if not filled:
        return "plain"
    commas = sum("," in _without_remarks(cell) for cell in filled)
    slashes = sum(_is_slashed(cell) for cell in filled)
    several = sum(_looks_several(cell) for cell in filled)
    if several and (plural or commas * 10 < len(filled) * 7) and several * 2 >= commas:
        return "list"
    if commas * 2 >= len(filled) or slashes * 2 >= len(filled):
        return "last_first"
    return "list" if plural else "plain"


def _is_slashed(cell: str) -> bool:
    return cell.count("/") == 1 and " / " not in cell


def _looks_several(cell: str) -> bool:
    """Full names on both sides of a comma: "Xiaoming Wang, Na Li". A single word before it is a surname."""
    parts = [part for part in _without_remarks(cell).split(",") if part.strip()]
    return len(parts) > 1 and all(len(fold(part).split()) > 1 for part in parts)


def _without_remarks(cell: str) -> str:
    return _BRACKETS.sub("", cell)


def split_people(cell: str, style: Style, persons: int | None = None) -> list[Person]:
    """The people of a cell. `persons` is what the line says about how many they are."""
    parts = [part for part in _ALWAYS.split(clean(cell).strip(_MARKS)) if has_letter(part)]
    if style == "list":
        parts = [piece for part in parts for piece in _by_commas(part)]
    if style == "list" or (persons or 0) > 1:
        parts = [piece for part in parts for piece in _by_and(part)]
    return [person for part in parts if (person := read_person(part)).name]


def split_companions(cell: str) -> list[Person]:
    """Companions of a column of their own: by slash, line or semicolon, otherwise by commas between full names."""
    parts = [part for part in re.split(r"\s*[;\n|/]\s*|\s+[+&]\s+", clean(cell)) if has_letter(part)]
    if len(parts) == 1 and not _has_title(parts[0]):
        parts = _by_commas(parts[0])
    return [person for part in parts for piece in _by_and(part) if (person := read_person(piece)).name]


def _by_commas(part: str) -> list[str]:
    pieces = [piece for piece in part.split(",") if piece.strip()]
    single = [piece for piece in pieces if len(fold(piece).split()) == 1]
    return [part] if len(pieces) == 2 and single else pieces


def _by_and(part: str) -> list[str]:
    """ "João Lima e Ana Lima" are two; "Artur da Costa e Silva Neto" is one: what follows has to be a person's name."""
    pieces = _AND.split(part)
    words = [fold(piece).split() for piece in pieces]
    if len(pieces) < 2 or any(len(found) < 2 for found in words):
        return [part]
    family = words[0][-1]
    others = all(found[-1] == family or found[0] in word_set("given_names") for found in words[1:])
    return pieces if others else [part]


def _has_title(text: str) -> bool:
    words = fold(text).split()
    return bool(words) and (words[-1] in _TITLES or words[0] in _TITLES)


def read_person(text: str) -> Person:
    """One person: title and remarks off, the order of the words as written."""
    name, minor = without_role(text), None
    if not _PLAIN.match(name) or " - " in name or " – " in name or _ends_as_child(name):
        name, minor = _without_age(name)
        name, child = _without_remark(name)
        minor = True if child else minor
    name, titles = _strip_titles(name)
    if titles & _CHILD_TITLES:
        minor = True
    return Person(_tidy(name), minor)


def without_role(text: str) -> str:
    """The name of "- Acomp: Theo"."""
    return _ROLE.sub("", clean(text).strip(_MARKS))


def _ends_as_child(name: str) -> bool:
    return "," in name and fold(name.rpartition(",")[2]) in word_set("child")


def _without_age(name: str) -> tuple[str, bool | None]:
    """ "Bia (6 anos)" and "Bia - 8 meses": the name, and whether that is a minor."""
    if _MONTHS.search(name):
        return _MONTHS.sub("", name), True
    match = _AGE.search(name)
    return (_AGE.sub("", name), int(match[1]) < ADULT_AGE) if match else (name, None)


def _without_remark(name: str) -> tuple[str, bool]:
    """ "Bia (criança)", "Bia - menor", "Bia, chd": the name, and whether a remark says child."""
    child = False
    for match in list(_BRACKETS.finditer(name)):
        child = child or _says_child(match[1])
        name = name.replace(match.group(), " ").strip()
    if (tail := _REMARK.search(name)) and _says_child(tail[1] or tail[2]):
        return name.replace(tail.group(), " "), True
    return name, child


def _says_child(remark: str) -> bool:
    folded = fold(remark)
    return folded in word_set("child") or folded.partition(" ")[0] in word_set("child")


def _strip_titles(name: str) -> tuple[str, set[str]]:
    """The name and its titles: ("DA COSTA, EVA", {"mr"}) of "DA COSTA, EVA, MR", ("SILVA, ANA", {}) of "SILVA/ANA"."""
    if name.count("/") == 1:
        name = name.replace("/", ", ")
    words = name.replace(",", ", ").split()
    found: set[str] = set()
    while len(words) > 1 and (title := words[-1].lower().strip(".,")) in _TITLES:
        found.add(title)
        words.pop()
    while len(words) > 1 and (title := words[0].lower().strip(".,")) in _TITLES:
        found.add(title)
        words.pop(0)
    return " ".join(words), found


def _tidy(name: str) -> str:
    return _COMMAS.sub(", ", name).strip(" ,-–.") if "," in name or not name[-1:].isalnum() else name


def minor_by_age(text: str) -> bool | None:
    """Of a column of ages: "6", "6 anos", "8 meses"."""
    if _MONTHS.search(text):
        return True
    match = re.match(r"^\D{0,8}(\d{1,3})\b", text)
    return int(match[1]) < ADULT_AGE if match else None


def minor_by_birth(born: date, on: date) -> bool | None:
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return age < ADULT_AGE if 0 <= age < 120 else None


def minor_by_type(text: str) -> bool | None:
    folded = fold(text)
    if folded in word_set("child") or folded in word_set("yes"):
        return True
    return False if folded in word_set("adult") or folded in word_set("no") else None
