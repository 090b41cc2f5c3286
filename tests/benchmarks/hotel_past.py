"""The sample hotel's whole past as one pool: what a re-match of everything has before it.

All orders of months against the listing as it stands at the end, everybody who departed among it; where a guest slept
before a move is told as one listing after another would have taught it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sistema_os.local.hotel import Hotel
from sistema_os.local.hotel.bookings import Booking, Guest
from tests.benchmarks.hotel_rows import Row, listed, orders_of


@dataclass(frozen=True)
class Past:
    name: str
    orders: list[Row]
    stays: list[Row]
    truth: list[dict[str, Any]]

    def written(self, folder: Path) -> tuple[Path, Path]:
        """Orders and stays as the black box reads them."""
        return _lines(folder / "orders.jsonl", self.orders), _lines(folder / "stays.jsonl", self.stays)


def _lines(path: Path, rows: Iterable[Row]) -> Path:
    with path.open("w", encoding="utf-8") as target:
        target.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return path


def past(seed: int, rooms: int, orders: int, stays: int) -> Past:
    """The hotel lives until it has had so many of both; of the orders the latest are asked. Who was gone before the
    first listing stands on none."""
    hotel = Hotel(seed, rooms)
    first = hotel.date
    before = {b.id for b in hotel.bookings if hotel.last_shown(b) < first}
    while len(hotel.orders) < orders or sum(len(b.guests) for b in hotel.bookings if b.id not in before) < stays:
        hotel.advance()
    seen = ((line, row) for line, row in listed(hotel) if line.booking.id not in before)
    rows = [row | slept(line.booking, line.guest, first) for line, row in seen]
    typed = len(hotel.orders) - orders
    name = f"{orders:,} orders x {len(rows):,} stays, {rooms} rooms, {(hotel.date - first).days} days, seed {seed}"
    return Past(name, orders_of(hotel, typed), rows, hotel.truth()[typed:])


def slept(booking: Booking, guest: Guest, first: Any) -> Row:
    """Room by room, for a guest who moved after the first listing that was read."""
    moves = [m for m in booking.moves if m.day >= first and not (guest.left and guest.left <= m.day)]
    if not moves:
        return {}
    ends = [*(move.day.isoformat() for move in moves), None]
    rooms = [moves[0].old, *(move.new for move in moves)]
    begins = [booking.arrival.isoformat(), *ends[:-1]]
    spans = zip(rooms, begins, ends, strict=True)
    return {"ocupacoes": [{"uh": room, "de": since, "ate": until} for room, since, until in spans]}
