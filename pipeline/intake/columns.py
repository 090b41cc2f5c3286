"""Which column is which field: by its name in Portuguese, Spanish or English, checked against its values."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from pipeline.intake.dates import scan, scan_time
from pipeline.intake.text import clean, fold, has_letter
from pipeline.intake.values import status_of
from pipeline.intake.words import (
    Kind,
    column_names,
    core_words,
    denied_words,
    header_phrase,
    ignored_columns,
)

# What a header must name before a row is taken for one.
REQUIRED: Final[Mapping[Kind, tuple[frozenset[str], ...]]] = {
    "stays": (
        frozenset({"name", "last_name", "first_name"}),
        frozenset({"arrival", "departure", "room", "booking", "arrived"}),
    ),
    "orders": (frozenset({"text", "title"}), frozenset({"opened", "room", "number", "status", "opened_time"})),
}
_DATES: Final = frozenset({"arrival", "departure", "arrived", "left", "opened", "closed", "birth"})
_NAMES: Final = frozenset({"name", "first_name", "last_name", "companions", "text", "title"})
_PLURAL_ROOMS: Final = frozenset({"rooms", "uhs", "quartos", "apartamentos", "aptos", "habitaciones", "room s"})
# Also the name of a federal state, or of something else.
_DOUBTFUL_STATUS: Final = frozenset({"estado", "state", "lista", "coluna", "list"})
# Also the name of a column that only counts the lines.
_BARE_NUMBERS: Final = frozenset({"numero", "codigo"})
# "Nº Res.", "Apto nº", "Phone #".
_CALLED_BY_NUMBER: Final = frozenset({"booking", "room", "number", "phone"})
_TYPO: Final = 91
_FUZZY_RANK: Final = 1_000
_CORE_RANK: Final = 2_000
_NUMBERED = re.compile(r"^(.*\D) ?(\d)$|^(\D+?) ?(\d) (\D+)$")
# "Data/Hora Entrada", "Arrival Date & Time": the date of both.
_MOMENT = re.compile(r"\bdata (?:e )?h(?:ora|r)\b|\bdt (?:e )?h(?:ora|r)\b|\bdate (?:e )?time\b")
# "Campo personalizado (Quarto)"
_CUSTOM_FIELD = re.compile(
    r"^(?:campo personalizado|custom field|campo personalizad)\s*\((?P<name>[^)]{1,60})\)$", re.IGNORECASE
)
_PARENTHESIS = re.compile(r"\([^)]{0,200}\)")
_SPLIT = re.compile(r"[/|\n]| - | (?:ou|or|o) ")


@dataclass
class Columns:
    """Field -> index of its column. Companions may have several columns."""

    headers: list[str]
    of: dict[str, int] = field(default_factory=dict)
    companions: list[int] = field(default_factory=list)
    by_values: bool = False

    def __contains__(self, name: str) -> bool:
        return name in self.of

    def field_at(self, index: int) -> str:
        if index in self.companions:
            return "companions"
        return next((name for name, at in self.of.items() if at == index), "")

    def names(self) -> list[str]:
        """The folded headers, up to the last one that is not blank."""
        return "\t".join(map(fold, self.headers)).rstrip("\t").split("\t")

    def header(self, name: str) -> str:
        at = self.of.get(name)
        return self.headers[at] if at is not None and at < len(self.headers) else ""


@lru_cache(maxsize=8_192)
def recognise(header: str, kind: Kind) -> tuple[str, int] | None:
    """The field that a column of this name holds, and how sure the name is (0 is surest). None: no field."""
    text = clean(header)
    if custom := _CUSTOM_FIELD.match(text):
        text = custom["name"]
    if not text or len(text) > 60:
        return None
    for variant in (text, _PARENTHESIS.sub(" ", text), *_SPLIT.split(text)):
        if found := _look_up(header_phrase(variant), kind):
            return found
        if header_phrase(variant) in ignored_columns():
            return None
    return _fuzzy(header_phrase(text), kind)


def _look_up(phrase: str, kind: Kind) -> tuple[str, int] | None:
    names = column_names(kind)
    if phrase in names:
        return names[phrase]
    day = _MOMENT.sub(lambda match: "date" if match[0].startswith("date") else "data", phrase)
    if day != phrase and day in names:
        return names[day]
    bare = phrase.removeprefix("numero ").removesuffix(" numero")
    if bare != phrase and (found := names.get(bare)) and found[0] in _CALLED_BY_NUMBER:
        return found
    match = _NUMBERED.match(phrase)
    if match is None or kind != "stays":
        return None
    base = match[1] or f"{match[3]} {match[5]}"
    found = names.get(base.strip())
    number = int(match[2] or match[4])
    if found and found[0] in ("name", "companions"):
        return ("name" if number == 1 and found[0] == "name" else "companions"), found[1]
    return None


def _fuzzy(phrase: str, kind: Kind) -> tuple[str, int] | None:
    if len(phrase) < 7 or phrase in ignored_columns():
        return None
    hit = process.extractOne(phrase, column_names(kind).keys(), scorer=fuzz.ratio, score_cutoff=_TYPO)
    return (column_names(kind)[hit[0]][0], _FUZZY_RANK) if hit else _by_core_word(phrase, kind)


def _by_core_word(phrase: str, kind: Kind) -> tuple[str, int] | None:
    """The one field whose core word stands in a longer header; None if two do, or a word makes it something else."""
    padded = f" {phrase} "
    if len(phrase.split()) < 2 or any(f" {word} " in padded for word in denied_words()):
        return None
    fields = {field for word, field in core_words(kind).items() if f" {word} " in padded}
    return (fields.pop(), _CORE_RANK) if len(fields) == 1 else None


def header_score(cells: Sequence[str], kind: Kind) -> int:
    """How many different fields these cells name; 0 unless what the kind requires is among them."""
    named = [found[0] for cell in cells if cell and (found := recognise(cell, kind))]
    fields = set(named)
    if not all(fields & choice for choice in REQUIRED[kind]) or any(scan(cell) for cell in cells if cell):
        return 0
    return len(fields) if len(fields) >= 2 and len(named) * 4 >= sum(1 for cell in cells if cell) else 0


def assign(headers: list[str], kind: Kind, values: Sequence[Sequence[object]]) -> Columns:
    """The best column for each field. `values` are samples of each column, without blanks."""
    columns = Columns(headers)
    wanted: dict[str, list[tuple[int, int]]] = {}
    for index, header in enumerate(headers):
        found = recognise(header, kind)
        if found and _fits(found[0], header, kind, values[index] if index < len(values) else []):
            wanted.setdefault(found[0], []).append((found[1] if values[index] else found[1] + 500, index))
    for name, choices in wanted.items():
        if name == "companions":
            columns.companions = sorted(index for _, index in choices)
        else:
            columns.of[name] = min(choices)[1]
    return columns


def _fits(name: str, header: str, kind: Kind, values: Sequence[object]) -> bool:
    """Do the values look like the field? An empty column fits anything."""
    if not values:
        return True
    if name in _DATES:
        return sum(scan(value) is not None or scan_time(value) is not None for value in values) * 2 >= len(values)
    if name in _NAMES:
        return sum(isinstance(value, str) and has_letter(value) for value in values) * 2 >= len(values)
    if name == "room" and header_phrase(header) in _PLURAL_ROOMS:
        return any(not (isinstance(value, str) and value.isdigit() and len(value) == 1) for value in values)
    if name == "booking" and header_phrase(header) in _BARE_NUMBERS:
        return [str(value) for value in values] != [str(number) for number in range(1, len(values) + 1)]
    if name == "status" and header_phrase(header) in _DOUBTFUL_STATUS:
        return sum(isinstance(value, str) and status_of(value, kind) is not None for value in values) * 2 >= len(values)
    if name in ("room", "status", "group", "company", "agency", "channel"):
        return sum(scan(value) is not None for value in values) * 2 < len(values)
    return True


def infer(values: Sequence[Sequence[object]], kind: Kind) -> Columns | None:
    """Columns of a table without a header, by their values alone. None unless each needed field has one candidate."""
    columns = Columns([f"coluna {index + 1}" for index in range(len(values))], by_values=True)
    dates = [index for index, column in enumerate(values) if _share(column, lambda v: scan(v) is not None) > 0.8]
    texts = [index for index, column in enumerate(values) if index not in dates and _share(column, _is_wordy) > 0.8]
    codes = [
        index
        for index, column in enumerate(values)
        if index not in dates and index not in texts and _share(column, _is_code) > 0.8
    ]
    if kind == "stays" and len(dates) == 2 and len(texts) == 1:
        columns.of = {"arrival": dates[0], "departure": dates[1], "name": texts[0]}
        if codes:
            columns.of["room"] = codes[0]
        return columns
    if kind == "orders" and len(dates) == 1 and texts:
        longest = max(texts, key=lambda index: sum(len(str(value)) for value in values[index]))
        columns.of = {"opened": dates[0], "text": longest}
        if len(codes) == 1:
            columns.of["room"] = codes[0]
        return columns
    return None


def _share(column: Sequence[object], test: "re.Pattern[str] | object") -> float:
    return sum(bool(test(value)) for value in column) / len(column) if column and callable(test) else 0.0


def _is_wordy(value: object) -> bool:
    return isinstance(value, str) and len(fold(value).split()) >= 2 and not any(c.isdigit() for c in value[:3])


def _is_code(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 8 and any(c.isdigit() for c in value)
