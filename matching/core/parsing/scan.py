"""What each word of an order is: room, date, name, role, place or just a word of the request."""

import datetime as dt
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from matching.core.parsing import lexicon
from matching.core.parsing.rooms import room_key
from matching.core.parsing.text import Token

_ROOM_FORM = re.compile(r"\d{1,5}[a-g]?")
_DAY_FORM = re.compile(r"\d{1,2}")
_BARE_ROOM = re.compile(r"0*\d{3,4}[a-g]?|\d{2}[a-g]")
_LINKS = frozenset("/,&+")
_MONTHS = [
    *("janeiro", "fevereiro", "marco", "abril", "maio", "junho"),
    *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
]


@dataclass(slots=True)
class Scan:
    """One field's tokens with the places that are spoken for."""

    tokens: list[Token]
    rooms: list[str] = field(default_factory=list)
    days: list[tuple[int, int]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def text(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def is_role(self, index: int, roles: AbstractSet[str] = lexicon.ROLES) -> bool:
        """Staff and third parties, where the word means one (`da Claro`, but not `nota fiscal`)."""
        text, before = self.text(index), self.text(index - 1)
        if text in lexicon.FIRMS:
            return before in ("da", "do", "tecnico") and roles is not lexicon.STAFF
        return text in roles and (before, text) not in lexicon.NO_ROLES

    def has_role(self, roles: AbstractSet[str]) -> bool:
        return any(self.is_role(index, roles) for index in range(len(self.tokens)))

    def previous_word(self, index: int) -> str:
        """The nearest token before that is no mark (`apto. nº 203`)."""
        while index > 0:
            index -= 1
            if (self.tokens[index].is_word and self.text(index) not in ("n", "no", "num", "numero", "o")) or self.text(
                index
            ) == "#":
                return self.text(index)
            if self.tokens[index].is_number:
                return ""
        return ""


def find_days(scan: Scan) -> None:
    """`24/11` and `24/11/2025`; a room word before makes it two rooms, a month beyond 12 too."""
    for index in range(len(scan.tokens) - 2):
        day, slash, month = (scan.text(index + i) for i in range(3))
        if slash != "/" or not (day.isdecimal() and month.isdecimal() and len(day) <= 2 >= len(month)):
            continue
        if scan.previous_word(index) in lexicon.ROOM_WORDS or not _is_day(int(day), int(month)):
            continue
        scan.days.append((int(day), int(month)))
        scan.taken.update((index, index + 1, index + 2))
        if scan.text(index + 3) == "/" and scan.text(index + 4).isdecimal():
            scan.taken.update((index + 3, index + 4))
    _spoken_days(scan)


def _spoken_days(scan: Scan) -> None:
    """`12 de março`; beside a word of arrival `12-03` too, and `dia 12`, of whatever month is nearest (0)."""
    for index, token in enumerate(scan.tokens):
        if index in scan.taken or not _DAY_FORM.fullmatch(token.text) or not 1 <= int(token.text) <= 31:
            continue
        near = {scan.text(i) for i in range(max(0, index - 3), index + 5)}
        link, month = scan.text(index + 1), scan.text(index + 2)
        if link == "de" and month in _MONTHS:
            scan.days.append((int(token.text), _MONTHS.index(month) + 1))
            scan.taken.update((index, index + 1, index + 2))
        elif not near & lexicon.ARRIVAL:
            continue
        elif link in ("-", ".") and month.isdecimal() and _is_day(int(token.text), int(month)):
            scan.days.append((int(token.text), int(month)))
            scan.taken.update((index, index + 1, index + 2))
        elif scan.text(index - 1) == "dia" and link != "/":
            scan.days.append((int(token.text), 0))
            scan.taken.add(index)


def _is_day(day: int, month: int) -> bool:
    try:
        return bool(dt.date(2024, month, day))
    except ValueError:
        return False


def find_rooms(scan: Scan, known: AbstractSet[str], *, is_room_field: bool = False) -> None:
    """Numbers after a room word, bare ones that are rooms of this house, and what is strung to them (`203/415`)."""
    previous_room = -9
    for index, token in enumerate(scan.tokens):
        if index in scan.taken or not token.is_number or not _ROOM_FORM.fullmatch(token.text):
            continue
        if _is_room(scan, index, known, is_room_field) or _strung(scan, index, previous_room):
            room = _with_wing(scan, index, known)
            if room not in scan.rooms:
                scan.rooms.append(room)
            scan.taken.add(index)
            previous_room = index


def _is_room(scan: Scan, index: int, known: AbstractSet[str], is_room_field: bool) -> bool:
    before, text = scan.previous_word(index), scan.text(index)
    named = before in lexicon.ROOM_WORDS or scan.text(index - 1) == "#"
    if is_room_field or named:
        return (scan.text(index + 1) not in ("andar", "piso") and scan.text(index + 1) not in "ºª") or scan.text(
            index + 1
        ) == ""
    near = {scan.text(i) for i in range(max(0, index - 4), index)}
    if near & (lexicon.FLIGHT | {"placa"}) or before in lexicon.NOT_A_ROOM_BEFORE or before in lexicon.AIRLINES:
        return False
    if scan.text(index + 1) in lexicon.NOT_A_ROOM_AFTER or _is_price(scan, index):
        return False
    if index and scan.tokens[index].glued and scan.text(index - 1) in ":,.$%" and scan.tokens[index - 1].glued:
        return False
    is_known = room_key(text) in known or (not text[-1].isdigit() and room_key(text[:-1]) in known)
    return bool(_BARE_ROOM.fullmatch(text)) and (is_known or _said_of_a_guest(scan, index))


def _is_price(scan: Scan, index: int) -> bool:
    """`203,50`; two rooms have numbers of one length (`203,204`)."""
    glued = all(i < len(scan.tokens) and scan.tokens[i].glued for i in (index + 1, index + 2))
    return glued and scan.text(index + 1) == "," and re.fullmatch(r"\d\d", scan.text(index + 2)) is not None


def _with_wing(scan: Scan, index: int, known: AbstractSet[str]) -> str:
    """`203-B` is 203b where the house has it, and `203B` is 203 where it has no 203b."""
    room = room_key(scan.text(index))
    if scan.text(index + 1) == "-" and scan.tokens[index + 1].glued and room + scan.text(index + 2) in known:
        scan.taken.update((index + 1, index + 2))
        return room + scan.text(index + 2)
    return room[:-1] if room not in known and not room[-1:].isdigit() and room[:-1] in known else room


def _said_of_a_guest(scan: Scan, index: int) -> bool:
    """`hosp. do 302` names a room even when the listing does not know it."""
    near = {scan.text(i) for i in range(max(0, index - 4), index)}
    return scan.text(index - 1) in ("do", "no", "da", "na", "ao") and bool(near & lexicon.GUEST_WORDS)


def _strung(scan: Scan, index: int, previous_room: int) -> bool:
    joined = index - previous_room == 2 and (scan.text(index - 1) in _LINKS or scan.text(index - 1) == "e")
    return joined and len(scan.text(index)) == len(scan.text(previous_room))
