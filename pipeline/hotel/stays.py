"""The guest listing: the hotel's columns, our snapshot row, and the row that the matcher reads.

`pipeline.hotel` is the only package of the pipeline that names the hotel's columns. The engine's parser
(`matching.core.parsing`), our copies (`matching.hotel_rows`) and the write-back name those that they read or write.
A snapshot row is flat and JSON-able and holds no document: `doc_hmac` tells equal documents from different ones,
`doc_final` is all that a screen may show. Birth date, race, profession and address are never selected.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_noop

from pipeline.hotel import StayStatus, labels
from sistema_os.person_names import display_name
from snapshots.guards import Thresholds
from snapshots.source_spec import SourceSpec

Row = dict[str, Any]

TABLE = "listagem_hospedes"
SOURCE = "listagem_hospedes"
KEY = "id"
RESERVATION = "reserva_id"
BOOKING_NUMBER = "num_reserva"
STATUS = "status"
ROOM = "uh"
ARRIVAL = "chegada"
DEPARTURE = "saida"
MAIN_GUEST = "titular"
DOCUMENT_HMAC = "doc_hmac"
DOCUMENT_END = "doc_final"
# A change in one of these is a change of the person in the row.
IDENTITY = frozenset({"nome_listagem", "nome", "nome_social", "hospede_id"})
# Minors and guests incognito, and what is not shown of them.
HIDDEN_IF = ("menor", "incognito")
HIDDEN_COLUMNS = (
    *("nome_listagem", "nome", "nome_social", "doc_tipo", DOCUMENT_HMAC, DOCUMENT_END),
    *("telefone", "telefone_e164", "email"),
)
# What the engine reads of a stay.
MATCHED_BY = frozenset(
    {*IDENTITY, DOCUMENT_HMAC, "telefone", "telefone_e164", "email"}
    | {ROOM, ARRIVAL, DEPARTURE, STATUS, "grupo_codigo", "agencia", "empresa"}
)

LIVE_STATUSES = frozenset({StayStatus.TO_BE_CONFIRMED, StayStatus.CONFIRMED, StayStatus.IN_HOUSE})
CALLED_OFF = frozenset({StayStatus.CANCELLED, StayStatus.NO_SHOW})

DAYS_BACK = 1
DAYS_AHEAD = 14
DEPARTED_DAYS_BACK = 30

_OWN = (
    "id",
    "reserva_id",
    "hospede_id",
    "nome_listagem",
    "titular",
    "status",
    "uh",
    "chegada",
    "saida",
    "visto_em",
)
_BOOKING = ("num_reserva", "localizador", "grupo_codigo", "agencia", "empresa", "chegada_real", "saida_real")
# Read for the engine alone: no snapshot holds them, so that a note edited by hand is no change of the listing.
_UNSTORED = ("canal", "tipo_uh", "observacoes")
_PERSON = (
    "nome",
    "nome_social",
    "doc_tipo",
    "doc_numero",
    "pais",
    "menor",
    "incognito",
    "telefone",
    "telefone_e164",
    "email",
    "vip",
)
# Set where a row disappeared from the export: rows are never deleted.
REMOVED = "removido_em"
STANDING = "id,status,saida"
# With the column of the foreign key: a second key between the same tables would make the embedding ambiguous.
RESERVATIONS, GUESTS = "reservas!reserva_id", "hospedes!hospede_id"
SELECT = f"{','.join(_OWN)},{RESERVATIONS}({','.join((*_BOOKING, *_UNSTORED))}),{GUESTS}({','.join(_PERSON)})"

# A snapshot row. `visto_em` is read to detect a stale export and left out: it changes daily.
COLUMNS = (
    "id",
    "reserva_id",
    "hospede_id",
    "num_reserva",
    "localizador",
    "grupo_codigo",
    "agencia",
    "empresa",
    "nome_listagem",
    "titular",
    "status",
    "uh",
    "chegada",
    "saida",
    "chegada_real",
    "saida_real",
    "nome",
    "nome_social",
    "doc_tipo",
    "doc_hmac",
    "doc_final",
    "pais",
    "menor",
    "incognito",
    "telefone",
    "telefone_e164",
    "email",
    "vip",
)

_KINDS = {
    "id": "exact",
    "uh": "room",
    "chegada_real": "instant",
    "saida_real": "instant",
    "doc_hmac": "secret",
    "doc_final": "document",
    "telefone": "phone",
    "telefone_e164": "phone",
    "email": "email",
}


def spec(business_date: date) -> SourceSpec:
    """For one business date, because its window decides which rows may be missing without an alert."""
    return SourceSpec(
        name=SOURCE,
        title=gettext_noop("Guest listing"),
        key=KEY,
        columns=COLUMNS,
        explained=lambda row: explained(row, business_date),
        kinds=_KINDS,
        freshness="visto_em",
        room=ROOM,
        label="nome_listagem",
        labels=labels.LISTING,
        summary=("num_reserva", "status", "chegada", "saida"),
        identity=("hospede_id", "doc_hmac"),
        hidden_if=HIDDEN_IF,
        hidden_columns=HIDDEN_COLUMNS,
        # A busy day changes up to 35 % of the rows; a broken export changes nearly all of them.
        thresholds=Thresholds(changed_share=0.45),
    )


def window(business_date: date) -> tuple[date, date]:
    """Earliest departure and latest arrival that a listing snapshot of this date holds."""
    return business_date - timedelta(DAYS_BACK), business_date + timedelta(DAYS_AHEAD)


def departed_window(business_date: date) -> tuple[date, date]:
    """Departures (first, last) that only lost-and-found orders still reach; right before `window`."""
    return business_date - timedelta(DEPARTED_DAYS_BACK), business_date - timedelta(DAYS_BACK + 1)


def clean(value: Any) -> Any:
    """Text in NFC with single spaces, None when nothing is left; any other value as it is."""
    if not isinstance(value, str):
        return value
    return " ".join(unicodedata.normalize("NFC", value).split()) or None


def room(value: Any) -> str | None:
    """The canonical room: trimmed (one system pads it to eight characters) and in upper case."""
    text = clean(value if value is None else str(value))
    return text.upper() if text else None


def flag(value: Any) -> Any:
    """False where nothing is said. A text such as "N" is kept as it is, for the guard of its column: bool("N") is
    true."""
    return bool(value) if value is None or value in (0, 1) else value


def document_hmac(kind: Any, number: Any, key: str) -> str | None:
    """Whether two rows have the same document. Keyed, because eleven digits alone can be found by trying all."""
    digits = "".join(c for c in str(number or "").upper() if c.isalnum())
    if not digits:
        return None
    return hmac.new(key.encode(), f"{kind}:{digits}".encode(), hashlib.sha256).hexdigest()


def flatten(source: Mapping[str, Any], *, hash_key: str) -> Row:
    """PostgREST's nested row -> the flat snapshot row: COLUMNS, and `visto_em` for the freshness guard."""
    booking, person = source.get("reservas") or {}, source.get("hospedes") or {}
    number = clean(person.get("doc_numero"))
    row = {name: clean(value) for part in (person, booking, source) for name, value in part.items()}
    row |= {
        "uh": room(source["uh"]),
        "titular": flag(source["titular"]),
        "menor": flag(person.get("menor")),
        "incognito": flag(person.get("incognito")),
        "email": str(clean(person.get("email")) or "").lower() or None,
        "doc_hmac": document_hmac(person.get("doc_tipo"), number, hash_key),
        "doc_final": str(number)[-2:] if number else None,
    }
    return {name: row.get(name) for name in (*COLUMNS, "visto_em")}


def explained(row: Mapping[str, Any], business_date: date) -> bool:
    """Whether the row may be missing from the next listing.

    Departed, cancelled and no-show stays leave; a row also leaves when its departure is before the window.
    """
    return row["status"] not in LIVE_STATUSES or str(row["saida"]) < str(window(business_date)[0])


Interval = tuple[Any, date, date | None]
Rooms = list[dict[str, str]]


def for_matching(
    row: Mapping[str, Any], rooms: Rooms | None = None, document: str | None = None, details: Row | None = None
) -> Row:
    """A snapshot row in PostgREST's shape, which the engine reads, with the previous rooms.

    `document` and `details` come from this run's own reading and are kept in the engine's memory only.
    """
    stay: Row = {name: row[name] for name in _OWN if name in row}
    stay["reservas"] = {name: row[name] for name in _BOOKING} | (details or {})
    stay["hospedes"] = None
    if row["hospede_id"] is not None:
        person = {name: row[name] for name in _PERSON if name in row}
        stay["hospedes"] = person | {"doc_final": row["doc_final"], "doc_numero": document}
    stay["doc_hmac"] = row["doc_hmac"]
    if rooms:
        stay["ocupacoes"] = rooms
    return stay


def occupied(row: Mapping[str, Any], occupancy: Iterable[Interval]) -> Rooms:
    """The rooms in order, `ate` being the day on which the guest left the room; empty if the guest never moved.

    A listing of the morning of D shows the state of the night of D-1: the first listing with the new room means a move
    on the day before, on which an order may name either room.
    """
    spans = [(room(value), since, until) for value, since, until in occupancy if room(value)]
    if len({name for name, _, _ in spans}) < 2:
        return []
    arrival, departure = date.fromisoformat(row["chegada"]), date.fromisoformat(row["saida"])
    found = []
    for index, (name, since, until) in enumerate(spans):
        start = arrival if index == 0 else max(arrival, since - timedelta(1))
        end = departure if until is None or index == len(spans) - 1 else max(start, until - timedelta(1))
        found.append({"uh": str(name), "de": start.isoformat(), "ate": end.isoformat()})
    return found


def document_of(source: Mapping[str, Any]) -> str | None:
    number = clean((source.get("hospedes") or {}).get("doc_numero"))
    return str(number) if number else None


def details_of(source: Mapping[str, Any]) -> Row:
    """Channel, room type and notes of the reservation: what the engine reads beside the snapshot row."""
    booking = source.get("reservas") or {}
    return {name: booking[name] for name in _UNSTORED if booking.get(name)}


def suggestible(row: Mapping[str, Any]) -> bool:
    """Minors and incognito guests are never suggested."""
    return not row["menor"] and not row["incognito"]


def name_of(row: Mapping[str, Any]) -> str:
    """What staff call the guest, as `matching.models.Stay.name` shows it; "" where the row has no name."""
    return display_name(row["nome_social"] or row["nome"] or row["nome_listagem"] or "")
