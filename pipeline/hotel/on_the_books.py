"""On the books: the hotel's columns of `reservas`, `inventario_uh` and `rm_diario`, and what they mean here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.hotel import StayStatus

Row = dict[str, Any]

BOOKINGS = "reservas"
BOOKING_KEY = "id"
STATUS = "status"
PLANNED_ARRIVAL = "chegada_prevista"
PLANNED_DEPARTURE = "saida_prevista"
BOOKING_SELECT = (
    "id,status,chegada_prevista,saida_prevista,saida_real,tipo_uh,adultos,criancas,grupo_codigo,segmento,diaria"
)
COUNTED = (StayStatus.TO_BE_CONFIRMED, StayStatus.CONFIRMED, StayStatus.IN_HOUSE, StayStatus.DEPARTED)

INVENTORY = "inventario_uh"
INVENTORY_SELECT = "tipo_uh,desde,uh_total,uh_bloqueadas"

BOOKS = "rm_diario"
BOOKS_KEY = "data_coleta,data_estadia,tipo_uh"
COLLECTED_ON = "data_coleta"
COLLECTED_AT = "coletado_em"
WITHIN_COLLECTION = ("data_estadia", "tipo_uh")
TOTAL = "TOTAL"
NO_TYPE = "SEM TIPO"
ORIGIN = "reservas"

_COMPLIMENTARY = frozenset({"cortesia", "complimentary"})
_HOUSE_USE = frozenset({"uso da casa", "uso_casa", "uso casa", "house use"})


@dataclass(frozen=True)
class Booking:
    """One reserved room; `cents` is the rate of a night."""

    arrival: date
    departure: date
    room_type: str
    tentative: bool
    group: bool
    complimentary: bool
    house_use: bool
    adults: int
    children: int
    cents: int


@dataclass(frozen=True)
class Stock:
    """How many rooms of a type there are, from a date on."""

    room_type: str
    since: date
    rooms: int
    blocked: int


@dataclass
class Night:
    """What is on the books for one stay date and room type. Complimentary rooms and house use are
    counted apart from the sold ones, and so is day use: neither may thin out the average rate."""

    rooms: int = 0
    blocked: int = 0
    sold: int = 0
    tentative: int = 0
    group: int = 0
    complimentary: int = 0
    house_use: int = 0
    day_use: int = 0
    arrivals: int = 0
    departures: int = 0
    adults: int = 0
    children: int = 0
    cents: int = 0


def booking(row: Mapping[str, Any]) -> Booking:
    """A guest who left early frees the remaining nights, whatever the planned date says.

    Raises ValueError for a date that this calendar does not have: PostgreSQL knows "infinity" and the year 20000.
    """
    segment = (row["segmento"] or "").strip().casefold()
    arrival, departure = date.fromisoformat(row["chegada_prevista"]), date.fromisoformat(row["saida_prevista"])
    if row["status"] == StayStatus.DEPARTED and row["saida_real"]:
        departure = max(arrival, min(departure, date.fromisoformat(row["saida_real"][:10])))
    return Booking(
        arrival=arrival,
        departure=departure,
        room_type=(row["tipo_uh"] or "").strip() or NO_TYPE,
        tentative=row["status"] == StayStatus.TO_BE_CONFIRMED,
        group=bool(row["grupo_codigo"]),
        complimentary=segment in _COMPLIMENTARY,
        house_use=segment in _HOUSE_USE,
        adults=row["adultos"],
        children=row["criancas"],
        cents=round((row["diaria"] or 0) * 100),
    )


def stock(row: Mapping[str, Any]) -> Stock:
    return Stock(row["tipo_uh"].strip(), date.fromisoformat(row["desde"]), row["uh_total"], row["uh_bloqueadas"])


def books_row(collected: date, stay: date, room_type: str, night: Night) -> Row:
    """A row of `rm_diario` without the time of collection; competitors' columns are left to whoever has them."""
    return {
        "data_coleta": collected.isoformat(),
        "data_estadia": stay.isoformat(),
        "tipo_uh": room_type,
        "uh_total": night.rooms,
        "uh_bloqueadas": night.blocked,
        "uh_vendidas": night.sold,
        "uh_a_confirmar": night.tentative,
        "uh_grupo": night.group,
        "uh_cortesia": night.complimentary,
        "uh_uso_casa": night.house_use,
        "uh_day_use": night.day_use,
        "chegadas": night.arrivals,
        "saidas": night.departures,
        "adultos": night.adults,
        "criancas": night.children,
        "receita": night.cents / 100,
        "fonte": ORIGIN,
    }


BOOKS_SELECT = ",".join(books_row(date.min, date.min, "", Night()))


def key(row: Mapping[str, Any]) -> tuple[str, str]:
    """Within one collection."""
    return row["data_estadia"], row["tipo_uh"]


def differs(row: Mapping[str, Any], stored: Mapping[str, Any] | None) -> bool:
    return stored is None or any(stored[name] != value for name, value in row.items())


def totals(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["tipo_uh"] == TOTAL]


def occupancy(rows: Sequence[Row]) -> dict[str, Any]:
    """Share of the rooms to sell that are sold, and the average rate of a sold night; None without any."""
    sold = sum(row["uh_vendidas"] for row in rows)
    to_sell = sum(row["uh_total"] - row["uh_bloqueadas"] for row in rows)
    revenue = sum(row["receita"] for row in rows)
    return {
        "sold": sold,
        "occupancy": round(sold / to_sell, 4) if to_sell > 0 else None,
        "average_rate": round(revenue / sold, 2) if sold else None,
    }
