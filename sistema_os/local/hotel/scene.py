"""The context in which an order is typed, and its draft with the right answer."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from sistema_os.local.hotel.bookings import EXPECTED, Booking, Desk, Guest
from sistema_os.local.hotel.requests import REQUESTS

_ROOM_WORDS = ["apto ", "UH ", "ap ", "qto ", "", "#", "apt."]


@dataclass
class Draft:
    """An order as typed, with its right answer."""

    text: str
    booking: Booking | None = None
    guest: Guest | None = None
    room: str | None = None
    # The name in the text, if it has one.
    name: str = ""
    phone: str | None = None
    sector: str = ""
    requester: str = "recepção"
    place: Literal["uh", "area_comum", "externo"] = "uh"
    # Only the room is known: every guest in it is a right answer.
    anybody: bool = False
    # Rooms in the text beside that of the booking.
    rooms: tuple[str, ...] = ()
    about: Literal["hospede", "ex_hospede", "futuro", "nenhum"] = "hospede"


class Scene:
    """The day on which orders are typed, and the request of the next order."""

    def __init__(self, random: Random, desk: Desk, today: date, departed: dict[str, list[Booking]]) -> None:
        self.random = random
        self.today = today
        self.rooms = desk.rooms.numbers
        self.in_house = [booking for booking in desk.in_house() if _may_be_named(booking)]
        self.expected = [b for b in desk.open_bookings() if b.status in EXPECTED and _may_be_named(b)]
        # Departed bookings by room, the last one at the end.
        self.departed = departed
        self.sector, self.request = "", ""
        self.next_request()

    def next_request(self) -> None:
        sectors = list(REQUESTS)
        self.sector = self.random.choices(sectors, [REQUESTS[sector][0] for sector in sectors])[0]
        self.request = self.random.choice(REQUESTS[self.sector][1])

    def booking(self) -> Booking:
        return self.random.choice(self.in_house)

    def guest(self, booking: Booking) -> Guest:
        """The guest with the request: mostly the main guest, never minors or guests incognito."""
        asking = [g for g in booking.present if not g.person.minor and not g.person.incognito]
        if self.random.random() < 0.8 or not asking:
            return booking.main_guest
        return self.random.choice(asking)

    def at_room(self, room: str | None) -> str:
        return f"{self.random.choice(_ROOM_WORDS)}{room}"


def _may_be_named(booking: Booking) -> bool:
    return not booking.main_guest.person.incognito
