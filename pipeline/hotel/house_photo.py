"""The photo of the house: the hotel's columns, and what a photo says against the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.hotel.stays import Row, clean, room

LISTING_SELECT = "id,nome_listagem,titular,uh,saida,reservas(adultos,criancas)"

PHOTO = "hospedes_casa"
DATE = "data_hoteleira"
STAY = "listagem_id"
PHOTO_KEY = "data_hoteleira,listagem_id"
PHOTO_SELECT = "listagem_id,uh,nome_listagem,titular,saida_prevista,pax"


@dataclass(frozen=True)
class HouseChange:
    """Stays that arrived, left and moved between two photos, and the same stay in both."""

    arrived: int
    left: int
    moved: int
    stayed: int


def photo_row(business_date: date, source: Mapping[str, Any]) -> Row | None:
    """None for somebody in-house whom the listing gives no room: a photo is by room."""
    name = room(source["uh"])
    if name is None:
        return None
    booking = source.get("reservas") or {}
    return {
        "data_hoteleira": business_date.isoformat(),
        "listagem_id": source["id"],
        "uh": name,
        "nome_listagem": clean(source["nome_listagem"]) or "?",
        "titular": source["titular"],
        "saida_prevista": source["saida"],
        "pax": booking.get("adultos", 0) + booking.get("criancas", 0) or None,
    }


def differs(row: Mapping[str, Any], stored: Mapping[str, Any] | None) -> bool:
    return stored is None or any(stored[name] != row[name] for name in PHOTO_SELECT.split(","))


def taken(row: Row, now: str) -> Row:
    return row | {"coletado_em": now, "updated_at": now}


def compare(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> HouseChange:
    old, new = ({row["listagem_id"]: row["uh"] for row in photo} for photo in (before, after))
    both = old.keys() & new.keys()
    moved = sum(old[stay] != new[stay] for stay in both)
    return HouseChange(len(new.keys() - old.keys()), len(old.keys() - new.keys()), moved, len(both) - moved)
