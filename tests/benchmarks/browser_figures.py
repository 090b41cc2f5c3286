"""What a person at the browser waits for, on a server as in production: `python -m tests.benchmarks.browser_figures`.

100 cards decided by key, one after the other, each with its link written to the hotel's Supabase; then two reviewers at
once, 80 keys each, and what became of the 160. The last line is one JSON object. `make bench-admin` runs this too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from sistema_os.local.processes import free_port, wait_for
from tests.benchmarks.stage import private_stack, say, say_pace
from tests.browser.robots import Machine, Robot

if TYPE_CHECKING:
    from sistema_os.local.stack import Stack

CARDS, ROUNDS = 100, 3
REVIEWERS, KEYS = ("ana", "bruno"), 80
SECONDS_TARGET = 8.4
QUEUE = "/admin/matching/matchsuggestion/review/"


@contextmanager
def _server() -> Iterator[str]:
    """Its address. Two workers, as the demo starts them."""
    port = free_port()
    command = ["-m", "gunicorn", "sistema_os.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2", "--log-level=error"]
    server = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, "HTTPS": "off", "STATIC_FROM_SOURCE": "on"}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        if not wait_for(lambda: _answers(address), 30):
            raise SystemExit("The server does not answer.")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
    except OSError:
        return False


def _cards(stack: Stack, first: int, count: int = CARDS) -> None:
    """Orders in the hotel and in our queue, nobody suggested for each."""
    from tests.matching.conftest import Candidate, Hotel

    with stack.connect_hotel() as connection:
        hotel = Hotel(connection)
        orders = [hotel.order(f"lâmpada queimada no corredor {first + n}") for n in range(count)]
        hotel.suggest(*(Candidate(order, None, 0.75) for order in orders))


def _people() -> None:
    from sistema_os import roles

    roles.setup_groups()
    roles.setup_demo_users()


def _paced(stack: Stack, window: Robot, started: int) -> list[float]:
    _cards(stack, started)
    window.visit(path=f"{QUEUE}?band=doubt")
    return list(window.pace(key="a", times=CARDS))


def _alone(stack: Stack, address: str, rounds: int) -> dict[str, Any]:
    from sistema_os.roles import DEMO_PASSWORD

    with closing(Machine()) as machine:
        window = machine.window(address)
        window.sign_in(username="ana", password=DEMO_PASSWORD)
        seen = [_paced(stack, window, n * CARDS) for n in range(rounds)]
    say_pace()
    for taken in seen:
        ninth = statistics.quantiles(taken, n=20)[-1]
        middle = statistics.median(taken)
        say(f"{CARDS} cards by key: {sum(taken):.2f} s, p50 {middle * 1000:.0f} ms, p95 {ninth * 1000:.0f} ms")
    return _target(f"{CARDS} decisions by key, s", round(statistics.median(map(sum, seen)), 2), SECONDS_TARGET)


def _at_once(stack: Stack, address: str, first: int) -> list[dict[str, Any]]:
    """Two browsers, so that neither waits for the other; whoever is done first sits before one card more."""
    from django.db import connection

    from matching.models import Decision, WriteBack

    _cards(stack, first, len(REVIEWERS) * KEYS + 1)
    before = Decision.objects.order_by("pk").last()
    connection.close()
    with ThreadPoolExecutor() as desks:
        shown = list(desks.map(lambda person: _worked(address, person), REVIEWERS))
    taken = Decision.objects.filter(pk__gt=before.pk if before else 0)
    orders = list(taken.values_list("suggestion__order_id", flat=True))
    written = WriteBack.objects.filter(decision__in=taken, state="done").count()
    pressed = sum(len(set(cards)) for cards in shown)
    say(f"{len(REVIEWERS)} x {KEYS} keys: {len(orders)} decided on {len(set(orders))} orders, {written} written")
    wanted = len(REVIEWERS) * KEYS
    return [
        _target(f"two reviewers x {KEYS}, not decided", wanted - len(orders), 0),
        _target(f"two reviewers x {KEYS}, doubled", len(orders) - len(set(orders)), 0),
        _target(f"two reviewers x {KEYS}, lost", pressed - written, 0),
    ]


def _worked(address: str, person: str) -> list[str]:
    """The cards that were shown to this person, each decided."""
    from sistema_os.roles import DEMO_PASSWORD

    with closing(Machine()) as machine:
        window = machine.window(address)
        window.sign_in(username=person, password=DEMO_PASSWORD)
        window.visit(path=f"{QUEUE}?band=doubt")
        return list(window.work(key="a", times=KEYS))


def _target(name: str, value: float, target: float) -> dict[str, Any]:
    return {"name": name, "value": value, "target": target, "ok": abs(value) <= target}


def figures(stack: Stack, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Targets with what was seen; of the rounds, the median. Leaves the decided cards behind."""
    _people()
    with _server() as address:
        alone = _alone(stack, address, rounds)
        return [alone, *_at_once(stack, address, rounds * CARDS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with private_stack() as stack:
        say(json.dumps({"targets": figures(stack, rounds)}))


if __name__ == "__main__":
    main()
