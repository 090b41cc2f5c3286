"""Lines of a guest list against the listing in force: who is new, what changes, who leaves, who is missing.

For the eye of the person who confirms: the function of the hotel decides by its own keys what is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from matching.room_numbers import room_key
from pipeline.hotel import StayStatus
from pipeline.intake.text import fold
from pipeline.models import ImportedFile

LEAVES, MISSING, CHANGES, NEW, SAME = "leaves", "missing", "changes", "new", "same"
ORDER: Final = (LEAVES, MISSING, CHANGES, NEW, SAME)
_COMPARED: Final = (("room", "uh"), ("arrival", "chegada"), ("departure", "saida"))

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """One guest. `changes` are (field, before, after), texts as they are shown."""

    type: str
    name: str
    room: str
    main: bool
    arrival: str
    departure: str
    company: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    overdue: bool = False
    """Missing although the stay was to go on."""

    @property
    def arrival_words(self) -> str:
        return _short(self.arrival)

    @property
    def departure_words(self) -> str:
        return _short(self.departure)


@dataclass
class Comparison:
    lines: list[Compared] = field(default_factory=list)
    known_rooms: int = 0
    unknown_rooms: list[str] = field(default_factory=list)
    in_force: int = 0
    """Guests in the house by the listing in force."""

    def count(self, kind: str) -> int:
        return sum(1 for line in self.lines if line.type == kind)

    @property
    def unexplained(self) -> int:
        return sum(1 for line in self.lines if line.type == MISSING and line.overdue)


def compare(file: ImportedFile, lines: Iterable[Row], in_force: Iterable[Row], day: date) -> Comparison:
    """`in_force` are snapshot rows of the guest listing."""
    before = [row for row in in_force if row["status"] in _HERE_OR_COMING]
    known = {room_key(row["uh"]) for row in before if row["uh"]}
    by_name: dict[frozenset[str], list[Row]] = {}
    for row in before:
        by_name.setdefault(_bag(row.get("nome_listagem") or row.get("nome") or ""), []).append(row)
    found = Comparison(in_force=sum(row["status"] == StayStatus.IN_HOUSE for row in before))
    rooms: dict[str, str] = {}
    for line in lines:
        if line.get("room"):
            rooms[room_key(line["room"])] = line["room"]
        found.lines.append(_of_line(line, _take(by_name, line)))
    if file.scope == "house":
        left = [row for rows in by_name.values() for row in rows if row["status"] == StayStatus.IN_HOUSE]
        found.lines += [_of_row(row, day) for row in left]
    found.known_rooms = len(known)
    found.unknown_rooms = [text for key, text in rooms.items() if known and key not in known]
    found.lines.sort(key=lambda one: (ORDER.index(one.type), one.room, not one.main))
    return found


_HERE_OR_COMING: Final = frozenset({StayStatus.IN_HOUSE, StayStatus.CONFIRMED, StayStatus.TO_BE_CONFIRMED})


def _short(day: str) -> str:
    """ "12/03" of "2026-03-12"."""
    return f"{day[8:10]}/{day[5:7]}"


def _bag(name: str) -> frozenset[str]:
    return frozenset(fold(name).replace(",", " ").split())


def _take(by_name: dict[frozenset[str], list[Row]], line: Row) -> Row | None:
    """The stay of this guest, which is then no longer among those left: the same room first, else the nearest."""
    candidates = by_name.get(_bag(line["name"]))
    if not candidates:
        return None
    room = room_key(line.get("room") or "")
    best = min(candidates, key=lambda row: (room_key(row["uh"] or "") != room, row["chegada"] != line["arrival"]))
    candidates.remove(best)
    return best


def _of_line(line: Row, before: Row | None) -> Compared:
    changes: tuple[tuple[str, str, str], ...] = ()
    if before is not None:
        pairs = ((ours, str(before[theirs] or ""), str(line.get(ours) or "")) for ours, theirs in _COMPARED)
        changes = tuple(
            (name, old, new) if name == "room" else (name, _short(old), _short(new))
            for name, old, new in pairs
            if new and not _equal(name, old, new)
        )
    return Compared(
        NEW if before is None else CHANGES if changes else SAME,
        line["name"],
        line.get("room") or "",
        bool(line.get("main")),
        line["arrival"],
        line["departure"],
        line.get("company") or line.get("agency") or "",
        changes,
    )


def _equal(name: str, old: str, new: str) -> bool:
    return room_key(old) == room_key(new) if name == "room" else old == new


def _of_row(row: Row, day: date) -> Compared:
    ends = str(row["saida"])
    stays_on = ends > day.isoformat()
    return Compared(
        MISSING if stays_on else LEAVES,
        row.get("nome_listagem") or row.get("nome") or "",
        row["uh"] or "",
        bool(row["titular"]),
        str(row["chegada"]),
        ends,
        row.get("empresa") or "",
        overdue=stays_on,
    )
