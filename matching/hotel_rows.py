"""Rows of the hotel <-> fields of our copies: the only module of the application side that knows the hotel's columns.

Fingerprints of a row are made here as well.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from matching.core.parsing.fields import BadRow, moment, opening
from matching.models import Order, Stay
from matching.models.choices import CLOSED_ORDER
from matching.stay_search.terms import stay_terms
from sistema_os.masking import without_documents

Row = Mapping[str, Any]
Fingerprint = dict[str, str]
# The columns that `order_fields` reads, for a PostgREST query.
ORDER_COLUMNS = (
    "id,numero,aberta_em,created_at,aberta_por,origem,setor,tipo,local_tipo,prioridade,status,uh_texto,solicitante_texto,"
    "hospede_texto,telefone_texto,descricao,prazo,concluida_em,listagem_id,sem_hospede,matched_at,matched_by,texto_versao,"
    "updated_at"
)


def order_fields(row: Row) -> dict[str, Any]:
    """The fields of an `Order`, from a row of `ordens_servico` as PostgREST returns it. `opened_at` falls back as the
    engine's does (see `opening`)."""
    opened, taken_from = opening(row)
    typed = {
        "request": _text(row["descricao"]),
        "guest_text": _text(row.get("hospede_texto")),
        "requester_text": _text(row.get("solicitante_texto")),
        "phone_text": _text(row.get("telefone_texto")),
        "room_text": _text(row.get("uh_texto")),
    }
    shown = {name: without_documents(text) for name, text in typed.items()}
    status = _text(row.get("status"))
    return {
        "number": _text(row["numero"]),
        **shown,
        "department": _text(row.get("setor")),
        "kind": _text(row.get("tipo")),
        "place_kind": _text(row.get("local_tipo")),
        "priority": _text(row.get("prioridade")),
        "status": status,
        "opened_at": opened,
        "opened_by": _text(row.get("aberta_por")) or _text(row.get("origem")),
        "due_at": _moment(row["prazo"]) if row.get("prazo") else None,
        "closed_at": _closed_at(row) if status in CLOSED_ORDER else None,
        "texto_versao": int(row.get("texto_versao") or 1),
        "linked": row.get("matched_at") is not None,
        "linked_stay": row.get("listagem_id"),
        "linked_by": _text(row.get("matched_by")),
        "fingerprint": fingerprint(
            typed | {"opened_at": row["aberta_em"] if taken_from else _moment(row["aberta_em"])}
        ),
        "search": searchable(row["numero"], *shown.values()),
    }


def stay_fields(row: Row) -> dict[str, Any]:
    """The fields of a `Stay`, from a row of `listagem_hospedes` with `reservas` and `hospedes` embedded, and perhaps
    `ocupacoes`."""
    person: Row = row.get("hospedes") or {}
    hidden = bool(person.get("menor") or person.get("incognito"))
    names = {
        "listed_name": _text(row.get("nome_listagem")),
        "registered_name": _text(person.get("nome")),
        "social_name": _text(person.get("nome_social")),
    }
    room, rooms = _text(row.get("uh")), row.get("ocupacoes") or []
    booking: Row = row.get("reservas") or {}
    reservation = _text(booking.get("num_reserva"))
    final = _text(person.get("doc_final") or row.get("doc_final"))[-2:]
    kept = dict.fromkeys(names, "") if hidden else names
    return {
        **kept,
        "guest_id": row.get("hospede_id"),
        "reservation_id": row.get("reserva_id") or booking.get("id"),
        "reservation": reservation,
        "room": room,
        "arrival": _day(row["chegada"]),
        "departure": _day(row["saida"]),
        "status": _text(row.get("status")),
        "main_guest": bool(row.get("titular")),
        "hidden": hidden,
        "removed": row.get("removido_em") is not None,
        "doc_final": "" if hidden else final,
        "occupancies": rooms,
        # Without status, departure, document and main guest, which say nothing about who asked: a rejected guest who
        # checks in, stays a night longer or leaves must not be suggested again.
        "fingerprint": fingerprint(
            names
            | {
                "guest": row.get("hospede_id"),
                "room": [o.get("uh") for o in rooms] or room,
                "arrival": row["chegada"],
                "phone": person.get("telefone_e164") or person.get("telefone"),
                "email": person.get("email"),
            }
        ),
        "search": searchable(reservation, room, *kept.values()),
        "terms": "" if hidden else stay_terms(names=names.values(), rooms=_rooms(room, rooms), booking=reservation),
    }


def fingerprint(fields: Mapping[str, Any]) -> Fingerprint:
    """What a row held when a person judged it, as a keyed hash a field: enough to see what has changed since, without
    personal data. Twelve hex digits a field, keyed with settings.HASH_KEY; case, Unicode form and spaces are ignored.
    """
    key = hashlib.blake2b(settings.HASH_KEY.encode(), digest_size=32).digest()
    hashes: Fingerprint = {}
    for name, value in fields.items():
        if value not in (None, "", []):
            text = " ".join(unicodedata.normalize("NFC", str(value)).casefold().split())
            hashes[name] = hashlib.blake2b(f"{name}\0{text}".encode(), key=key, digest_size=6).hexdigest()
    return hashes


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Names of the fields that have changed, in the order of the present row."""
    names = [*after, *(name for name in before if name not in after)]
    return [name for name in names if before.get(name) != after.get(name)]


def engine_order(order: Order) -> Row:
    """Our copy as a row that the engine reads, with documents masked."""
    return {
        "id": order.pk,
        "numero": order.number,
        "aberta_em": order.opened_at,
        "setor": order.department,
        "tipo": order.kind,
        "local_tipo": order.place_kind,
        "status": order.status,
        "uh_texto": order.room_text or None,
        "hospede_texto": order.guest_text,
        "telefone_texto": order.phone_text,
        "solicitante_texto": order.requester_text,
        "descricao": order.request,
    }


def engine_stay(stay: Stay) -> Row:
    """As `engine_order`. Our copy has no phone or e-mail, and no name of a hidden guest."""
    person = {"nome": stay.registered_name, "nome_social": stay.social_name, "incognito": stay.hidden}
    return {
        "id": stay.pk,
        "reserva_id": stay.reservation_id,
        "nome_listagem": stay.listed_name,
        "titular": stay.main_guest,
        "status": stay.status,
        "uh": stay.room or None,
        "chegada": stay.arrival,
        "saida": stay.departure,
        "removido_em": "removed" if stay.removed else None,
        "reservas": {"num_reserva": stay.reservation},
        "hospedes": person if stay.guest_id is not None or stay.hidden else None,
        **({"ocupacoes": stay.occupancies} if stay.occupancies else {}),
    }


def searchable(*parts: Any) -> str:
    """Lower case, without accents, with single spaces: the form that searches compare."""
    text = unicodedata.normalize("NFKD", " ".join(str(part or "") for part in parts)).casefold()
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())


def _rooms(room: str, occupancies: Iterable[Row]) -> list[str]:
    """The room of a stay and those that it had before."""
    return [room, *(_text(one.get("uh")) for one in occupancies)]


def _closed_at(row: Row) -> datetime:
    """When the order was closed, or the best that the row has for it."""
    for column in ("concluida_em", "updated_at", "aberta_em"):
        try:
            found = moment(row, column)
        except BadRow:
            continue
        if found is not None:
            return found
    return timezone.now()


def _text(value: Any) -> str:
    return unicodedata.normalize("NFC", " ".join(str(value).split())) if value is not None else ""


def _moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else parse_datetime(str(value))
    if found is None:
        raise ValueError("not a timestamp")
    return found if found.tzinfo else timezone.make_aware(found)


def _day(value: Any) -> date:
    found = value if isinstance(value, date) else parse_date(str(value)[:10])
    if found is None:
        raise ValueError("not a date")
    return found
