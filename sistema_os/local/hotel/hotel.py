"""The hotel, and what its PMS exports on a given morning."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sistema_os.local.hotel.bookings import CALLED_OFF, IN_HOUSE, OUT, Booking, Desk, Guest, Rooms, plain_numbers
from sistema_os.local.hotel.days import Life
from sistema_os.local.hotel.grounds import designators
from sistema_os.local.hotel.orders import Order, OrderBook
from sistema_os.local.hotel.people import People

# Days simulated before the first morning, so that the hotel is occupied and has a past.
_WARM_UP = 21
_ARRIVALS_AHEAD = timedelta(days=14)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One row of the exported listing: a guest on a booking."""

    booking: Booking
    guest: Guest
    status: str
    room: str | None
    departure: date


class Hotel:
    """Its state is that of the 06:00 export of `date`: everything up to the night before has happened."""

    def __init__(self, seed: int, rooms: int = 120, start: date = date(2026, 1, 5), *, large: bool = False) -> None:
        """`large`: with towers, chalets, suites and beds, whose rooms are typed in many ways (see `grounds`)."""
        self._random = Random(seed)
        self.seed = seed
        self.date = start - timedelta(days=_WARM_UP)
        numbers = designators(rooms) if large else plain_numbers(rooms)
        self._desk = Desk(self._random, People(self._random, seed), Rooms(self._random, numbers))
        self._life = Life(self._random, self._desk)
        self._book = OrderBook(self._random, self._desk, large=large)
        while self.date < start:
            self._simulate_day()

    def advance(self) -> None:
        """Simulates the day `date` with its orders, up to the next morning's export."""
        today = self.date
        self._simulate_day()
        self._book.one_day(today, self._departed_by_room())

    @property
    def rooms(self) -> dict[str, str]:
        """Room -> type."""
        return self._desk.rooms.kind

    @property
    def bookings(self) -> list[Booking]:
        return list(self._desk.bookings.values())

    @property
    def orders(self) -> list[Order]:
        """Every order typed so far, oldest first."""
        return self._book.orders

    @property
    def happened(self) -> list[tuple[str, int]]:
        """(event, id) of the last day at the front desk."""
        return self._life.happened

    def truth(self) -> list[dict[str, Any]]:
        """The right answer of each order: numero, os_id, dia, estilo, tipo, aceitaveis, nivel."""
        return self._book.truth

    def listing(self) -> list[Line]:
        """In-house guests, arrivals of the next fourteen days, and departures and cancellations since yesterday."""
        return [line for booking in self.bookings if self._is_shown(booking) for line in self.lines(booking)]

    def lines(self, booking: Booking) -> Iterator[Line]:
        """One row per guest; some exports pad room numbers."""
        for guest in booking.guests:
            if guest.dropped is None:
                yield Line(
                    booking=booking,
                    guest=guest,
                    status=OUT if guest.left else booking.status,
                    room=self._padded(booking.room, guest),
                    departure=guest.left or booking.departure,
                )

    def last_shown(self, booking: Booking) -> date:
        """The day of the last export that has the booking."""
        return self.date if booking.ended is None else min(self.date, booking.ended + _ONE_DAY)

    def _is_shown(self, booking: Booking) -> bool:
        if booking.status == OUT or booking.status in CALLED_OFF:
            return self.last_shown(booking) == self.date
        return booking.status == IN_HOUSE or booking.arrival <= self.date + _ARRIVALS_AHEAD

    def _padded(self, room: str | None, guest: Guest) -> str | None:
        """Seeded by row and day, so that reading a listing does not change the hotel's random state."""
        if room and Random(f"{self.seed}/{guest.id}/{self.date}").random() < 0.3:
            return room.rjust(8)
        return room

    def _simulate_day(self) -> None:
        self._life.one_day(self.date)
        self.date += _ONE_DAY

    def _departed_by_room(self) -> dict[str, list[Booking]]:
        found: dict[str, list[Booking]] = defaultdict(list)
        for booking in sorted(self.bookings, key=lambda booking: booking.ended or date.min):
            if booking.status == OUT and booking.room:
                found[booking.room].append(booking)
        return found
