"""How the matching engine grows: a daily batch beside Splink's warm predict, a large house, a million stays on disk.

`python -m tests.benchmarks.matching_scale [--quick] [--million] [--no-splink]`; bench_matching calls `figures`.

The guests are those of several sample hotels, and beyond them others whose names are put together from theirs, with a
slip of the pen in every fiftieth. All of them are in the house or about to come: nobody falls out by the calendar. Both
engines get the same orders as our parser read them and the same guests. CPU seconds, best of several, unless a row says
otherwise.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from matching.core import Engine
from matching.core.batch import Batch
from matching.core.engine import BATCH, gather
from matching.core.index import HouseIndex
from matching.core.orders import Order
from matching.core.storage import load, save
from tests.benchmarks.hotel_rows import Morning, Row, mornings
from tests.benchmarks.matching_peers import ask_splink, for_splink, install_splink
from tests.benchmarks.stage import say

MILLION = 1_000_000
_HOTELS, _MORNINGS = 9, 4
_LETTERS = "bcdfgklmnprstvz"


# --- the house -----------------------------------------------------------------------------------
def present(hotels: int) -> Morning:
    """Several hotels as one: who is in the house or about to come, and what was asked on their last mornings, typed on
    one day."""
    stays: list[Row] = []
    orders: list[Row] = []
    for hotel in range(hotels):
        seen = list(mornings(300 + hotel, _MORNINGS))
        moved = 1_000_000 * hotel
        there = (s for s in seen[-1].stays if s["status"] in ("na_casa", "confirmada", "a_confirmar"))
        stays += [s | {"id": s["id"] + moved, "reserva_id": s["reserva_id"] + moved} for s in there]
        day = seen[-1].orders[0]["aberta_em"][:10]
        orders += [o | {"aberta_em": day + o["aberta_em"][10:]} for morning in seen for o in morning.orders]
    return Morning(seen[-1].date, orders, stays, [])


def guests(base: Morning, size: int) -> Iterator[Row]:
    """The guests of the base, then others made of them: names put together anew, on other floors, booked in pairs."""
    count = len(base.stays)
    for number in range(size):
        row = base.stays[number % count]
        yield row if number < count else _another(base.stays, row, number)


def _another(stays: list[Row], row: Row, number: int) -> Row:
    count = len(stays)
    given = stays[number * 31 % count]["nome_listagem"].replace(",", " ").replace("/", " ").split()
    family = stays[(number * 17 + number // count) % count]["nome_listagem"].replace(",", " ").replace("/", " ").split()
    last = family[-1]
    if number % 50 == 0:
        place = number // 50 % len(last)
        last = last[:place] + _LETTERS[number // 97 % len(_LETTERS)] + last[place + 1 :]
    name = f"{given[0]} {family[len(family) // 2]} {last}"
    room = "".join(c for c in row["uh"] or "" if c.isdigit())
    booking = 10**9 + number // 2
    return row | {
        "id": 10**9 + number,
        "reserva_id": booking,
        "nome_listagem": name,
        "uh": str(int(room) + 100 * (number // count % 80)) if room else None,
        "hospedes": {"nome": name, "telefone": f"48 9{number:08d}", "email": f"g{number}@exemplo.com.br"},
        "reservas": (row["reservas"] or {}) | {"num_reserva": f"N{booking}", "localizador": None},
    }


def asked(base: Morning, size: int) -> list[Row]:
    return [base.orders[i % len(base.orders)] | {"id": i + 1} for i in range(size)]


# --- measures ------------------------------------------------------------------------------------
def best_of(times: int, work: Callable[[], Any]) -> float:
    return min(_cpu(work) for _ in range(times))


def _cpu(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def in_batches(engine: Engine, orders: list[Order]) -> None:
    left = iter(orders)
    while batch := list(islice(left, BATCH)):
        engine.ask(batch)


def figures(
    quick: bool,
    *,
    million: bool = False,
    splink: bool = True,
    peer: Path | None = None,
    out: Callable[[str], None] = say,
) -> list[dict[str, Any]]:
    """Rows for the table go to `out`, targets come back. Quick leaves out the large house; `peer` is an interpreter
    that has Splink, where there is one already."""
    base = present(_HOTELS)
    found = daily_batch(base, out, splink=splink, peer=peer)
    if not quick:
        found += large_house(base, out)
    if million:
        found += a_million(base, out)
    return found


def daily_batch(
    base: Morning, out: Callable[[str], None], *, splink: bool, peer: Path | None = None
) -> list[dict[str, Any]]:
    morning = Morning(base.date, asked(base, 300), list(guests(base, 5_000)), [])
    engine = Engine(morning.stays)
    orders = list(engine.read(morning.orders, []))
    weighing = best_of(15, lambda: engine.ask(orders))
    whole = best_of(7, lambda: engine.match(morning.orders))
    fresh = best_of(2, lambda: Engine(morning.stays).match(morning.orders))
    out(f"300 orders x 5,000 guests, CPU: {weighing:.4f} s weighed, {whole:.4f} s with their parsing, ")
    out(f"{fresh:.3f} s with a new index of the listing")
    found = [_target("300 x 5,000 with a new index, CPU s", fresh, 1.0)]
    if splink and (predict := splink_predict(morning, peer)):
        out(f"Splink's warm predict of the same 300 parsed orders and 5,000 guests: {predict:.4f} s")
        found.append(_target("300 x 5,000 warm, share of Splink's predict (both parsed)", weighing / predict, 0.2))
        found.append(_target("the same, our parsing of the orders included", whole / predict, 0.3))
    return found


def splink_predict(morning: Morning, peer: Path | None) -> float:
    """0 where Splink cannot be installed."""
    with tempfile.TemporaryDirectory() as home:
        python = peer or install_splink(Path(home) / "peer")
        if python is None:
            return 0.0
        orders, listed = for_splink(0, morning, everybody=True)
        return float(ask_splink(python, orders, listed, rounds=7)["seconds"]["predict"])


def large_house(base: Morning, out: Callable[[str], None]) -> list[dict[str, Any]]:
    """Four times the orders on four times the guests."""
    each = {}
    for orders, stays in ((5_000, 12_500), (20_000, 50_000)):
        engine = Engine(guests(base, stays))
        read = list(engine.read(asked(base, orders), []))
        pairs = sum(_pairs(engine, read[i : i + BATCH]) for i in range(0, len(read), BATCH))
        seconds = best_of(2, lambda engine=engine, read=read: in_batches(engine, read))  # type: ignore[misc]  # used at once
        each[orders] = seconds / pairs
        out(f"{orders:,} orders x {stays:,} guests: {seconds:.2f} s of CPU, {pairs:,} pairs met, ")
        out(f"{seconds / pairs * 1e6:.2f} us a pair")
    growth = each[20_000] / each[5_000]
    return [_target("20k x 50k: time a pair, times that of 5k x 12.5k", growth, 1.3)]


def _pairs(engine: Engine, orders: list[Order]) -> int:
    batch = Batch.of(orders)
    return len(engine.blocking.met(batch))


# --- a million stays -----------------------------------------------------------------------------
def a_million(base: Morning, out: Callable[[str], None], size: int = MILLION) -> list[dict[str, Any]]:
    """Built once in one process, asked in another: what it costs a morning that finds its index on disk."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        built, said = (_child(step, folder, size) for step in ("build", "ask"))
    out(f"index of {size:,} stays: {built['seconds']:.0f} s to build, {built['megabytes']:.0f} MB at most")
    out(f"on disk {built['file']:.0f} MB; opened in {said['open']:.2f} s, made ready in {said['ready']:.2f} s")
    out(f"300 orders: {said['first']:.3f} s of CPU at first sight of their words, {said['again']:.3f} s again ")
    out(f"({said['wall_first']:.3f} and {said['wall_again']:.3f} s of wall, which depend on who else is at work); ")
    out(f"{said['megabytes']:.0f} MB at most; a day's 600 changes taken in {said['update']:.2f} s")
    return [
        _target("300 x 1M, warm index, CPU s", said["again"], 0.3),
        _target("300 x 1M, index warm, words never asked for, CPU s", said["first"], 0.3),
        _target("300 x 1M, peak memory, MB", said["megabytes"], 2_500),
        _target("building the index of 1M, peak memory, MB", built["megabytes"], 2_500),
    ]


def _child(step: str, folder: Path, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.matching_scale", "--child", step, str(folder), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _build(folder: Path, size: int) -> dict[str, float]:
    base = present(_HOTELS)
    start = time.perf_counter()
    save(HouseIndex(gather(guests(base, size), [])[0]), folder / "house.index")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "megabytes": _peak(), "file": (folder / "house.index").stat().st_size / 2**20}


def _ask(folder: Path, size: int) -> dict[str, float]:
    base = present(_HOTELS)
    rows, first = asked(base, 301), asked(base, 300)
    start = _clocks()
    engine = Engine(load(folder / "house.index"))
    opened = _clocks()
    # What no batch needs twice: views of the day, sounds and slips of the vocabulary.
    engine.match([rows[300] | {"descricao": "Xyzwk 203"}])
    ready = _clocks()
    engine.match(first)
    said = _clocks()
    engine.match(first)
    again, peak = _clocks(), _peak()
    changes = gather(guests(base, 600), [])[0]
    changed = _clocks()
    engine.index.updated(changes)
    updated = _clocks()
    steps = {"open": (start, opened), "ready": (opened, ready), "first": (ready, said), "again": (said, again)}
    steps["update"] = changed, updated
    cpu = {name: end[0] - begin[0] for name, (begin, end) in steps.items()}
    wall = {f"wall_{name}": end[1] - begin[1] for name, (begin, end) in steps.items()}
    return cpu | wall | {"megabytes": peak}


def _clocks() -> tuple[float, float]:
    """CPU seconds of this process, and of the wall."""
    return time.process_time(), time.perf_counter()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _target(name: str, value: float, most: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 4), "target": most, "ok": value <= most}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the large house")
    parser.add_argument("--million", action="store_true", help="a million stays too: some minutes")
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("STEP", "FOLDER", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        step, folder, size = options.child
        say(json.dumps({"build": _build, "ask": _ask}[step](Path(folder), int(size))))
        return 0
    targets = figures(options.quick, million=options.million, splink=not options.no_splink)
    say(json.dumps({"targets": targets}))
    return 0 if all(target["ok"] for target in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
