"""A service order as typed, turned into what it says: rooms, persons, contacts, days and hints of nobody."""

import datetime as dt
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product

from matching.core.parsing import lexicon
from matching.core.parsing.contacts import NO_CONTACTS, Contacts, booking_codes, extract, phone_key
from matching.core.parsing.fields import BadRow, Row, moment, number, text
from matching.core.parsing.mentions import STRONG, NameWord, Person, Reader
from matching.core.parsing.scan import Scan, find_days, find_rooms
from matching.core.parsing.text import MAX_CHARS, strip_marks, tokenize

_CODE = re.compile(r"\w{5,20}")
# Rooms are left by noon and taken from two o'clock on.
NOBODY_IN_BEFORE, NOBODY_OUT_AFTER, EVERYBODY_OUT_BY = 11, 14, 18


@dataclass(frozen=True, slots=True)
class Order:
    os_id: int
    opened: dt.datetime
    rooms: tuple[str, ...]
    persons: tuple[Person, ...]
    contacts: Contacts
    days: tuple[dt.date, ...]
    hints: frozenset[str]
    words: frozenset[str]
    codes: frozenset[str]
    """Letters and digits in one, as booking numbers are."""
    shown: str


def parse_order(row: Row, known_rooms: AbstractSet[str]) -> Order:
    opened = moment(row, "aberta_em")
    if opened is None:
        raise BadRow("aberta_em is missing")
    fields = {
        name: strip_marks(text(row, name)[:MAX_CHARS]) for name in ("descricao", "hospede_texto", "solicitante_texto")
    }
    codes, fields_left = _booked(fields)
    contacts, plain = _contacts(row, fields_left)
    scans = {name: _scan(value, known_rooms) for name, value in plain.items()}
    rooms = _rooms(row, scans, known_rooms)
    asker = Reader(scans["solicitante_texto"], skip=lexicon.DEPARTMENTS).read()
    persons, staff = _persons(scans, asker)
    codes |= {c for value in plain.values() for c in _CODE.findall(value.lower()) if _is_code(c)}
    said = frozenset(t.text for scan in scans.values() for t in scan.tokens if t.is_word)
    return Order(
        number(row, "id"),
        opened,
        rooms,
        persons,
        contacts,
        tuple(_with_year(d, m, opened.date()) for d, m in scans["descricao"].days + scans["hospede_texto"].days),
        _all_hints(row, scans, opened, staff, (rooms, persons, contacts, codes)),
        said - lexicon.SERVICE,
        codes,
        (fields["hospede_texto"] or fields["descricao"])[:80],
    )


def _booked(fields: dict[str, str]) -> tuple[frozenset[str], dict[str, str]]:
    """Numbers that are called a booking's, and the texts without them."""
    found = {name: booking_codes(value) for name, value in fields.items()}
    return frozenset().union(*(codes for codes, _ in found.values())), {n: rest for n, (_, rest) in found.items()}


def _contacts(row: Row, fields: dict[str, str]) -> tuple[Contacts, dict[str, str]]:
    found = {name: extract(value) for name, value in fields.items()}
    typed = phone_key(text(row, "telefone_texto")[:40])
    phones = [typed] if typed else []
    phones += [p for contacts, _ in found.values() for p in contacts.phones]
    documents = [d for contacts, _ in found.values() for d in contacts.documents]
    emails = [e for contacts, _ in found.values() for e in contacts.emails]
    tails = [t for contacts, _ in found.values() for t in contacts.tails]
    merged = Contacts(*(tuple(dict.fromkeys(values)) for values in (phones, documents, emails, tails)))
    return merged, {name: rest for name, (_, rest) in found.items()}


def _scan(value: str, known_rooms: AbstractSet[str], *, room_field: bool = False) -> Scan:
    scan = Scan(tokenize(value))
    if not room_field:
        find_days(scan)
    find_rooms(scan, known_rooms, is_room_field=room_field)
    return scan


def _rooms(row: Row, scans: dict[str, Scan], known_rooms: AbstractSet[str]) -> tuple[str, ...]:
    typed = row.get("uh_texto")
    field = _scan(strip_marks(str(typed)[:200]), known_rooms, room_field=True) if typed is not None else Scan([])
    found = field.rooms + scans["hospede_texto"].rooms + scans["descricao"].rooms + scans["solicitante_texto"].rooms
    return tuple(dict.fromkeys(found))[:6]


def _persons(scans: dict[str, Scan], asker: list[Person]) -> tuple[tuple[Person, ...], list[Person]]:
    """The guests named, strongest field first, and the persons who are named as staff."""
    in_field = Reader(scans["hospede_texto"], name_field=True).read()
    in_text = Reader(scans["descricao"]).read()
    staff = [p for p in (*in_field, *in_text, *asker) if p.staff]
    staff_words = {word.text for p in staff for word in p.words}
    guests = [p for p in in_field + in_text if not p.staff and not {w.text for w in p.words} <= staff_words]
    if not any(p.strength >= STRONG for p in guests):
        guests += [_weaker(p) for p in asker if not p.staff and p.strength >= STRONG]
    return tuple(_settled(guests)), staff


def _is_code(chunk: str) -> bool:
    return any(c.isdigit() for c in chunk) and any(c.isalpha() for c in chunk)


def _weaker(person: Person) -> Person:
    """Who asked is often not who is meant."""
    halved = [NameWord(w.text, w.likelihood * 0.6) for w in person.words]
    return Person(halved, person.sex, person.suffix, person.formal)


def _settled(guests: list[Person]) -> list[Person]:
    """Strong mentions are persons of their own; the faint words together may be one when there is no other."""
    strong = [p for p in guests if p.strength >= STRONG]
    merged: list[Person] = []
    for person in strong:
        same = next((m for m in merged if {w.text for w in person.words} & {w.text for w in m.words}), None)
        if same is None:
            merged.append(person)
        else:
            seen = {w.text for w in same.words}
            same.words.extend(w for w in person.words if w.text not in seen)
            same.sex, same.suffix = same.sex or person.sex, same.suffix or person.suffix
    if merged:
        return merged[:4]
    faint = [w for p in guests for w in p.words][:8]
    return [Person(faint)] if faint else []


def _with_year(day: int, month: int, opened: dt.date) -> dt.date:
    """The date nearest to the order's own; the next such day where no month (0) is said."""
    options = []
    for year, said in product((opened.year - 1, opened.year, opened.year + 1), (month,) if month else range(1, 13)):
        try:
            options.append(dt.date(year, said, day))
        except ValueError:
            continue
    if not month:
        options = [day for day in options if day >= opened]
    return min(options, key=lambda d: abs((d - opened).days)) if options else opened


def _all_hints(
    row: Row,
    scans: dict[str, Scan],
    opened: dt.datetime,
    staff: list[Person],
    found: tuple[tuple[str, ...], tuple[Person, ...], Contacts, frozenset[str]],
) -> frozenset[str]:
    rooms, persons, contacts, codes = found
    hints = _hints(row, scans["descricao"], staff) | _asker_hints(scans["solicitante_texto"], persons)
    named = any(p.strength >= STRONG for p in persons)
    if rooms or named:
        hints.discard("place")
    if "third_party" in hints and "staff_named" not in hints and (rooms or named):
        hints = hints - {"third_party"} | {"third_party_mentioned"}
    if contacts != NO_CONTACTS:
        hints.add("contact")
    elif not rooms and not named:
        hints.add("no_mention")
    elif rooms and named:
        hints.add("named_with_room")
    if codes:
        hints.discard("no_mention")
    return frozenset(hints | _time_of_day(opened.hour))


def _time_of_day(hour: int) -> set[str]:
    if hour < NOBODY_IN_BEFORE:
        return {"morning"}
    return (
        {"afternoon", "evening"} if hour >= EVERYBODY_OUT_BY else {"afternoon" if hour >= NOBODY_OUT_AFTER else "noon"}
    )


def _hints(row: Row, scan: Scan, staff: list[Person]) -> set[str]:
    said = {t.text for t in scan.tokens if t.is_word}
    line = " ".join(t.text for t in scan.tokens)
    hints = {
        "preventive": row.get("tipo") == "preventiva" or bool(said & lexicon.PREVENTIVE),
        "common_area": row.get("local_tipo") in ("area_comum", "externo"),
        "place": bool(said & lexicon.PLACES),
        "third_party": scan.has_role(lexicon.THIRD_PARTY),
        "staff": scan.has_role(lexicon.STAFF),
        "staff_named": any(p.words for p in staff),
        "guest": bool(said & lexicon.GUEST_WORDS),
        "lost": row.get("setor") == "achados" or row.get("tipo") == "achado" or bool(said & lexicon.LOST_FOUND),
        "gone": bool(said & lexicon.GONE) or lexicon.LEFT_PHRASE.search(line) is not None,
        "asks": bool(said & lexicon.ASKS),
        "arrival": bool(said & lexicon.ARRIVAL) or any(p in line for p in lexicon.ARRIVAL_PHRASES),
        "transfer": row.get("setor") == "receptivo",
        "late_departure": "late check" in line or "saida tardia" in line,
    }
    return {name for name, holds in hints.items() if holds}


def _asker_hints(scan: Scan, persons: tuple[Person, ...]) -> set[str]:
    said = {t.text for t in scan.tokens if t.is_word}
    if not scan.has_role(lexicon.ROLES):
        return set()
    named = {w.text for p in persons for w in p.words}
    return {"asked_by_staff"} | ({"staff_named"} if said & named else set())
