"""What one would pick instead of the matching engine: string measures, and Splink in an environment of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz import process

from matching.core import Engine
from matching.core.evaluation import Judged, Report, judge, report
from matching.core.mentions import STRONG
from matching.core.orders import Order, parse_order
from matching.core.rooms import room_key
from matching.core.stays import parse_stay
from tests.benchmarks.hotel_rows import Morning, Row

SPLINK = "splink==5.0.0"
Answers = dict[int, list[tuple[int | None, float]]]
_PEER = Path(__file__).with_name("splink_peer.py")


@dataclass
class Contender:
    name: str
    judged: list[Judged] = field(default_factory=list)
    seconds: float = 0.0

    def take(self, truth: list[Row], answers: Answers) -> None:
        self.judged += judge(truth, answers)

    @property
    def found(self) -> Report:
        return report(self.judged)


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


# --- Splink --------------------------------------------------------------------------------------
def install_splink(home: Path) -> Path | None:
    """The interpreter of a fresh environment that has Splink; None with a word when there is none to be had."""
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    python = home / "bin" / "python"
    try:
        subprocess.run([python, "-m", "pip", "install", "-q", SPLINK], check=True, timeout=300, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        sys.stderr.write(f"{SPLINK} cannot be installed here: left out\n")
        return None
    return python


def for_splink(number: int, morning: Morning, *, everybody: bool = False) -> tuple[list[Row], list[Row]]:
    """Our normaliser's reading of both sides, so that engines are compared and not parsers. Of the guests those who are
    in the house, or everybody."""
    engine = Engine(morning.stays)
    at = str(number)
    orders = [_order_row(at, parse_order(row, engine.rooms)) for row in morning.orders]
    there = {row["id"] for row in (morning.stays if everybody else _there(morning))}
    guests = [
        {
            "unique_id": f"g{at}-{stay.listagem_id}",
            "morning": at,
            "given": stay.parts[0][0] if stay.parts else None,
            "family": stay.parts[-1][0] if len(stay.parts) > 1 else None,
            "room": stay.room or None,
            "phone": stay.phone[-8:] or None,
        }
        for stay in map(parse_stay, morning.stays)
        if stay.listagem_id in there and not stay.hidden
    ]
    return orders, guests


def _order_row(at: str, order: Order) -> Row:
    words = [w.text for p in order.persons[:1] if p.strength >= STRONG for w in p.words]
    formal = bool(order.persons and order.persons[0].formal and len(words) == 1)
    return {
        "unique_id": f"o{at}-{order.os_id}",
        "morning": at,
        "given": words[0] if words and not formal else None,
        "family": words[-1] if len(words) > 1 or formal else None,
        "room": room_key(order.rooms[0]) if order.rooms else None,
        "phone": order.contacts.phones[0][-8:] if order.contacts.phones else None,
    }


def ask_splink(python: Path, orders: list[Row], guests: list[Row], rounds: int = 1) -> dict[str, Any]:
    asked = json.dumps({"orders": orders, "guests": guests, "rounds": rounds})
    done = subprocess.run([python, str(_PEER)], input=asked, capture_output=True, text=True, check=True, timeout=900)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def splink(python: Path, seen: Sequence[Morning]) -> Contender:
    contender = Contender("Splink 5, best link per order")
    orders, guests = [], []
    for number, morning in enumerate(seen):
        left, right = for_splink(number, morning)
        orders += left
        guests += right
    answer = ask_splink(python, orders, guests)
    contender.seconds = answer["seconds"]["train"] + answer["seconds"]["predict"]
    best: dict[tuple[int, int], tuple[int, float]] = {}
    for one, other, probability in answer["links"]:
        order, guest = sorted((one, other), reverse=True)
        at, os_id = map(int, order[1:].split("-"))
        if probability > best.get((at, os_id), (0, 0.0))[1]:
            best[at, os_id] = int(guest.split("-")[1]), probability
    for number, morning in enumerate(seen):
        contender.take(morning.truth, {o: [link] for (at, o), link in best.items() if at == number})
    return contender
