"""What one would pick instead of the matching engine: string measures, and other engines on what our parser read."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rapidfuzz import process

from matching.core import Engine
from matching.core.parsing.mentions import STRONG
from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.rooms.keys import room_key
from matching.core.parsing.stays import GONE_STATUSES, Stay, parse_stay
from tests.benchmarks.contenders import Answers, Contender, best_links
from tests.benchmarks.hotel_rows import Morning, Row
from tests.benchmarks.peers_home import ask_or_say

NEAR = 3


def by_strings(morning: Morning, scorer: Any) -> Answers:
    """The whole line against "name room" of every guest who is there: what a first version would do."""
    there = _there(morning)
    choices = [f"{row['nome_listagem']} {(row['uh'] or '').strip()}".lower() for row in there]
    answers: Answers = {}
    for order in morning.orders:
        text = f"{order['hospede_texto'] or ''} {order['descricao']} {order['uh_texto'] or ''}".lower()
        best = process.extractOne(text, choices, scorer=scorer)
        if best is not None:
            answers[order["id"]] = [(there[best[2]]["id"], best[1] / 100)]
    return answers


def _there(morning: Morning) -> list[Row]:
    return [s for s in morning.stays if s["status"] == "na_casa" and s["chegada"] <= morning.date.isoformat()]


# --- the rows that engines of other makes get ----------------------------------------------------
def for_splink(number: int, morning: Morning, *, everybody: bool = False) -> tuple[list[Row], list[Row]]:
    """Our normaliser's reading of both sides, so that engines are compared and not parsers. Of the guests those who are
    in the house, come or left within three days, or everybody."""
    engine = Engine(morning.stays)
    at = str(number)
    orders = [order_row(at, parse_order(row, engine.rooms)) for row in morning.orders]
    seen = ((stay, _presence(stay, morning.date)) for stay in map(parse_stay, morning.stays) if not stay.hidden)
    return orders, [guest_row(at, stay, there) for stay, there in seen if there or everybody]


def _presence(stay: Stay, today: date) -> str:
    """Seen from the day before the listing, when the orders were typed; "" for nobody who comes into question."""
    day = today - timedelta(days=1)
    if stay.status in GONE_STATUSES:
        return ""
    if stay.arrival > day:
        return "coming" if (stay.arrival - day).days <= NEAR else ""
    if stay.status == "na_casa":
        return "in_house"
    return "left" if (day - stay.departure).days <= NEAR else ""


def guest_row(at: str, stay: Stay, presence: str) -> Row:
    return {
        "unique_id": f"g{at}-{stay.listagem_id}",
        "morning": at,
        "given": stay.parts[0][0] if stay.parts else None,
        "family": stay.parts[-1][0] if len(stay.parts) > 1 else None,
        "words": [word for word, _ in stay.parts],
        "room": stay.room or None,
        "phone": stay.phone[-8:] or None,
        "about": None,
        "presence": presence or "away",
        "main": "yes" if stay.titular else "no",
    }


def order_row(at: str, order: Order) -> Row:
    words = [w.text for p in order.persons[:1] if p.strength >= STRONG for w in p.words]
    formal = bool(order.persons and order.persons[0].formal and len(words) == 1)
    return {
        "unique_id": f"o{at}-{order.os_id}",
        "morning": at,
        "given": words[0] if words and not formal else None,
        "family": words[-1] if len(words) > 1 or formal else None,
        "words": words,
        "room": room_key(order.rooms[0]) if order.rooms else None,
        "phone": order.contacts.phones[0][-8:] if order.contacts.phones else None,
        "about": next((name for name in ("arrival", "lost") if name in order.hints), ""),
        "presence": None,
        "main": None,
    }


def table(seen: Sequence[Morning]) -> dict[str, Any]:
    """All mornings as one table of orders and one of guests, with what is right for a peer that needs to be taught."""
    orders, guests, truth = [], [], []
    for number, morning in enumerate(seen):
        left, right = for_splink(number, morning)
        orders += left
        guests += right
        truth += [[f"o{number}-{t['os_id']}", [f"g{number}-{a}" for a in t["aceitaveis"]]] for t in morning.truth]
    return {"orders": orders, "guests": guests, "truth": truth}


def peer(
    python: Path, name: str, title: str, seen: Sequence[Morning], rows: dict[str, Any], seconds: float
) -> Contender | None:
    """The best link per order of an engine; None, with a word, where it fails or takes longer than `seconds`."""
    answer = ask_or_say(python, name, title, rows, seconds)
    if answer is None:
        return None
    contender = Contender(title, seconds=sum(answer["seconds"].values()), megabytes=answer["megabytes"])
    found = best_links(answer["links"])
    for number, morning in enumerate(seen):
        contender.take(morning.truth, {o: links for (at, o), links in found.items() if at == number})
    return contender
