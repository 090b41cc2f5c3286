"""Stay lines out of a sheet: one line a guest and room, as the contract `schemas/stays.json` has it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from pipeline.intake.date_order import Dates
from pipeline.intake.dates import Order, Stamp, scan
from pipeline.intake.people import (
    Person,
    Style,
    minor_by_age,
    minor_by_birth,
    minor_by_type,
    split_companions,
    split_people,
    without_role,
)
from pipeline.intake.tables import DataRow, Fields, Ignored, Sheet, fields_of, text_of
from pipeline.intake.text import clean, fold, has_letter, is_nothing
from pipeline.intake.values import (
    country_of_nationality,
    is_no_room,
    is_vacant,
    phone_of,
    split_rooms,
    split_type,
    status_of,
)
from pipeline.intake.words import sentences as say
from pipeline.intake.words import word_set

KEYS: Final = (
    *("booking", "room", "name", "main", "arrival", "departure", "status", "company", "agency", "group", "channel"),
    *("phone", "email", "country", "minor", "note", "person_id", "line_id"),
)

# What is looked at before anything is decided.
_DECIDING: Final = frozenset(
    {"name", "first_name", "last_name", "arrival", "departure", "nights", "status", "room", "booking"}
)
_COUNTS = re.compile(r"\d+")


@dataclass
class Learned:
    """What the whole file says, before single lines are read."""

    order: Order = "dmy"
    style: Style = "plain"
    typed_rooms: bool = False
    no_rooms: bool = False
    """The column that seems to hold rooms holds types of rooms."""
    statuses: Mapping[str, str | None] = field(default_factory=dict)
    whole_house: bool = False
    real_dates: bool = False
    arrival: date | None = None
    """Of a list of one day's arrivals without a column for it; `departure` likewise."""
    departure: date | None = None


@dataclass
class Collected:
    """What the rows hold, before anything is decided."""

    dates: Dates
    words: Counter[str] = field(default_factory=Counter)
    """Status words of rows with a guest."""
    stays_of: dict[str, list[tuple[Stamp | None, Stamp | None]]] = field(default_factory=dict)
    """Arrivals and departures of each status word that is a code or unknown."""
    names: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    bookings_of: dict[str, set[str]] = field(default_factory=dict)
    """Bookings of each room as written."""


class StayRows:
    def __init__(self, sheet: Sheet, today: date | None, learned: Learned) -> None:
        self.columns, self.today, self.learned = sheet.columns, today, learned
        self.seen: set[tuple[object, ...]] = set()
        # Fields and rooms of the guest above, for companions without a room or dates of their own.
        self.above: tuple[dict[str, Any], list[str]] | None = None
        self.missing: int | None = None
        """How many people of the guest above have not come yet; None where no line counts them."""

    def collect(self, rows: Iterable[DataRow]) -> Collected:
        found = Collected(Dates(today=self.today))
        mapped = {at for name, at in self.columns.of.items() if name != "birth"}
        needed = {name: at for name, at in self.columns.of.items() if name in _DECIDING}
        for row in (fields_of(row, needed) for row in rows):
            name = row.text("name") or row.text("last_name") or row.text("first_name") or ""
            stamps = self._collect_dates(row, found.dates, mapped)
            word = row.text("status")
            if word is not None and has_letter(name) and not is_vacant(name):
                found.words[word] += 1
                if len(word) < 3 or status_of(word, "stays") is None:
                    found.stays_of.setdefault(word, []).append((stamps[0], stamps[1]))
            if len(found.names) < 2_000:
                found.names.append(row.text("name") or "")
            if room := text_of(row.cell("room")):
                found.bookings_of.setdefault(room, set()).add(row.text("booking") or name)
        found.rooms = list(found.bookings_of)
        return found

    def _collect_dates(self, row: Fields, dates: Dates, mapped: set[int]) -> list[Stamp | None]:
        cells = [row.cell(name) or row.row.bands.get(name, "") for name in ("arrival", "departure")]
        stamps = [scan(cell) for cell in cells]
        for cell, stamp in zip(cells, stamps, strict=True):
            if stamp:
                dates.samples.setdefault(stamp, text_of(cell))
        if any(stamps):
            dates.stays.append((stamps[0], stamps[1], row.number("nights")))
        if len(dates.others) < 5_000:
            others = [cell for at, cell in enumerate(row.row.cells) if at not in mapped and cell != ""]
            dates.others += [(stamp, text_of(cell)) for cell in others if (stamp := scan(cell)) and stamp.is_open]
        return stamps

    def lines(self, rows: Iterable[DataRow], ignore: Callable[[Ignored], None]) -> Iterator[dict[str, Any]]:
        for row in (fields_of(row, self.columns.of) for row in rows):
            people = self.people(row)
            arrival, departure = self.days(row)
            reason = self._refusal(row, people, arrival, departure)
            if reason:
                ignore(Ignored(row.row.number, reason))
            elif arrival and departure and not self._is_in_room_above(row, arrival, departure):
                yield from self.stay(row, people, arrival, departure)
            else:
                yield from self.companions_below(row, people)

    def _refusal(self, row: Fields, people: list[Person], arrival: date | None, departure: date | None) -> str:
        if not people:
            name, room = row.text("name") or "", text_of(row.cell("room"))
            return say.VACANT if is_vacant(name) or (room and not name) else say.NO_NAME
        if arrival and departure:
            return say.BAD_DATE if departure < arrival else ""
        written = [text_of(row.cell(name)) for name in ("arrival", "departure")]
        if any(not is_nothing(text) for text in written):
            given = [text for text in written if not is_nothing(text)]
            return (
                say.BAD_DATE if all(scan(text) or any(c.isdigit() for c in text) for text in given) else say.NOT_A_TABLE
            )
        return "" if self._is_companion(row) else say.NO_STAY_DATES

    def _is_companion(self, row: Fields) -> bool:
        """A name alone under a guest: same room, or none, and no booking of its own."""
        if self.above is None:
            return False
        room, booking = row.text("room"), row.text("booking")
        same_room = not room or room in self.above[1]
        name = without_role(row.text("name") or "")
        return same_room and booking in (None, self.above[0]["booking"]) and ":" not in name and len(name) < 80

    def _is_in_room_above(self, row: Fields, arrival: date, departure: date) -> bool:
        """A guest without a room, with the booking and the dates of the one above, who is counted there or in house."""
        if self.above is None or "room" not in self.columns or row.text("room") or len(self.above[1]) != 2:
            return False
        shared, booking = self.above[0], row.text("booking")
        same = (shared["arrival"], shared["departure"]) == (arrival.isoformat(), departure.isoformat())
        if not same or booking not in (None, shared["booking"]) or fold(row.text("main") or "") in word_set("yes"):
            return False
        if self._is_bare(row):
            return True
        if self.missing is not None:
            return self.missing > 0
        inside = self.today is not None and arrival <= self.today and shared["status"] in (None, "na_casa")
        return inside and (booking is not None or self.learned.whole_house)

    def _is_bare(self, row: Fields) -> bool:
        """Nothing but a name, in a list whose dates stand in its headings."""
        names = {"name", "first_name", "last_name"} & set(row.cells)
        return "arrival" not in self.columns and sum(cell != "" for cell in row.row.cells) == len(names)

    def people(self, row: Fields) -> list[Person]:
        name = " ".join(row.text(part) or "" for part in ("first_name", "name")).strip()
        last = row.text("last_name") or ""
        if last and not _bag(last) <= _bag(name):
            name = f"{name} {last}".strip()
        if not has_letter(name) or is_vacant(name):
            return []
        return split_people(name, self.learned.style, self.persons(row))

    def persons(self, row: Fields) -> int | None:
        """How many people the line says it stands for."""
        counts = [row.number("adults"), row.number("children")]
        if counts[0] is not None:
            return counts[0] + (counts[1] or 0)
        pax = row.text("pax") or ""
        numbers = [int(part) for part in _COUNTS.findall(pax)]
        return sum(numbers) if 0 < len(numbers) <= 4 and max(numbers) < 100 else None

    def days(self, row: Fields) -> tuple[date | None, date | None]:
        """Arrival and departure; a missing one follows from the nights, or from the day of a list of arrivals."""
        arrival, departure = self.day(row, "arrival", "arrived"), self.day(row, "departure", "left")
        if arrival or departure or row.text("booking"):
            arrival, departure = arrival or self.learned.arrival, departure or self.learned.departure
        nights = row.number("nights")
        if nights is not None and arrival and not departure:
            departure = arrival + timedelta(days=nights)
        elif nights is not None and departure and not arrival:
            arrival = departure - timedelta(days=nights)
        return arrival, departure

    def day(self, row: Fields, name: str, real: str) -> date | None:
        stamp = scan(row.cell(name)) or scan(row.row.bands.get(name, "")) or scan(row.cell(real))
        return stamp.day(self.learned.order, self.today) if stamp else None

    def stay(self, row: Fields, people: list[Person], arrival: date, departure: date) -> Iterator[dict[str, Any]]:
        rooms = self.rooms(row)
        shared = {
            "booking": row.text("booking"),
            "arrival": arrival.isoformat(),
            "departure": departure.isoformat(),
            "status": self.status(row, arrival, departure),
            **{name: row.text(name) for name in ("company", "agency", "group", "channel")},
        }
        self.above = (shared, [*rooms, row.text("room") or ""])
        persons = self.persons(row)
        main = self.is_main(row, shared, rooms)
        places: list[str | None] = [*rooms] or [None]
        for room in places:
            yield self.line(row, people[0], {**shared, "room": room}, main)
        others = [*people[1:], *self.companions(row, people[0])]
        self.missing = None if persons is None else persons - 1 - len(others)
        for person in others:
            yield self.other(person, {**shared, "room": rooms[0] if len(rooms) == 1 else None})

    def companions_below(self, row: Fields, people: list[Person]) -> Iterator[dict[str, Any]]:
        if self.above is None:
            return
        room = self.above[1][0] if len(self.above[1]) == 2 else None
        self.missing = None if self.missing is None else self.missing - len(people)
        shared = {**self.above[0], "room": room or None}
        yield self.line(row, people[0], shared, False)
        for person in people[1:]:
            yield self.other(person, shared)

    def rooms(self, row: Fields) -> list[str]:
        text = text_of(row.cell("room"))
        if is_no_room(text):
            text = row.row.bands.get("room", "")
        if self.learned.no_rooms:
            return []
        if self.learned.typed_rooms:
            text = split_type(text)[0]
        return split_rooms(text)

    def is_main(self, row: Fields, shared: Mapping[str, Any], rooms: list[str]) -> bool:
        """Main is whom the file says, otherwise the first of a booking and room."""
        key = (shared["booking"] or (shared["arrival"], shared["departure"]), tuple(rooms))
        first = key not in self.seen or not (shared["booking"] or rooms)
        self.seen.add(key)
        said = fold(row.text("main") or "")
        if said in word_set("yes"):
            return True
        return first if said not in word_set("no") else False

    def line(self, row: Fields, person: Person, shared: Mapping[str, Any], main: bool) -> dict[str, Any]:
        nationality = row.text("nationality")
        country = row.text("country") or (country_of_nationality(nationality) if nationality else None)
        number, area, prefix = (row.text(name) or "" for name in ("phone", "phone_area", "phone_country"))
        own = {
            "name": person.name,
            "main": main,
            "phone": phone_of(number, area, prefix),
            "country": country,
            "minor": self.minor(row, person),
            **{name: row.text(name) for name in ("email", "note", "person_id", "line_id")},
        }
        return {key: own.get(key, shared.get(key)) for key in KEYS}

    def other(self, person: Person, shared: Mapping[str, Any]) -> dict[str, Any]:
        own = {"name": person.name, "main": False, "minor": person.minor}
        return {key: own.get(key, shared.get(key)) for key in KEYS}

    def companions(self, row: Fields, main: Person) -> list[Person]:
        found = []
        for at in self.columns.companions:
            text = text_of(row.row.cells[at]) if at < len(row.row.cells) else ""
            if not is_nothing(text) and has_letter(text) and fold(text) not in word_set("no"):
                found += [person for person in split_companions(text) if _bag(person.name) != _bag(main.name)]
        return found

    def minor(self, row: Fields, person: Person) -> bool | None:
        """Whether this person is a minor, as far as the line says it of this person and not of the room."""
        if person.minor is not None:
            return person.minor
        if (age := row.text("age")) is not None and (found := minor_by_age(age)) is not None:
            return found
        if (kind := row.text("guest_type")) is not None and (found := minor_by_type(kind)) is not None:
            return found
        born = scan(row.cell("birth"))
        if born and self.today and (day := born.day(self.learned.order, None)):
            return minor_by_birth(day, self.today)
        adults, children = row.number("adults"), row.number("children")
        if adults is None or children is None or adults + children == 0:
            return None
        return False if children == 0 else True if adults == 0 else None

    def status(self, row: Fields, arrival: date, departure: date) -> str | None:
        word = row.text("status")
        if word is not None:
            return self.learned.statuses.get(word)
        if self.learned.real_dates:
            if scan(row.cell("left")):
                return "saida"
            return "na_casa" if scan(row.cell("arrived")) else None
        inside = self.today is None or arrival <= self.today <= departure
        return "na_casa" if self.learned.whole_house and inside else None


def _bag(name: str) -> frozenset[str]:
    return frozenset(fold(clean(name)).split())
