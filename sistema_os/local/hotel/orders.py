"""Service orders: typed in one of nineteen styles, processed on the following days, with the right answers apart."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sistema_os.local.hotel.bookings import Booking, Desk
from sistema_os.local.hotel.clock import SAO_PAULO
from sistema_os.local.hotel.grounds import KINDS, retyped
from sistema_os.local.hotel.noise import plain
from sistema_os.local.hotel.scene import Draft, Scene
from sistema_os.local.hotel.styles import INSTEAD, STYLES

_HOURS = [1, 1, 0, 0, 1, 2, 4, 8, 9, 8, 7, 6, 5, 6, 6, 6, 5, 5, 6, 7, 7, 5, 3, 2]
_ORIGINS = {"recepcao": 50, "whatsapp": 20, "governanca": 15, "ramal": 10, "app": 5}
_PRIORITIES = {"baixa": 15, "normal": 60, "alta": 18, "urgente": 7}
_OPEN = ("aberta", "em_andamento", "aguardando")
# Probabilities per open order and day, after its first morning.
_DONE, _STARTED, _CANCELLED, _EDITED = 0.55, 0.5, 0.02, 0.02


@dataclass
class Order:
    id: int
    opened: datetime
    style: str
    sector: str
    kind: str
    origin: str
    priority: str
    place: str
    requester: str
    room: str | None
    guest: str | None
    phone: str | None
    text: str
    status: str = "aberta"
    closed: datetime | None = None

    @property
    def number(self) -> str:
        return str(48_000 + self.id)


class OrderBook:
    def __init__(self, random: Random, desk: Desk, *, large: bool) -> None:
        self._large = large
        self._styles = STYLES | KINDS if large else STYLES
        self._random = random
        self._desk = desk
        self.orders: list[Order] = []
        self.truth: list[dict[str, Any]] = []

    def one_day(self, today: date, departed: dict[str, list[Booking]]) -> None:
        """Processes the open orders, then types the new ones of the day."""
        for order in self.orders:
            if order.status in _OPEN:
                self._process(order, today)
        scene = Scene(self._random, self._desk, today, departed)
        if scene.in_house:
            busy = int(len(scene.in_house) * self._random.uniform(0.22, 0.34)) + self._random.randrange(3, 8)
            for _ in range(busy):
                self._type(scene)

    def _process(self, order: Order, today: date) -> None:
        roll = self._random.random()
        if roll < _DONE:
            order.status, order.closed = "concluida", datetime.combine(today, time(18), SAO_PAULO)
        elif roll < _DONE + _CANCELLED:
            order.status, order.closed = "cancelada", datetime.combine(today, time(12), SAO_PAULO)
        elif roll < _DONE + _CANCELLED + _EDITED:
            order.text = f"{order.text} - cobrou de novo"
        elif order.status == "aberta" and self._random.random() < _STARTED:
            order.status = self._random.choice(["em_andamento", "aguardando"])

    def _type(self, scene: Scene) -> None:
        names = list(self._styles)
        style = self._random.choices(names, [share for share, _ in self._styles.values()])[0]
        scene.next_request()
        draft = self._styles[style][1](scene)
        if draft is None and style in INSTEAD:
            style = INSTEAD[style]
            draft = STYLES[style][1](scene)
        if draft is not None:
            if self._large:
                draft = retyped(self._random, draft, style)
            order = self._order(scene, draft, style)
            self.orders.append(order)
            self.truth.append(_truth(order, scene.today, draft))

    def _order(self, scene: Scene, draft: Draft, style: str) -> Order:
        random = self._random
        hour = random.choices(range(24), _HOURS)[0]
        opened = datetime.combine(scene.today, time(hour, random.randrange(60)), SAO_PAULO)
        opened = self._after_check_in(opened, draft)
        # In one of four orders the room is only in the text and not in its field.
        room = draft.room if random.random() >= 0.25 else None
        text, guest = _split_name(draft) if draft.name and random.random() < 0.12 else (draft.text, None)
        if random.random() < 0.35:
            text, guest = plain(text).lower(), plain(guest).lower() if guest else None
        return Order(
            id=len(self.orders) + 1,
            opened=opened,
            style=style,
            sector=draft.sector or scene.sector,
            kind=_kind(draft.sector or scene.sector, style),
            origin=random.choices(list(_ORIGINS), list(_ORIGINS.values()))[0],
            priority=random.choices(list(_PRIORITIES), list(_PRIORITIES.values()))[0],
            place=draft.place,
            requester=draft.requester,
            room=room,
            guest=guest,
            phone=draft.phone if draft.phone and random.random() < 0.5 else None,
            text=text,
        )

    def _after_check_in(self, opened: datetime, draft: Draft) -> datetime:
        """A guest of the house asks for something only after having checked in."""
        arrived = draft.booking.checked_in_at if draft.booking else None
        if draft.about != "hospede" or arrived is None or opened >= arrived:
            return opened
        # No random number is drawn: the rest of the hotel stays what it is.
        last = opened.replace(hour=23, minute=59)
        return min(arrived + timedelta(minutes=5 + len(self.orders) * 37 % 240), last)


def _split_name(draft: Draft) -> tuple[str, str]:
    """The request without the name, and the name for its own field."""
    return draft.text.replace(draft.name, "").strip(" ,-:"), draft.name


def _kind(sector: str, style: str) -> str:
    if style == "preventiva":
        return "preventiva"
    if sector == "achados":
        return "achado"
    return "corretiva" if sector in ("manutencao", "ti") else "solicitacao"


def _truth(order: Order, day: date, draft: Draft) -> dict[str, Any]:
    """The right answer. `aceitaveis` are ids of the listing; empty if no guest is to be linked."""
    right: list[int] = []
    if draft.guest and draft.booking:
        present = sorted(guest.id for guest in draft.booking.present if not guest.person.incognito)
        right = present if draft.anybody else [draft.guest.id]
    level = "nenhum" if not right else "reserva" if draft.anybody else "pessoa"
    return {
        "numero": order.number,
        "os_id": order.id,
        "dia": day.isoformat(),
        "estilo": order.style,
        "tipo": draft.about,
        "aceitaveis": right,
        "nivel": level,
    }
