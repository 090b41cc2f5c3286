"""What one would pick instead of the matching engine: string measures, and Splink in an environment of its own."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rapidfuzz import process

from matching.core import Engine
from matching.core.evaluation import Judged, Quality, Report, judge, report
from matching.core.mentions import STRONG
from matching.core.orders import Order, parse_order
from matching.core.rooms import room_key
from matching.core.stays import GONE_STATUSES, Stay, parse_stay
from tests.benchmarks.hotel_rows import Morning, Row

SPLINK = "splink==5.0.0"
Answers = dict[int, list[tuple[int | None, float]]]
NEAR = 3


@dataclass
class Contender:
    name: str
    judged: list[Judged] = field(default_factory=list)
    spread: list[Judged] = field(default_factory=list)
    """The same with probabilities drawn apart near 0, where some engines have their best threshold."""
    seconds: float = 0.0

    def take(self, truth: list[Row], answers: Answers) -> None:
        self.judged += judge(truth, answers)
        self.spread += judge(truth, {o: [(who, _apart(p)) for who, p in found] for o, found in answers.items()})

    @property
    def best(self) -> Quality:
        """At the threshold that suits it best."""
        apart = report(self.spread).best
        return max(self.found.best, replace(apart, threshold=_together(apart.threshold)), key=lambda q: q.f1)

    @property
    def found(self) -> Report:
        return report(self.judged)


def _apart(probability: float) -> float:
    return 1 / (1 - math.log(max(probability, 1e-300)) / 8)


def _together(apart: float) -> float:
    return math.exp(8 - 8 / apart)


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


# --- engines in an environment of their own ------------------------------------------------------
def install_splink(home: Path) -> Path | None:
    """The interpreter of a fresh environment that has Splink; None with a word when there is none to be had."""
    return install(home, SPLINK)


def install(home: Path, *packages: str) -> Path | None:
    """The interpreter of the peers' environment, made when it is not there, with these packages; None, with a word,
    when they cannot be had."""
    python = home / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
        command = [str(python), "-m", "pip", "install", "-q", *packages]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        sys.stderr.write(f"{packages[0]} cannot be installed here: left out\n")
        return None
    return python


def for_splink(number: int, morning: Morning, *, everybody: bool = False) -> tuple[list[Row], list[Row]]:
    """Our normaliser's reading of both sides, so that engines are compared and not parsers. Of the guests those who are
    in the house, come or left within three days, or everybody."""
    engine = Engine(morning.stays)
    at = str(number)
    orders = [_order_row(at, parse_order(row, engine.rooms)) for row in morning.orders]
    seen = ((stay, _presence(stay, morning.date)) for stay in map(parse_stay, morning.stays) if not stay.hidden)
    return orders, [_guest_row(at, stay, there) for stay, there in seen if there or everybody]


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


def _guest_row(at: str, stay: Stay, presence: str) -> Row:
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


def _order_row(at: str, order: Order) -> Row:
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


def ask_splink(python: Path, orders: list[Row], guests: list[Row], rounds: int = 1) -> dict[str, Any]:
    return ask(python, "splink", {"orders": orders, "guests": guests, "rounds": rounds})


def ask(python: Path, name: str, asked: dict[str, Any], seconds: float = 900) -> dict[str, Any]:
    script = Path(__file__).with_name(f"{name}_peer.py")
    given = json.dumps(asked)
    done = subprocess.run([python, script], input=given, capture_output=True, text=True, check=True, timeout=seconds)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


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
    try:
        answer = ask(python, name, rows, seconds)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        why = (getattr(error, "stderr", None) or "took too long").strip().splitlines()[-1]
        sys.stderr.write(f"{title} is left out: {why[:200]}\n")
        return None
    contender = Contender(title, seconds=sum(answer["seconds"].values()))
    found = _best_links(answer["links"])
    for number, morning in enumerate(seen):
        contender.take(morning.truth, {o: links for (at, o), links in found.items() if at == number})
    return contender


def _best_links(links: list[list[Any]]) -> dict[tuple[int, int], list[tuple[int | None, float]]]:
    """By morning and order the three likeliest guests."""
    found: dict[tuple[int, int], list[tuple[int | None, float]]] = {}
    for one, other, probability in sorted(links, key=lambda link: -link[2]):
        order, guest = sorted((one, other), reverse=True)
        at, os_id = map(int, order[1:].split("-"))
        answers = found.setdefault((at, os_id), [])
        if len(answers) < 3:
            answers.append((int(guest.split("-")[1]), probability))
    return found
