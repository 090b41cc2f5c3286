"""The sample hotel's mornings as PostgREST would give them to the matcher, without any database."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sistema_os.local.hotel import Hotel
from sistema_os.local.hotel.hotel import Line

Row = dict[str, Any]
_DEPARTED_DAYS = 30
# The package exports its function `load` under the module's name. Its rows are the sample's own import format.
sample: Any = importlib.import_module("sistema_os.local.hotel.load")


@dataclass
class Morning:
    """What the run of `date` matches: the orders typed the day before, against the listing of 06:00."""

    date: date
    orders: list[Row]
    stays: list[Row]
    truth: list[dict[str, Any]]


@dataclass
class Rooms:
    """Where each guest slept, learned from one listing after another, as snapshots teach it."""

    spans: dict[int, list[Row]] = field(default_factory=dict)

    def see(self, today: date, row: Row) -> None:
        room = (row["uh"] or "").strip()
        if not room or row["status"] != "na_casa":
            return
        spans = self.spans.setdefault(row["id"], [])
        moved = (today - timedelta(days=1)).isoformat()
        if not spans:
            spans.append({"uh": room, "de": row["chegada"], "ate": None})
        elif spans[-1]["uh"] != room:
            spans[-1]["ate"] = moved
            spans.append({"uh": room, "de": moved, "ate": None})


def mornings(seed: int, days: int, rooms: int = 120, *, large: bool = False) -> Iterator[Morning]:
    hotel, slept, known = Hotel(seed, rooms, large=large), Rooms(), 0
    stays_of(hotel, slept)
    for _ in range(days):
        hotel.advance()
        orders = orders_of(hotel, known)
        truth = hotel.truth()[known:]
        known = len(hotel.orders)
        yield Morning(hotel.date, orders, stays_of(hotel, slept), truth)


def stays_of(hotel: Hotel, slept: Rooms) -> list[Row]:
    rows = []
    for _, row in listed(hotel):
        slept.see(hotel.date, row)
        if date.fromisoformat(row["saida"]) < hotel.date - timedelta(days=_DEPARTED_DAYS):
            continue
        spans = slept.spans.get(row["id"], [])
        rows.append(row | ({"ocupacoes": [dict(s) for s in spans]} if len(spans) > 1 else {}))
    return rows


def orders_of(hotel: Hotel, known: int) -> list[Row]:
    """All but the first `known`, as they stand today."""
    return [_plain(dict(zip(sample._ORDER, sample._order(o), strict=True))) for o in hotel.orders[known:]]


def listed(hotel: Hotel) -> Iterator[tuple[Line, Row]]:
    """Everybody ever listed, with booking and person embedded, and the rooms of today alone."""
    lines = [line for booking in hotel.bookings for line in hotel.lines(booking)]
    people = {row[0]: _plain(dict(zip(sample._PERSON, row, strict=True))) for row in sample._people(lines)}
    bookings = {b.id: _plain(dict(zip(sample._BOOKING, sample._booking(b), strict=True))) for b in hotel.bookings}
    for line in lines:
        row = _plain(dict(zip(sample._LINE, sample._line(hotel, line), strict=True)))
        yield line, row | {"reservas": bookings[row["reserva_id"]], "hospedes": people.get(row["hospede_id"])}


def _plain(row: Row) -> Row:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
