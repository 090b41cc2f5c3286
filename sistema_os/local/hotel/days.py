"""The simulation of one day at the front desk."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from sistema_os.local.hotel.bookings import CALLED_OFF, EXPECTED, IN_HOUSE, OUT, Booking, Desk, Move
from sistema_os.local.hotel.clock import SAO_PAULO

# Occupancy relative to the mean, Monday first.
_WEEK = (0.92, 0.90, 0.95, 1.0, 1.18, 1.22, 1.02)
_OCCUPANCY = 0.70
_LEAD_DAYS = (0, 1, 2, 3, 5, 7, 10, 14, 21)
_CHECK_IN_HOURS = dict(zip(range(9, 24), [1, 1, 1, 2, 5, 9, 10, 9, 8, 7, 5, 4, 3, 2, 1], strict=True))
_AGENCIES = ["CVC", "Azul Viagens", "Diversa", "Flytour", "Congresso SBC"]
_ONE_DAY = timedelta(1)


class Life:
    """Simulates the front desk: departures and room changes, then arrivals, then sales."""

    def __init__(self, random: Random, desk: Desk) -> None:
        self._random = random
        self._desk = desk
        # (event, id of the booking or guest) of the last day, for tests.
        self.happened: list[tuple[str, int]] = []
        self._groups = 0

    def one_day(self, today: date) -> None:
        self.happened = []
        for booking in self._desk.in_house():
            self._day_in_house(booking, today)
        for booking in self._desk.open_bookings():
            if booking.status in EXPECTED:
                self._day_before_arrival(booking, today)
        self._sell(today)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _note(self, kind: str, number: int) -> None:
        self.happened.append((kind, number))

    # --- in house ------------------------------------------------------------------------------
    def _day_in_house(self, booking: Booking, today: date) -> None:
        if booking.departure > today:
            self._guest_leaves(booking, today)
            if self._chance(0.028):
                booking.departure = today
                self._note("left early", booking.id)
        elif self._chance(0.07):
            self._extend(booking, today)
        if booking.departure <= today:
            self._check_out(booking, today)
        elif self._chance(0.022):
            self._change_room(booking, today)

    def _guest_leaves(self, booking: Booking, today: date) -> None:
        """One of several guests leaves. If it is the main guest, the next one becomes it."""
        if len(booking.present) < 2 or not self._chance(0.012):
            return
        guest = self._random.choice(booking.present)
        guest.left = today
        if guest.main:
            guest.main = False
            booking.present[0].main = True
            self._note("promoted", booking.present[0].id)
        self._note("left alone", guest.id)

    def _extend(self, booking: Booking, today: date) -> None:
        until = today + timedelta(self._random.choice([1, 1, 2]))
        if not self._desk.is_promised(booking, until):
            booking.departure = until
            self._note("extended", booking.id)

    def _check_out(self, booking: Booking, today: date) -> None:
        booking.status, booking.departure, booking.ended = OUT, today, today
        for guest in booking.present:
            guest.left = today
        self._note("out", booking.id)

    def _change_room(self, booking: Booking, today: date) -> None:
        new = self._desk.free_room(today, booking.departure)
        if new and booking.room:
            booking.moves.append(Move(today, booking.room, new))
            booking.room = new
            self._note("moved", booking.id)

    # --- before arrival ------------------------------------------------------------------------
    def _day_before_arrival(self, booking: Booking, today: date) -> None:
        if booking.status == "a_confirmar" and self._chance(0.3):
            booking.status = "confirmada"
        if booking.arrival > today:
            if self._chance(0.011):
                return self._call_off(booking, today, CALLED_OFF[0])
            self._change_booking(booking, today)
        if booking.arrival <= today + _ONE_DAY and not booking.room:
            booking.room = self._desk.free_room(booking.arrival, booking.departure, booking.room_type)
        if booking.arrival <= today:
            if self._chance(0.022):
                return self._call_off(booking, today, CALLED_OFF[1])
            if booking.room:
                self._check_in(booking, today)
        return None

    def _change_booking(self, booking: Booking, today: date) -> None:
        if self._chance(0.008):
            by = timedelta(self._random.choice([-1, 1, 2]))
            booking.arrival = max(today, booking.arrival + by)
            booking.departure = max(booking.departure + by, booking.arrival + _ONE_DAY)
            booking.room = None
            self._note("other dates", booking.id)
        elif len(booking.present) > 1 and self._chance(0.004):
            guest = booking.present[-1]
            guest.dropped = today
            self._note("taken off", guest.id)

    def _call_off(self, booking: Booking, today: date, status: str) -> None:
        booking.status, booking.ended = status, today
        self._note(status, booking.id)

    def _check_in(self, booking: Booking, today: date) -> None:
        booking.status = IN_HOUSE
        hour = self._random.choices(list(_CHECK_IN_HOURS), list(_CHECK_IN_HOURS.values()))[0]
        booking.checked_in_at = datetime.combine(today, time(hour, self._random.randrange(60)), SAO_PAULO)
        self._note("in", booking.id)
        for guest in booking.present:
            guest.checked_in = True
            guest.document_known = self._chance(0.94) or guest.document_known
            wrong = guest.listed != guest.person.name
            if wrong and self._chance(0.85 if guest.unnamed else 0.75):
                guest.listed = guest.person.name
                self._note("named", guest.id)

    # --- sales ---------------------------------------------------------------------------------
    def _sell(self, today: date) -> None:
        wanted = _OCCUPANCY * _WEEK[today.weekday()] * len(self._desk.rooms.numbers)
        for lead in _LEAD_DAYS:
            night = today + timedelta(lead)
            missing = wanted * max(0.25, 1 - lead * 0.03) - self._desk.sold(night)
            self._times(min(7, int(missing * 0.18 + self._random.random())), partial(self._desk.sell, today, night))
        if self._chance(0.20):
            self._sell_group(today)

    def _sell_group(self, today: date) -> None:
        self._groups += 1
        code, agency = f"GRP{self._groups}", self._random.choice(_AGENCIES)
        arrival = today + timedelta(self._random.randrange(5, 18))
        sell = partial(self._desk.sell, today, arrival, group=code, agency=agency)
        self._times(self._random.randrange(6, 14), sell)

    @staticmethod
    def _times(count: int, action: Callable[[], None]) -> None:
        for _ in range(count):
            action()
