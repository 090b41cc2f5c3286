"""A service order as typed, turned into what it says: rooms, persons, relations, attributes, contacts, days, hints."""

import datetime as dt
import re
from collections.abc import Collection, Container, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from matching.core.parsing import lexicon
from matching.core.parsing.attributes import kin_label, said_labels, take_plates
from matching.core.parsing.contacts import NO_CONTACTS, Contacts, booking_codes, extract, phone_key
from matching.core.parsing.dates import find_days, relative_days, with_year
from matching.core.parsing.fields import Row, number, opening, text
from matching.core.parsing.mentions import STRONG, NameWord, Person, Reader
from matching.core.parsing.names import Sex
from matching.core.parsing.phrases import Match, word_set
from matching.core.parsing.relations import Relation, find_relation
from matching.core.parsing.rooms.denials import is_negation, may_deny
from matching.core.parsing.rooms.directory import RoomDirectory
from matching.core.parsing.rooms.mentions import find_rooms
from matching.core.parsing.scan import Scan
from matching.core.parsing.text import MAX_CHARS, strip_marks, tokenize

_CODE = re.compile(r"\w{5,20}")
_LEFT = word_set("saiu sairam")
_POSSESSIVE = re.compile(r"['’`´]s\b")
_FIELDS = ("descricao", "hospede_texto", "solicitante_texto")
# Rooms are left by noon and taken from two o'clock on.
NOBODY_IN_BEFORE, NOBODY_OUT_AFTER, EVERYBODY_OUT_BY = 11, 14, 18
# More rooms than that name no guest: they are a round.
MOST_ROOMS = 24
# `a sra do 305`: a form of address without a name.
_TITLES_ALONE = {"sra": "F", "srta": "F", "dona": "F", "sr": "M", "seu": "M"}
_ONE_PERSON = word_set(
    "hospede cliente huesped guest convidada convidado casal turista familia vizinho vizinha vizinhos"
)
_TIMES = {"antes": "gone", "before": "gone", "depois": "next_guest", "after": "next_guest"}
# Words that speak of somebody who is not named.
_WHO = word_set(
    "quem hospede hospedes huesped guest casal pessoal pessoa familia moca rapaz senhor senhora who whoever quien"
)
_ARTICLES = word_set("o a um uma the el la un una do da ao pela pelo")
_PERSON_LINKS = word_set(
    """e eh era foi o a do da de ao para com sr sra seu dona senhor senhora es mr mrs the se nome"""
)


@dataclass(frozen=True, slots=True)
class Order:
    os_id: int
    opened: dt.datetime
    rooms: tuple[str, ...]
    """Keys of the rooms that are meant; several where the text is ambiguous."""
    persons: tuple[Person, ...]
    contacts: Contacts
    days: tuple[dt.date, ...]
    hints: frozenset[str]
    codes: frozenset[str]
    """Letters and digits in one, as booking numbers are."""
    shown: str
    room_levels: tuple[str, ...] = ()
    """By room: `same`, `same_number` (any of several rooms) or `resembles`."""
    beside: tuple[str, ...] = ()
    """Rooms of the same number in another block than the one named."""
    denied_rooms: tuple[str, ...] = ()
    denied: tuple[Person, ...] = ()
    relation: Relation | None = None
    described: Sex = ""
    """Sex of a person who is meant without a name: `a senhora do 305`."""
    labels: tuple[str, ...] = ()
    stay_days: tuple[tuple[str, dt.date], ...] = ()
    """(`arrival` or `departure`, day) of what is said of the stay: `chegou ontem`."""
    unread: tuple[str, ...] = ()
    """Room words that designate no known room."""
    room_shown: str = ""
    floor: int | None = None
    """The floor named, where no room is."""
    blocks: frozenset[str] = frozenset()
    """Tags of the block named (`anexo`, `torre B`), where no room is."""
    someone: bool = False
    """One person is spoken of (`a hóspede`, `um senhor`): "no guest" is no sure answer."""
    dated: str = ""
    """Where the order's moment was taken from when `aberta_em` could not be used."""


@lru_cache(maxsize=64)
def _directory_of(rooms: frozenset[str]) -> RoomDirectory:
    return RoomDirectory.of(rooms)


def parse_order(
    row: Row,
    rooms: RoomDirectory | AbstractSet[str],
    known_labels: Collection[str] = frozenset(),
    known_names: Container[str] = frozenset(),
    business_date: dt.date | None = None,
) -> Order:
    """Raises BadRow where the id or a text column cannot be used. `rooms`: the directory, or the keys of all rooms;
    `known_labels` and `known_names`: labels and words of names of the listing."""
    directory = rooms if isinstance(rooms, RoomDirectory) else _directory_of(frozenset(rooms))
    opened, dated = opening(row, business_date)
    return _Reading(row, directory, known_labels, known_names, opened, dated).order()


class _Reading:
    """Everything that is read of one row."""

    def __init__(
        self,
        row: Row,
        directory: RoomDirectory,
        known_labels: Collection[str],
        known_names: Container[str],
        opened: dt.datetime,
        dated: str,
    ) -> None:
        self.row, self.directory, self.opened, self.dated = row, directory, opened, dated
        self.known_labels, self.known_names = known_labels, known_names
        self.fields = {name: _plain(text(row, name)[:MAX_CHARS]) for name in _FIELDS}
        self.codes, left = _booked(self.fields)
        self.contacts, left = _contacts(row, left, directory.by_number)
        self.labels: list[str] = []
        for name, value in left.items():
            found, left[name] = take_plates(value)
            self.labels += found
        self.codes |= {c for value in left.values() for c in _CODE.findall(value.lower()) if _is_code(c)}
        self.scans = {name: _scan(value, directory, known_names) for name, value in left.items()}
        self._read_rooms()
        for scan in self.scans.values() if known_labels else ():
            self.labels += [label for label in said_labels(scan, known_labels) if label not in self.labels]
        self._read_persons()
        kin = kin_label(self.relation.word) if self.relation else None
        self.labels += [kin] if kin else []
        self.known = [label for label in self.labels if label in known_labels or "~" in label]
        """Labels that a guest of the listing bears."""

    def order(self) -> Order:
        scans, day = self.scans, self.opened.date()
        said = [*scans["descricao"].days, *scans["hospede_texto"].days]
        stay_days = tuple(dict.fromkeys((side, day + dt.timedelta(n)) for side, n in relative_days(scans["descricao"])))
        return Order(
            os_id=number(self.row, "id"),
            opened=self.opened,
            rooms=tuple(self.rooms),
            persons=self.persons,
            contacts=self.contacts,
            days=tuple(with_year(d, m, day) for d, m in said),
            hints=self._hints(),
            codes=frozenset(self.codes),
            shown=(self.fields["hospede_texto"] or self.fields["descricao"])[:80],
            room_levels=tuple(self.rooms.values()),
            beside=self.beside,
            denied_rooms=self.denied_rooms,
            denied=self.denied,
            relation=self.relation,
            described=self._described(),
            labels=tuple(self.labels),
            stay_days=stay_days,
            unread=self.unread,
            room_shown="/".join(self.room_texts),
            dated=self.dated,
            floor=next((scan.floor for scan in scans.values() if scan.floor is not None), None),
            blocks=frozenset() if self.rooms or self.unread else frozenset().union(*(s.blocks for s in scans.values())),
            someone=self._someone(),
        )

    # --- rooms -----------------------------------------------------------------------------------
    def _read_rooms(self) -> None:
        typed = self.row.get("uh_texto")
        field = _scan(_plain(str(typed)[:200]), self.directory, room_field=True) if typed is not None else Scan([])
        scans = self.scans
        mentions = [
            *field.mentions,
            *scans["hospede_texto"].mentions,
            *scans["descricao"].mentions,
            *scans["solicitante_texto"].mentions,
        ]
        denied = {key for mention in mentions if mention.denied for key in mention.keys}
        own = [m for m in mentions if not (m.denied or m.near or m.source)]
        if not own:
            own = [m for m in mentions if m.source and not m.denied]
        self.near_room = any(m.near for m in mentions) and not own
        self.rooms: dict[str, str] = {}
        self.room_texts: list[str] = []
        typed_rooms = [key for m in field.mentions if not m.unread for key in m.keys]
        for mention in own:
            keys = [key for key in mention.keys if key not in denied or mention in field.mentions]
            if len(self.rooms) + len(keys) > MOST_ROOMS and self.rooms:
                continue
            if keys and not (typed_rooms and mention not in field.mentions):
                shown = keys[0] if len(keys) == 1 and mention.level == "same" else mention.text
                self.room_texts += [shown] if shown not in self.room_texts else []
            elsewhere = typed_rooms and mention not in field.mentions
            for key in keys[:MOST_ROOMS]:
                self.rooms.setdefault(key, "mentioned" if elsewhere else mention.level)
        self._tell_blocks_apart(scans)
        self.beside = tuple(dict.fromkeys(key for m in own for key in m.beside if key not in self.rooms))
        self.denied_rooms = tuple(sorted(denied - self.rooms.keys()))
        self.unread = tuple(dict.fromkeys(m.text for m in mentions if m.unread and not m.near))
        if self.rooms and all(not m.unread for m in own if m.keys):
            self.unread = ()

    def _tell_blocks_apart(self, scans: dict[str, Scan]) -> None:
        """`705, a outra torre (T2)`: of rooms of one number those of the block that the text names."""
        blocks = set().union(*(scan.blocks for scan in scans.values()))
        denied = set().union(*(scan.denied_blocks for scan in scans.values())) - blocks
        shared = [key for key, level in self.rooms.items() if level == "same_number"]
        if not (blocks or denied) or len(shared) < 2:
            return
        there = [
            room.key
            for room in self.directory.rooms
            if room.key in shared and (room.tags & blocks if blocks else not room.tags & denied)
        ]
        if there:
            for key in shared:
                del self.rooms[key]
            self.rooms |= dict.fromkeys(there, "same" if len(there) == 1 else "same_number")

    # --- persons ---------------------------------------------------------------------------------
    def _read_persons(self) -> None:
        scans = self.scans
        names = self.known_names
        asker = Reader(scans["solicitante_texto"], skip=lexicon.DEPARTMENTS, known_names=names).read()
        in_field = Reader(scans["hospede_texto"], name_field=True, known_names=names).read()
        in_text = Reader(scans["descricao"], known_names=names).read()
        deny_persons(scans["hospede_texto"], in_field)
        deny_persons(scans["descricao"], in_text)
        self.relation = find_relation(scans["hospede_texto"], in_field) or find_relation(scans["descricao"], in_text)
        self.staff = [p for p in (*in_field, *in_text, *asker) if p.staff]
        staff_words = {word.text for p in self.staff for word in p.words}
        read = [p for p in in_field + in_text if not p.staff and not {w.text for w in p.words} <= staff_words]
        guests = [p for p in read if not p.denied]
        if not any(p.strength >= STRONG for p in guests):
            guests += [_weaker(p) for p in asker if not p.staff and p.strength >= STRONG]
        self.persons = tuple(_settled(guests))
        kept = {w.text for p in self.persons for w in p.words}
        self.denied = tuple(
            p for p in read if p.denied and p.strength >= STRONG and not {w.text for w in p.words} <= kept
        )
        self.asker = asker

    def _described(self) -> Sex:
        """`a senhora do 305`: one person noun of one sex in the text, and nobody named with another form of address."""
        if any(p.sex for p in self.persons) or self.relation is not None:
            return ""
        scan = self.scans["descricao"]
        said = self._by_nationality()
        for place, word in enumerate(scan.texts):
            code = lexicon.PERSON_NOUNS.get(word) or _TITLES_ALONE.get(word)
            if code is None and any("_of_" in label for label in self.known):
                code = lexicon.KIN_SEX.get(word)
            if code in ("M", "F") and scan.text(place + 1) in (
                "do",
                "da",
                "no",
                "na",
                "in",
                "from",
                "de",
                "del",
                "of",
                "que",
            ):
                if scan.text(place + 2) not in lexicon.CREWS:
                    said.add(code)
            elif (
                code is not None
                and word in ("hospede", "huesped")
                and scan.text(place - 1) in ("a", "da", "la")
                and scan.text(place - 2) not in ("para", "p")
            ):
                said.add("F")
        if said == {"F"}:
            return "F"
        return "M" if said == {"M"} else ""

    def _by_nationality(self) -> set[str]:
        """`a italiana do 106`, `o peruano`: the sex of one person named by the country."""
        scan, found = self.scans["descricao"], set[str]()
        for match in lexicon.COUNTRIES.find(scan.texts):
            word, article = scan.text(match.start), scan.text(match.start - 1)
            if match.end - match.start > 1 or f"country:{match.code}" not in self.known:
                continue
            if article in ("a", "") and word.endswith("a") and word != "belga":
                found.add("F")
            elif article in ("o", "") and word.endswith(("o", "es")) and not word.endswith("eses"):
                found.add("M")
        return found

    def _someone(self) -> bool:
        scan = self.scans["descricao"]
        for place, word in enumerate(scan.texts):
            single = lexicon.PERSON_NOUNS.get(word) in ("F", "M") or word in _ONE_PERSON
            if (
                single
                and (place == 0 or scan.text(place - 1) in _ARTICLES)
                and scan.text(place + 2) not in lexicon.CREWS
            ):
                return True
        return False

    # --- hints -----------------------------------------------------------------------------------
    def _hints(self) -> frozenset[str]:
        scan, row = self.scans["descricao"], self.row
        cues = scan.cue_codes()
        said = {t.text for t in scan.tokens if t.is_word}
        asked = self.scans["hospede_texto"]
        hints = {
            "preventive": row.get("tipo") == "preventiva" or "preventive" in cues,
            "common_area": row.get("local_tipo") in ("area_comum", "externo"),
            "place": bool(said & lexicon.PLACES),
            "third_party": scan.has_role(lexicon.THIRD_PARTY),
            "staff": scan.has_role(lexicon.STAFF) or (not self.rooms and asked.has_role(lexicon.STAFF)),
            "staff_named": self._names_staff(),
            "guest": "guest" in cues or bool(said & lexicon.GUEST_WORDS),
            "lost": row.get("setor") == "achados" or row.get("tipo") == "achado" or "lost" in cues,
            "gone": "gone" in cues,
            "asks": "asks" in cues,
            "arrival": "arrival" in cues,
            "next_guest": "next_guest" in cues,
            "moved": "moved" in cues,
            "transfer": row.get("setor") == "receptivo",
            "departing": "departing" in cues,
            "late_departure": "late_departure" in cues,
            "vacant": "vacant" in cues and bool(self.rooms or self.unread),
            "staff_only": "staff_only" in cues,
            "near_room": self.near_room,
            "not_guest": "not_guest" in cues and not self.rooms,
            "round": "round" in cues,
            "roster": "roster" in cues and self._is_of_the_roster(),
            "event": "event" in cues,
        }
        found = {name for name, holds in hints.items() if holds} | self._asker_hints()
        return frozenset(self._settled_hints(found) | _time_of_day(self.opened.hour))

    def _is_of_the_roster(self) -> bool:
        """`escala: Neide folga quinta`: no room, and nobody named with a surname or a form of address."""
        if self.rooms or self.relation or self.known:
            return False
        return not any(person.formal or len(person.words) > 1 for person in self.persons)

    def _speaks_of_an_event(self) -> bool:
        """`projetor da sala da Cardio`: an organisation is named, and nobody who belongs to it."""
        scan = self.scans["descricao"]
        if not self.known or any(not label.startswith("org:") for label in self.known):
            return False
        return not any(word in lexicon.PERSON_NOUNS or scan.is_role(at) for at, word in enumerate(scan.texts))

    def _names_staff(self) -> bool:
        """Somebody of the staff by name; where a room is named, not whoever merely asks."""
        named = self.staff if not self.rooms else [p for p in self.staff if not any(p is one for one in self.asker)]
        return any(person.strength >= STRONG for person in named)

    def _settled_hints(self, hints: set[str]) -> set[str]:
        named = any(p.strength >= STRONG for p in self.persons)
        pointed = bool(self.rooms or named or self.relation or self.known)
        if pointed and not (self.rooms or named or self.relation) and self._speaks_of_an_event():
            hints -= {"staff_only", "round"}
        elif pointed:
            hints -= {"place", "staff_only", "round", "event"}
        if named or self.relation or self.known:
            hints.discard("near_room")
            if "common_area" in hints:
                hints = hints - {"common_area"} | {"guest_in_common_area"}
        if "third_party" in hints and "staff_named" not in hints and pointed:
            hints = hints - {"third_party"} | {"third_party_mentioned"}
        if self.contacts != NO_CONTACTS:
            hints.add("contact")
        elif not pointed and not self.unread:
            hints.add("no_mention")
        elif self.rooms and named:
            hints.add("named_with_room")
        if self.codes:
            hints.discard("no_mention")
        return hints

    def _asker_hints(self) -> set[str]:
        scan = self.scans["solicitante_texto"]
        if not scan.has_role(lexicon.ROLES):
            return set()
        said = {t.text for t in scan.tokens if t.is_word}
        named = {w.text for p in self.persons for w in p.words}
        if self.rooms and not said & named:
            return set()
        return {"asked_by_staff"} | ({"staff_named"} if said & named else set())


def _plain(value: str) -> str:
    return strip_marks(_POSSESSIVE.sub(" s ", value) if "s" in value else value)


def _booked(fields: dict[str, str]) -> tuple[set[str], dict[str, str]]:
    """Numbers that are called a booking's, and the texts without them."""
    found = {name: booking_codes(value) for name, value in fields.items()}
    return set().union(*(codes for codes, _ in found.values())), {n: rest for n, (_, rest) in found.items()}


def _contacts(row: Row, fields: dict[str, str], rooms: Container[str]) -> tuple[Contacts, dict[str, str]]:
    found = {name: extract(value, rooms) for name, value in fields.items()}
    typed = text(row, "telefone_texto")[:40]
    phones = [key] if (key := phone_key(typed)) else []
    if not phones and typed:
        found["telefone_texto"] = extract(strip_marks(typed))
    phones += [p for contacts, _ in found.values() for p in contacts.phones]
    documents = [d for contacts, _ in found.values() for d in contacts.documents]
    emails = [e for contacts, _ in found.values() for e in contacts.emails]
    tails = [t for contacts, _ in found.values() for t in contacts.tails]
    merged = Contacts(*(tuple(dict.fromkeys(values)) for values in (phones, documents, emails, tails)))
    return merged, {name: rest for name, (_, rest) in found.items() if name in fields}


def _scan(
    value: str, directory: RoomDirectory, known_names: Container[str] = frozenset(), *, room_field: bool = False
) -> Scan:
    scan = Scan(tokenize(value), known_names=known_names)
    if not scan.tokens:
        return scan
    if not room_field:
        scan.cues = [cue for cue in _cues(scan) if not _is_of_a_thing(scan, cue)]
        for cue in scan.cues:
            if cue.code in ("correct", "not_and", "mistyped"):
                scan.take(range(cue.start, cue.end - _ends_in_block(scan, cue)))
        _take_initials(scan)
        find_days(scan)
    find_rooms(scan, directory, is_room_field=room_field)
    return scan


def _cues(scan: Scan) -> list[Match]:
    """As typed, and with short forms written out (`quem tava no 505`, `sai hj`)."""
    found = list(lexicon.CUES.find(scan.texts))
    if lexicon.SHORT_FORMS.keys().isdisjoint(scan.texts):
        return found
    return list(dict.fromkeys([*found, *lexicon.CUES.find(scan.written_out)]))


def _ends_in_block(scan: Scan, cue: Match) -> bool:
    """`e não A-109`: the letter is a block, not an article."""
    if scan.text(cue.end - 1) not in ("a", "o") or cue.end - cue.start < 2:
        return False
    number = cue.end + (scan.text(cue.end) == "-")
    return scan.text(number)[:1].isdigit() and (number > cue.end or scan.glued(number))


def _is_of_a_thing(scan: Scan, cue: Match) -> bool:
    """`a cortina saiu do trilho`: what left is no guest; `saiu do quarto`, `saiu do 305` is one."""
    if (
        scan.text(cue.start) not in _LEFT
        or cue.end - cue.start > 1
        or scan.text(cue.end) not in ("do", "da", "de", "dos")
    ):
        return False
    after = scan.text(cue.end + 1)
    return after.isalpha() and after not in lexicon.ROOM_WORDS and after not in ("hotel", "casa", "pousada", "manha")


def _take_initials(scan: Scan) -> None:
    """`A&B`, `F & B`: the initials of a department."""
    for place, sign in enumerate(scan.texts) if "&" in scan.texts else ():
        if sign == "&" and len(scan.text(place - 1)) == 1 == len(scan.text(place + 1)):
            scan.take(range(place - 1, place + 2))


def deny_persons(scan: Scan, persons: list[Person]) -> None:
    """`Ana, digo Carla`, `não é o Pedro, é o Paulo`, `Ana não, Carla`."""
    if len(persons) < 1:
        return
    for cue in scan.cues:
        if cue.code == "correct":
            before = [p for p in persons if 0 <= cue.start - p.end <= 5]
            after = [p for p in persons if 0 <= p.start - cue.end <= 4]
            room_corrected = any(m.denied and m.end <= cue.start for m in scan.mentions)
            if before and after and not (room_corrected and after[0].start > _next_room(scan, cue.end)):
                before[-1].denied = True
        elif cue.code == "not_and":
            for person in persons:
                if 0 <= person.start - cue.end <= 3 and _only_links(scan, cue.end, person.start):
                    person.denied = True
    _deny_neighbours_in_time(scan, persons)
    for place in range(len(scan.texts)) if may_deny(scan) else ():
        if is_negation(scan, place) or (scan.text(place) == "no" and "sino" in scan.texts):
            after = [p for p in persons if 0 < p.start - place <= 4 and _only_links(scan, place + 1, p.start)]
            before = [p for p in persons if 0 <= place - p.end <= 1]
            if after and len(persons) > 1:
                after[0].denied = True
            elif before and scan.text(place + 1) in (",", ".", ";", "-", "e", "eh") and before[-1] is not persons[-1]:
                before[-1].denied = True


def _deny_neighbours_in_time(scan: Scan, persons: list[Person]) -> None:
    """`quem estava no 505 antes do seu Ferreira`: he is named to say who is not meant, and when."""
    for place, word in enumerate(scan.texts):
        code = _TIMES.get(word)
        if code is None or _WHO.isdisjoint(scan.written_out[:place]):
            continue
        after = [p for p in persons if 0 < p.start - place <= 4 and _only_links(scan, place + 1, p.start)]
        if after and after[0].strength >= STRONG:
            after[0].denied = True
            scan.cues.append(Match(code, place, place + 1))


def _next_room(scan: Scan, place: int) -> int:
    return next((m.start for m in scan.mentions if m.start >= place), len(scan.texts))


def _only_links(scan: Scan, start: int, end: int) -> bool:
    return all(text in _PERSON_LINKS or text == "." for text in scan.texts[start:end])


def _is_code(chunk: str) -> bool:
    return any(c.isdigit() for c in chunk) and any(c.isalpha() for c in chunk)


def _weaker(person: Person) -> Person:
    """Who asked is often not who is meant."""
    halved = [NameWord(w.text, w.likelihood * 0.6) for w in person.words]
    return Person(halved, person.sex, person.suffix, person.formal)


def _settled(guests: Iterable[Person]) -> list[Person]:
    """Strong mentions are persons of their own; the faint words together may be one when there is no other."""
    guests = list(guests)
    merged: list[Person] = []
    for person in (p for p in guests if p.strength >= STRONG):
        same = next((m for m in merged if {w.text for w in person.words} & {w.text for w in m.words}), None)
        if same is None or same.reference != person.reference:
            merged.append(person)
        else:
            seen = {w.text for w in same.words}
            same.words.extend(w for w in person.words if w.text not in seen)
            same.sex, same.suffix = same.sex or person.sex, same.suffix or person.suffix
    if merged:
        return merged[:4]
    faint = [w for p in guests for w in p.words][:8]
    return [Person(faint)] if faint else []


def _time_of_day(hour: int) -> set[str]:
    if hour < NOBODY_IN_BEFORE:
        return {"morning"}
    return (
        {"afternoon", "evening"} if hour >= EVERYBODY_OUT_BY else {"afternoon" if hour >= NOBODY_OUT_AFTER else "noon"}
    )
