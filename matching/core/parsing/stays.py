"""A row of the guest list, turned into what can be compared."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matching.core.parsing.attributes import LONG_STAY, labels_of, moves
from matching.core.parsing.contacts import code_key, email_key, phone_key
from matching.core.parsing.fields import BadRow, Row, day, embedded, moment, number, text
from matching.core.parsing.names import GuestName, Role, Sex, parse_guest
from matching.core.parsing.rooms.keys import room_key
from matching.core.parsing.text import digits

GONE_STATUSES = ("cancelada", "no_show")
_LETTERED = re.compile(r"[a-z]{1,3}\d{4,12}")
_STATUSES = ("a_confirmar", "confirmada", "na_casa", "saida", *GONE_STATUSES)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Half open: the guest slept in `room` from `since` until the night before `until` (None = still)."""

    room: str
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Stay:
    listagem_id: int
    booking: object
    parts: tuple[tuple[str, Role], ...]
    suffix: str
    sex: Sex
    room: str
    occupancies: tuple[Occupancy, ...]
    arrival: dt.date
    departure: dt.date
    arrived: dt.datetime | None
    left: dt.datetime | None
    status: str
    titular: bool
    hidden: bool
    """A minor or an incognito guest: takes part in the reckoning, is never suggested."""
    minor: bool
    phone: str
    email: str
    document: str
    document_end: str
    labels: frozenset[str]
    """What tells the guest beside the name (`kind:value`): see `attributes`."""
    codes: frozenset[str]
    shown: str


def parse_stay(row: Row) -> Stay:
    guest, booking = embedded(row, "hospedes"), embedded(row, "reservas")
    listed = parse_guest(text(row, "nome_listagem")[:200])
    names = [listed, *(parse_guest(text(guest, c)[:200]) for c in ("nome", "nome_social"))]
    arrival, departure = day(row, "chegada"), day(row, "saida")
    if departure < arrival:
        raise BadRow("saida lies before chegada")
    status = text(row, "status")
    if status not in _STATUSES:
        raise BadRow("status is missing" if not status else "status is not one of the hotel's")
    minor = bool(row.get("menor") or guest.get("menor"))
    document = "".join(c for c in str(guest.get("doc_numero") or "").upper() if c.isascii() and c.isalnum())
    return Stay(
        listagem_id=number(row, "id"),
        booking=row.get("reserva_id") or booking.get("id") or booking.get("num_reserva") or ("stay", row.get("id")),
        parts=_merged(names),
        suffix=next((n.suffix for n in names if n.suffix), ""),
        sex=next((n.sex for n in reversed(names) if n.sex), ""),
        room=room_key(row.get("uh") or booking.get("uh")),
        occupancies=_occupancies(row) or _noted_moves(row, booking, arrival),
        arrival=arrival,
        departure=departure,
        arrived=moment(booking, "chegada_real"),
        left=moment(booking, "saida_real"),
        status=status,
        titular=row.get("titular") is True,
        hidden=minor or bool(row.get("incognito") or guest.get("incognito")),
        minor=minor,
        phone=phone_key(str(guest.get("telefone_e164") or guest.get("telefone") or "")),
        email=email_key(str(guest.get("email") or "")),
        document=document,
        document_end=str(guest.get("doc_final") or document[-2:] or ""),
        labels=labels_of(booking, guest) | ({"note:long_stay"} if (departure - arrival).days >= LONG_STAY else set()),
        codes=_booking_codes(booking),
        shown=str(guest.get("nome_social") or row.get("nome_listagem") or "")[:80],
    )


def _booking_codes(booking: Row) -> frozenset[str]:
    """As keys; of `R41002` also what people say, `41002`."""
    codes = {code_key(str(booking[column])) for column in ("num_reserva", "localizador") if booking.get(column)} - {""}
    return frozenset(codes | {digits(code) for code in codes if _LETTERED.fullmatch(code)})


def _merged(names: list[GuestName]) -> tuple[tuple[str, Role], ...]:
    """Each word once, in the first role it is seen in."""
    roles: dict[str, Role] = {}
    for name in names:
        for word, role in name.parts:
            roles.setdefault(word, role)
    return tuple(roles.items())


def _occupancies(row: Row) -> tuple[Occupancy, ...]:
    given = row.get("ocupacoes")
    if not given:
        return ()
    if not isinstance(given, list):
        raise BadRow("ocupacoes is not a list")
    return tuple(_occupancy(entry) for entry in given)


def _noted_moves(row: Row, booking: Row, arrival: dt.date) -> tuple[Occupancy, ...]:
    """Rooms of the past that only the booking's notes tell of: `mudou do 203 em 14/10`."""
    note, room = str(booking.get("observacoes") or ""), room_key(row.get("uh") or booking.get("uh"))
    left = [(room_key(before), moved) for before, moved in moves(note, arrival)] if note and room else []
    left = [(before, moved) for before, moved in left if before != room]
    if not left:
        return ()
    spans, since = [], arrival
    for before, moved in sorted(left, key=lambda move: move[1]):
        spans.append(Occupancy(before, since, moved))
        since = moved
    return (*spans, Occupancy(room, since, None))


def _occupancy(entry: Any) -> Occupancy:
    if not isinstance(entry, Mapping):
        raise BadRow("ocupacoes holds something that is no interval")
    return Occupancy(room_key(entry.get("uh")), day(entry, "de"), day(entry, "ate") if entry.get("ate") else None)
