"""How the matching engine grows: a daily batch beside Splink's warm predict, and a large house.

`python -m tests.benchmarks.matching_scale [--quick] [--no-splink]`; bench_matching calls `figures`.

The guests are those of several sample hotels, and beyond them others whose names are put together from theirs, with a
slip of the pen in every fiftieth. All of them are in the house or about to come: nobody falls out by the calendar. Both
engines get the same orders as our parser read them and the same guests. CPU seconds, best of several, unless a row says
otherwise.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from matching.core import Engine
from matching.core.comparisons.batch import Batch
from matching.core.engine import BATCH
from matching.core.parsing.orders import Order
from tests.benchmarks.contenders import target
from tests.benchmarks.hotel_rows import Morning, Row, mornings
from tests.benchmarks.matching_peers import for_splink
from tests.benchmarks.peers_home import SPLINK, ask, install
from tests.benchmarks.stage import say

HOTELS, MORNINGS = 9, 4
_LETTERS = "bcdfgklmnprstvz"


# --- the house -----------------------------------------------------------------------------------
def present(hotels: int) -> Morning:
    """Several hotels as one: who is in the house or about to come, and what was asked on their last mornings, typed on
    one day."""
    stays: list[Row] = []
    orders: list[Row] = []
    for hotel in range(hotels):
        seen = list(mornings(300 + hotel, MORNINGS))
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


def figures(peer: Path | None, out: Callable[[str], None], *, large: bool = True) -> list[Row]:
    """Rows for the table go to `out`, targets come back. `peer` is an interpreter that has Splink."""
    base = present(HOTELS)
    return daily_batch(base, peer, out) + (large_house(base, out) if large else [])


def daily_batch(base: Morning, peer: Path | None, out: Callable[[str], None]) -> list[Row]:
    morning = Morning(base.date, asked(base, 300), list(guests(base, 5_000)), [])
    engine = Engine(morning.stays)
    orders = list(engine.read(morning.orders, []))
    weighing = best_of(15, lambda: engine.ask(orders))
    whole = best_of(7, lambda: engine.match(morning.orders))
    fresh = best_of(2, lambda: Engine(morning.stays).match(morning.orders))
    out(f"300 orders x 5,000 guests, CPU: {weighing:.4f} s weighed, {whole:.4f} s with their parsing, ")
    out(f"{fresh:.3f} s with a new index of the listing")
    found = [target("300 x 5,000 with a new index, CPU s", fresh, 1.0, most=True)]
    if peer is not None:
        predict, train, megabytes = splink_predict(morning, peer)
        out(f"Splink, the same 300 parsed orders and 5,000 guests: {predict:.4f} s to predict, warm; {train:.2f} s ")
        out(f"of set-up and training before; {megabytes:.0f} MB at most")
        share = "300 x 5,000 warm, share of Splink's predict (both parsed)"
        found.append(target(share, weighing / predict, 0.2, most=True))
        found.append(target("the same, our parsing of the orders included", whole / predict, 0.3, most=True))
    return found


def splink_predict(morning: Morning, peer: Path) -> tuple[float, float, float]:
    """CPU seconds of a warm predict and of what comes before it; megabytes."""
    orders, listed = for_splink(0, morning, everybody=True)
    answer = ask(peer, "splink", {"orders": orders, "guests": listed, "rounds": 7})
    return float(answer["seconds"]["predict"]), float(answer["seconds"]["train"]), float(answer["megabytes"])


def large_house(base: Morning, out: Callable[[str], None]) -> list[Row]:
    """Four times the orders on four times the guests."""
    each = {}
    for orders, stays in ((5_000, 12_500), (20_000, 50_000)):
        engine = Engine(guests(base, stays))
        read = list(engine.read(asked(base, orders), []))
        pairs = sum(pairs_met(engine, read[i : i + BATCH]) for i in range(0, len(read), BATCH))
        seconds = best_of(2, lambda engine=engine, read=read: in_batches(engine, read))  # type: ignore[misc]  # used at once
        each[orders] = seconds / pairs
        out(f"{orders:,} orders x {stays:,} guests: {seconds:.2f} s of CPU, {pairs:,} pairs met, ")
        out(f"{seconds / pairs * 1e6:.2f} us a pair")
    growth = each[20_000] / each[5_000]
    return [target("20k x 50k: time a pair, times that of 5k x 12.5k", growth, 1.3, most=True)]


def pairs_met(engine: Engine, orders: list[Order]) -> int:
    """Order and guest pairs in one block, as many as BATCH orders at once."""
    batch = Batch.of(orders)
    return len(engine.blocking.met(batch))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the large house")
    parser.add_argument("--no-splink", dest="splink", action="store_false")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        peer = install(Path(home) / "peer", SPLINK) if options.splink else None
        targets = figures(peer, say, large=not options.quick)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
