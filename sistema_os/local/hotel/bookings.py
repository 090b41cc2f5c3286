"""Rooms, bookings and their guests, and the rules for selling a booking."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from sistema_os.local.hotel.noise import SHAPES, misspelt, shaped
from sistema_os.local.hotel.people import Origin, People, Person

ROOM_TYPES = {"STD": 60, "LUX": 25, "FAM": 10, "STE": 5}
CHANNELS = {"booking": 36, "direto": 24, "agencia": 16, "corporativo": 14, "expedia": 6, "balcao": 4}
COMPANIES = ["Weg", "Embraco", "Ambev", "Petrobras", "Sebrae"]
_ROOMS_A_FLOOR = 12
_FULL = 0.97

EXPECTED = ("confirmada", "a_confirmar")
IN_HOUSE = "na_casa"
OUT = "saida"
CALLED_OFF = ("cancelada", "no_show")


@dataclass
class Guest:
    """One row of the listing: a person on a booking. `listed` is the current name in the PMS."""

    id: int
    person: Person
    main: bool
    listed: str
    shape: str
    document_known: bool
    left: date | None = None
    checked_in: bool = False
    # Removed from the booking: from that day on the export does not have the row.
    dropped: date | None = None

    @property
    def unnamed(self) -> bool:
        return self.listed.startswith("ACOMPANHANTE")

    @property
    def name_in_listing(self) -> str:
        return self.listed if self.unnamed else shaped(self.listed, self.shape, self.person.sex)


@dataclass(frozen=True)
class Move:
    day: date
    old: str
    new: str


@dataclass
class Booking:
    id: int
    made: date
    arrival: date
    departure: date
    room_type: str
    status: str
    channel: str
    purpose: str
    adults: int
    children: int
    rate: float
    agency: str | None
    company: str | None
    group: str | None
    guests: list[Guest] = field(default_factory=list)
    room: str | None = None
    moves: list[Move] = field(default_factory=list)
    checked_in_at: datetime | None = None
    ended: date | None = None

    @property
    def present(self) -> list[Guest]:
        """Guests who have not left and were not removed."""
        return [guest for guest in self.guests if not guest.left and not guest.dropped]

    @property
    def main_guest(self) -> Guest:
        return next(guest for guest in self.present if guest.main)

    @property
    def live(self) -> bool:
        return self.status in (*EXPECTED, IN_HOUSE)

    def covers(self, night: date) -> bool:
        return self.live and self.arrival <= night < self.departure


def plain_numbers(count: int) -> list[str]:
    floors = range(1, count // _ROOMS_A_FLOOR + 2)
    return [f"{floor}{door:02d}" for floor in floors for door in range(1, _ROOMS_A_FLOOR + 1)][:count]


class Rooms:
    def __init__(self, random: Random, numbers: list[str]) -> None:
        count = len(numbers)
        self.numbers = numbers
        kinds = random.choices(list(ROOM_TYPES), list(ROOM_TYPES.values()), k=count)
        self.kind = dict(zip(self.numbers, kinds, strict=True))


class Desk:
    """The front desk: bookings by number, and which rooms are free."""

    def __init__(self, random: Random, people: People, rooms: Rooms) -> None:
        self._random = random
        self._people = people
        self.rooms = rooms
        self.bookings: dict[int, Booking] = {}
        self._open: dict[int, Booking] = {}
        self._last_booking = 41000
        self._last_guest = 0

    def open_bookings(self) -> list[Booking]:
        """Expected and in-house bookings, in the order of their sale."""
        self._open = {number: booking for number, booking in self._open.items() if booking.live}
        return list(self._open.values())

    def in_house(self) -> list[Booking]:
        return [booking for booking in self.open_bookings() if booking.status == IN_HOUSE]

    def sold(self, night: date) -> int:
        return sum(booking.covers(night) for booking in self.open_bookings())

    def free_room(self, arrival: date, departure: date, kind: str | None = None) -> str | None:
        """A room that is free for the whole stay, of that kind if possible."""
        taken = {b.room for b in self.open_bookings() if b.room and b.arrival < departure and b.departure > arrival}
        free = [room for room in self.rooms.numbers if room not in taken]
        fitting = [room for room in free if kind is None or self.rooms.kind[room] == kind]
        choice = fitting or free
        return self._random.choice(choice) if choice else None

    def is_promised(self, booking: Booking, until: date) -> bool:
        """Whether another booking has the room before that date."""
        others = (other for other in self.open_bookings() if other is not booking and other.room == booking.room)
        return any(other.arrival < until and other.departure > booking.departure for other in others)

    def sell(self, today: date, arrival: date, *, group: str | None = None, agency: str | None = None) -> None:
        """Makes a booking, unless the hotel is full on one of its nights."""
        random = self._random
        purpose = "grupo" if group else random.choices(["lazer", "negocios"], [0.66, 0.34])[0]
        nights = 3 if group else self._nights(purpose)
        full = len(self.rooms.numbers) * _FULL
        if any(self.sold(arrival + timedelta(night)) >= full for night in range(nights)):
            return
        booking = self._booking(today, arrival, nights, purpose, group, agency)
        booking.guests = list(self._party(booking))
        self.bookings[booking.id] = self._open[booking.id] = booking

    def _nights(self, purpose: str) -> int:
        mean = 3.1 if purpose == "lazer" else 1.9
        return max(1, min(14, int(self._random.expovariate(1 / mean)) + 1))

    def _booking(
        self, today: date, arrival: date, nights: int, purpose: str, group: str | None, agency: str | None
    ) -> Booking:
        random = self._random
        alone = purpose == "negocios" and random.random() < 0.85
        adults = 1 if alone else random.choices([1, 2, 3], [0.12, 0.76, 0.12])[0]
        family = purpose == "lazer" and adults > 1
        channel = "agencia" if group else random.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        self._last_booking += 1
        return Booking(
            id=self._last_booking,
            made=today,
            arrival=arrival,
            departure=arrival + timedelta(nights),
            room_type=random.choices(list(ROOM_TYPES), list(ROOM_TYPES.values()))[0],
            status="confirmada" if random.random() < 0.88 else "a_confirmar",
            channel=channel,
            purpose=purpose,
            adults=adults,
            children=random.choices([0, 1, 2], [0.68, 0.2, 0.12])[0] if family else 0,
            rate=round(max(120.0, random.gauss(430, 110)) * (1.25 if purpose == "lazer" else 1), 2),
            agency=agency,
            company=random.choice(COMPANIES) if channel == "corporativo" else None,
            group=group,
        )

    def _party(self, booking: Booking) -> Iterator[Guest]:
        random = self._random
        origin = self._people.origin() if random.random() < (0.05 if booking.group else 0.17) else None
        main = self._people.guest(origin)
        yield self._guest(main, 0)
        met = {main.id}
        for index in range(1, booking.adults + booking.children):
            person = self._companion(origin, main, minor=index >= booking.adults)
            if person.id not in met:
                met.add(person.id)
                yield self._guest(person, index)

    def _companion(self, origin: Origin | None, main: Person, *, minor: bool) -> Person:
        family = main.family if self._random.random() < 0.72 else None
        return self._people.guest(origin, family=family, minor=minor)

    def _guest(self, person: Person, index: int) -> Guest:
        """Companions are often unnamed until check-in; the main guest's name may be misspelt by an agency."""
        random = self._random
        listed = person.name
        if index and random.random() < 0.45:
            listed = f"ACOMPANHANTE {index}"
        elif not index and random.random() < 0.06:
            listed = misspelt(random, person.name)
        self._last_guest += 1
        return Guest(
            id=self._last_guest,
            person=person,
            main=index == 0,
            listed=listed,
            shape=random.choices(list(SHAPES), list(SHAPES.values()))[0],
            document_known=not index and random.random() < 0.5,
        )
