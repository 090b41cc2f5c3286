"""The house photo (`hospedes_casa`): its columns, and the comparison of two photos."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.hotel import StayStatus
from pipeline.hotel.reader import PAGE, Query
from pipeline.hotel.stays import REMOVED, RESERVATIONS, STATUS, TABLE, Row, clean, room
from sistema_os.supabase import SupabaseClient

LISTING_SELECT = f"id,nome_listagem,titular,uh,saida,{RESERVATIONS}(adultos,criancas)"

PHOTO = "hospedes_casa"
DATE = "data_hoteleira"
STAY = "listagem_id"
PHOTO_KEY = "data_hoteleira,listagem_id"
PHOTO_SELECT = "listagem_id,uh,nome_listagem,titular,saida_prevista,pax"


@dataclass(frozen=True)
class HouseChange:
    """Numbers of stays that arrived, left, moved or stayed between two photos."""

    arrived: int
    left: int
    moved: int
    stayed: int


def photo_row(business_date: date, source: Mapping[str, Any]) -> Row | None:
    """None for a guest in the house without a room in the listing: a photo is by room."""
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


def with_time(row: Row, now: str) -> Row:
    return row | {"coletado_em": now, "updated_at": now}


def compare(before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]) -> HouseChange:
    old, new = ({row["listagem_id"]: row["uh"] for row in photo} for photo in (before, after))
    both = old.keys() & new.keys()
    moved = sum(old[stay] != new[stay] for stay in both)
    return HouseChange(len(new.keys() - old.keys()), len(old.keys() - new.keys()), moved, len(both) - moved)


def guests_in_house(supabase: SupabaseClient) -> Query:
    return supabase.async_table(TABLE).select(LISTING_SELECT).eq(STATUS, StayStatus.IN_HOUSE).is_(REMOVED, None)


async def before(supabase: SupabaseClient, business_date: date) -> list[Row]:
    """The rows of the last photo before this business date; none without one."""
    query = supabase.async_table(PHOTO).select(DATE).lt(DATE, business_date).order(DATE, desc=True).limit(1)
    rows = (await query.execute()).data
    return await stored(supabase, date.fromisoformat(rows[0][DATE])) if rows else []


async def stored(supabase: SupabaseClient, business_date: date) -> list[Row]:
    """The rows of the photo of this business date."""
    query = supabase.async_table(PHOTO).select(PHOTO_SELECT).eq(DATE, business_date)
    return [row async for page in query.pages(key=STAY, size=PAGE) for row in page]
