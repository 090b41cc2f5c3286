"""Lines of their own that set a field for the lines below: the room, the company, the group."""

import re
from collections.abc import Sequence
from typing import Final

from pipeline.intake.columns import recognise
from pipeline.intake.dates import scan
from pipeline.intake.text import clean, fold
from pipeline.intake.values import is_no_room, split_type
from pipeline.intake.words import reports

_BAND_ROOM = re.compile(
    r"^(?:uh|apto|apartamento|quarto|room|habitaci[oó]n|hab|unidade|unit)\b[\s.:#nNº°-]*(?P<room>.+)$", re.IGNORECASE
)
_BAND_LABEL = re.compile(r"^(?P<label>[^:]{2,30}):\s*(?P<value>.+)$")
_BAND_PARTS = re.compile(r"(?<!\s)\s+(?=[A-Za-zÀ-ÿ.]{2,20}:)")
_BARE_ROOM = re.compile(r"^[A-Za-z]{0,4}[ .-]?\d{1,5}[A-Za-z]?(?:\s+[-–]\s+\D{2,24})?$")
_BAND_FIELDS: Final = frozenset(
    {"room", "company", "agency", "group", "channel", "status", "booking", "sector", "arrival", "departure"}
)
_DAY = re.compile(r"^(?:(?:dia|data|date|fecha|d[ií]a)\b[\s:.]*)?(?P<day>\S.*)$", re.IGNORECASE)
_PERIOD = re.compile(
    r"^(?:(?:per[ií]odo|period|estadia|hospedagem|datas|dates|stay)\b[\s:]*)?(?P<arrival>\S+)\s+(?:a|à|até|to|al|-|–)\s+"
    r"(?P<departure>\S+)$",
    re.IGNORECASE,
)


def read_band(filled: Sequence[str], room_column: bool) -> dict[str, str]:
    """The fields that a line of its own sets for the lines below: "UH 0412 - LUXO", "Empresa: Petrobras S.A."."""
    text = clean(" ".join(filled))
    if days := _days(text):
        return days
    parts = [part for cell in _with_labels(filled) for part in _BAND_PARTS.split(cell)]
    found = [_band_field(part) for part in parts]
    known = {name: value for name, value in found if name}
    if known and all(name or ":" in part for part, (name, _) in zip(parts, found, strict=True)):
        return known
    bare = not room_column and len(filled) == 1 and _BARE_ROOM.match(text)
    return {"room": split_type(text)[0]} if bare else {}


def read_period(text: str) -> tuple[str, str] | None:
    """Both dates of "10/03/2026 a 14/03/2026"."""
    found = _PERIOD.match(text)
    return (
        (found["arrival"], found["departure"])
        if found and scan(found["arrival"]) and scan(found["departure"])
        else None
    )


def _days(text: str) -> dict[str, str]:
    """The `day` of a line that is nothing but a date ("Dia 12/03/2026"), or the stay of a period."""
    if period := read_period(text):
        return dict(zip(("arrival", "departure"), period, strict=True))
    day = _DAY.match(text)
    stamp = scan(day["day"]) if day else None
    return {"day": day["day"]} if day and stamp and stamp.clock is None else {}


def _with_labels(filled: Sequence[str]) -> list[str]:
    """Cells, a label joined with the value beside it."""
    cells: list[str] = []
    for cell in filled:
        if cells and (cells[-1].endswith(":") or _is_label(cells[-1])):
            cells[-1] = f"{cells[-1]} {cell}"
        else:
            cells.append(cell)
    return cells


def _band_field(text: str) -> tuple[str, str]:
    if match := _BAND_ROOM.match(text):
        return ("room", room) if (room := _band_room(match["room"])) else ("", "")
    match = _BAND_LABEL.match(text)
    found = recognise(match["label"], "stays") if match else None
    return (found[0], match["value"].strip()) if match and found and found[0] in _BAND_FIELDS else ("", "")


def _band_room(text: str) -> str:
    """ "0412" of "0412 - LUXO" and of "0412 LUXO 2 PAX"; "CH 07", "Suíte Presidencial" whole."""
    words = re.split(r"\s+[-–|]\s+|\s*\(", text)[0].split()
    digits = [index for index, word in enumerate(words[:2]) if any(map(str.isdigit, word))]
    room = " ".join(words[: digits[0] + 1] if digits else words)
    return room if len(room) <= 20 and len(room.split()) <= 2 and not is_no_room(room) else ""


def _is_label(text: str) -> bool:
    return fold(text) in reports()["room_words"]
