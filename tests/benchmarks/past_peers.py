"""Other engines on a hotel's whole past: what our parser read, a window of days around each order, best link per order.

Splink and the ECM run in an environment of their own, the string measures in a process of their own; every one tells
its CPU seconds and its peak of memory. Nobody is asked about cancelled stays.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching.core import Engine
from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.rooms.keys import room_key
from matching.core.parsing.stays import GONE_STATUSES, Stay, parse_stay
from tests.benchmarks.contenders import Contender, best_links
from tests.benchmarks.hotel_past import Past
from tests.benchmarks.hotel_rows import Row
from tests.benchmarks.matching_peers import NEAR, guest_row, order_row
from tests.benchmarks.peers_home import ask_or_say

SPLINK, ECM = "Splink 5, expert set-up", "recordlinkage, ECM"
STRINGS = ("token_set", "token_sort", "WRatio")
_SECONDS = 600


@dataclass(frozen=True)
class Reading:
    """What our parser makes of both sides."""

    past: Past
    orders: list[Order]
    stays: list[Stay]

    @classmethod
    def of(cls, past: Past) -> "Reading":
        rooms = Engine(past.stays).rooms
        stays = [stay for stay in map(parse_stay, past.stays) if stay.status not in GONE_STATUSES]
        return cls(past, [parse_order(row, rooms) for row in past.orders], stays)

    def contenders(self, python: Path | None) -> Iterator[Contender]:
        """`python` is an interpreter that has the other engines."""
        if python is not None:
            yield from self._asked(python, "splink_past", SPLINK, self._in_a_window())
            yield from self._asked(python, "recordlinkage", ECM, self._by_day())
        for scorer in STRINGS:
            yield from self._asked(Path(sys.executable), "rapidfuzz", f"rapidfuzz {scorer}", self._as_typed(scorer))

    def _asked(self, python: Path, script: str, title: str, rows: dict[str, Any]) -> Iterator[Contender]:
        answer = ask_or_say(python, script, title, rows, _SECONDS)
        if answer is None:
            return
        contender = Contender(title, seconds=sum(answer["seconds"].values()), megabytes=answer["megabytes"])
        contender.take(self.past.truth, {os_id: links for (_, os_id), links in best_links(answer["links"]).items()})
        yield contender

    # --- rows ------------------------------------------------------------------------------------
    def _in_a_window(self) -> dict[str, Any]:
        orders = [
            order_row("0", order)
            | {"day": order.opened.toordinal(), "arrival": None, "departure": None}
            | {"rooms": [room_key(room) for room in order.rooms]}
            for order in self.orders
        ]
        guests = [
            guest_row("0", stay, "")
            | {"day": None, "arrival": stay.arrival.toordinal(), "departure": stay.departure.toordinal()}
            | {"rooms": _rooms(stay)}
            for stay in self.stays
            if not stay.hidden
        ]
        return {"orders": orders, "guests": guests, "near": NEAR}

    def _by_day(self) -> dict[str, Any]:
        """A guest stands there once for each day in the house, in the room of that day."""
        orders = [order_row(str(order.opened.toordinal()), order) for order in self.orders]
        asked = {row["morning"] for row in orders}
        guests = [
            guest_row(str(day), stay, "in_house") | {"room": _room_on(stay, day) or None}
            for stay in self.stays
            if not stay.hidden
            for day in range(stay.arrival.toordinal(), stay.departure.toordinal() + 1)
            if str(day) in asked
        ]
        return {"orders": orders, "guests": guests}

    def _as_typed(self, scorer: str) -> dict[str, Any]:
        typed = {row["id"]: _line(row) for row in self.past.orders}
        listed = {row["id"]: f"{row['nome_listagem']} {(row['uh'] or '').strip()}".lower() for row in self.past.stays}
        orders = [[f"o0-{o.os_id}", typed[o.os_id], o.opened.toordinal()] for o in self.orders]
        guests = [
            [f"g0-{s.listagem_id}", listed[s.listagem_id], s.arrival.toordinal(), s.departure.toordinal()]
            for s in self.stays
        ]
        return {"orders": orders, "guests": guests, "scorer": scorer}


def _line(row: Row) -> str:
    return f"{row['hospede_texto'] or ''} {row['descricao']} {row['uh_texto'] or ''}".lower()


def _rooms(stay: Stay) -> list[str]:
    return sorted({span.room for span in stay.occupancies} | ({stay.room} if stay.room else set()))


def _room_on(stay: Stay, day: int) -> str:
    for span in stay.occupancies:
        if span.since.toordinal() <= day and (span.until is None or day <= span.until.toordinal()):
            return span.room
    return stay.room
