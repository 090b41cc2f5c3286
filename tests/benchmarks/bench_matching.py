"""The matching engine beside what one would pick instead, on the same rows, in one run.

`python -m tests.benchmarks.bench_matching [--seeds 3 5 8] [--mornings 15] [--no-splink]`

Prints a table and, as the last line, one JSON object: {"targets": [{"name", "value", "target", "ok"}]}. Quality is
scored by acceptable answers, best link per order; a peer is shown at the threshold that suits it best. Splink runs in
an environment of its own in a temporary directory and is left out, with a word, where it cannot be installed.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from matching.core import Engine
from matching.core.evaluation import Report, lines
from tests.benchmarks.hotel_rows import Morning, Row, mornings
from tests.benchmarks.matching_peers import (
    Answers,
    Contender,
    ask_splink,
    by_strings,
    for_splink,
    install_splink,
    splink,
)
from tests.benchmarks.stage import say


def timed(contender: Contender, work: Callable[[], Answers]) -> Answers:
    start = time.process_time()
    answers = work()
    contender.seconds += time.process_time() - start
    return answers


# --- ours and the string measures ----------------------------------------------------------------
def ours(morning: Morning) -> Answers:
    answers: Answers = defaultdict(list)
    for c in Engine(morning.stays).match(morning.orders).candidates:
        answers[c.os_id].append((c.listagem_id, c.probability))
    return answers


# --- speed ---------------------------------------------------------------------------------------
def batch(orders: int, stays: int) -> Morning:
    """A busy day of a big house: the orders of many mornings on one, the guests of several hotels in it."""
    rows: list[Row] = []
    asked: list[Row] = []
    for hotel in range(1, 30):
        *_, last = seen = list(mornings(100 + hotel, 6))
        moved = 1_000_000 * hotel
        rows += [s | {"id": s["id"] + moved, "reserva_id": s["reserva_id"] + moved} for s in last.stays]
        day = last.orders[0]["aberta_em"][:10] if last.orders else ""
        for order in (o for morning in seen for o in morning.orders):
            asked.append(order | {"id": len(asked) + 1, "aberta_em": day + order["aberta_em"][10:]})
        if len(rows) >= stays and len(asked) >= orders:
            break
    return Morning(last.date, asked[:orders], rows[:stays], [])


def best_of(times: int, work: Callable[[], Any]) -> float:
    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once() for _ in range(times))


# --- the whole -----------------------------------------------------------------------------------
def run(seeds: Sequence[int], days: int, *, with_splink: bool, out: Callable[[str], None]) -> list[Row]:
    seen = [morning for seed in seeds for morning in mornings(seed, days)]
    scorers = {"token_set": fuzz.token_set_ratio, "token_sort": fuzz.token_sort_ratio, "WRatio": fuzz.WRatio}
    engine = Contender("this engine")
    peers = {name: Contender(f"rapidfuzz {name}") for name in scorers}
    for morning in seen:
        engine.take(morning.truth, timed(engine, lambda m=morning: ours(m)))  # type: ignore[misc]  # bound at once
        for name, scorer in scorers.items():
            work = lambda m=morning, s=scorer: by_strings(m, s)  # noqa: E731 - one line, used at once
            peers[name].take(morning.truth, timed(peers[name], work))
    contenders = [engine, *peers.values()]
    big = batch(300, 5_000)
    warm = Engine(big.stays)
    cold_s = best_of(3, lambda: Engine(big.stays).match(big.orders))
    warm_s = best_of(3, lambda: warm.match(big.orders))
    targets = [*quality_targets(engine.found), target("300 x 5,000 with a new index, CPU s", cold_s, 1.0, most=True)]
    if with_splink:
        targets += beside_splink(seen, big, engine, contenders, warm_s)
    show(contenders, out)
    out(f"\n300 orders x 5,000 guests: {cold_s:.3f} s of CPU with a new index, {warm_s:.3f} s with a warm one")
    out(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    out("\n".join(lines(engine.found)))
    return targets


def beside_splink(
    seen: Sequence[Morning], big: Morning, engine: Contender, contenders: list[Contender], warm_s: float
) -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        python = install_splink(Path(home) / "peer")
        if python is None:
            return []
        peer = splink(python, seen)
        contenders.append(peer)
        predict_s = ask_splink(python, *for_splink(0, big), rounds=3)["seconds"]["predict"]
    gain = engine.found.best.f1 - peer.found.best.f1
    return [
        target("best F1 above Splink's", gain, 0.05),
        target("300 x 5,000 warm, share of the CPU time of Splink's predict", warm_s / predict_s, 0.2, most=True),
    ]


def quality_targets(found: Report) -> list[Row]:
    return [
        target("precision at the default threshold", found.default.precision, 0.90),
        target("recall at the default threshold", found.default.recall, 0.80),
        target("F1 at the best threshold", found.best.f1, 0.95),
        target("F1 at the default below the best by", found.best.f1 - found.default.f1, 0.005, most=True),
        target("recall at 3", found.recall_at_three, 0.97),
        target("precision at p >= .98", found.sure[1], 0.995),
    ]


def target(name: str, value: float, wanted: float, *, most: bool = False) -> Row:
    return {
        "name": name,
        "value": round(value, 4),
        "target": wanted,
        "ok": value <= wanted if most else value >= wanted,
    }


def show(contenders: Sequence[Contender], out: Callable[[str], None]) -> None:
    out(f"{'':34} best F1   at    default F1   recall@3   seconds")
    for c in contenders:
        found = c.found
        out(
            f"{c.name:34} {found.best.f1:7.3f} {found.best.threshold:5.2f} {found.default.f1:12.3f} "
            f"{found.recall_at_three:10.3f} {c.seconds:9.2f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 5, 8])
    parser.add_argument("--mornings", type=int, default=15)
    parser.add_argument("--no-splink", action="store_true")
    options = parser.parse_args()
    targets = run(options.seeds, options.mornings, with_splink=not options.no_splink, out=say)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
