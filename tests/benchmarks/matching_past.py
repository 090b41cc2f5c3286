"""The sample hotel's whole past in one pool, at two sizes: every engine in a process of its own, on the same rows.

`python -m tests.benchmarks.matching_past [--small] [--no-peers]`; bench_matching calls `figures`. Ours is the black box
itself: it reads both files line by line, and its seconds hold that reading and parsing; the others get parsed rows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path

from matching.core.__main__ import Lines
from matching.core.engine import BATCH, Engine
from matching.core.evaluation.report import lines
from matching.core.parsing.orders import Order
from tests.benchmarks.contenders import Answers, Contender, beside, quality_targets, show, target
from tests.benchmarks.hotel_past import Past, past
from tests.benchmarks.hotel_rows import Row
from tests.benchmarks.matching_scale import pairs_met
from tests.benchmarks.past_peers import SPLINK, Reading
from tests.benchmarks.peak import peak_megabytes
from tests.benchmarks.peers_home import RECORDLINKAGE, install
from tests.benchmarks.peers_home import SPLINK as SPLINK_PACKAGE
from tests.benchmarks.stage import say

OURS = "this engine"
SMALL = [(seed, 60, 1_000, 2_000) for seed in (3, 5, 8)]
LARGE = [(3, 120, 20_000, 50_000)]
_SECONDS = 900


@dataclass
class Cost:
    """What a pool cost: candidate pairs met in blocks, CPU, and memory beyond that of the program before it read."""

    rows: float
    pairs: float
    seconds: float
    megabytes: float


def figures(python: Path | None, out: Callable[[str], None], *, large: bool = True) -> list[Row]:
    """`python` has the other engines, where they are to be asked."""
    small, targets = _size("1k x 2k", SMALL, python, out)
    if large:
        great, found = _size("20k x 50k", LARGE, python, out)
        targets += found + growth(small, great, out)
    return targets


def _size(
    title: str, pools: Iterable[tuple[int, int, int, int]], python: Path | None, out: Callable[[str], None]
) -> tuple[Cost, list[Row]]:
    together: dict[str, Contender] = {}
    costs = []
    for pool in pools:
        whole = past(*pool)
        mine, cost = ours(whole)
        costs.append(cost)
        others = list(Reading.of(whole).contenders(python))
        out(f"\n{whole.name}")
        show([mine, *others], out)
        for contender in (mine, *others):
            together.setdefault(contender.name, Contender(contender.name)).add(contender)
    if len(costs) > 1:
        out(f"\n{title}, {len(costs)} seeds together")
        show(list(together.values()), out)
    out("")
    out("\n".join(lines(together[OURS].found)))
    engine = together[OURS]
    lead = beside(title, engine, list(together.values()), SPLINK)
    return _mean(costs), [*lead, *quality_targets(title, engine.found)]


def _mean(costs: Sequence[Cost]) -> Cost:
    return Cost(*(sum(values) / len(costs) for values in zip(*map(astuple, costs), strict=True)))


def growth(small: Cost, great: Cost, out: Callable[[str], None]) -> list[Row]:
    """Time by candidate pair and memory by row, of the great pool against the small one."""
    for title, cost in (("1k x 2k", small), ("20k x 50k", great)):
        out(
            f"{title}: {cost.pairs:,.0f} pairs met, {cost.seconds / cost.pairs * 1e6:.1f} us of CPU a pair; "
            f"{cost.megabytes:.0f} MB beyond the program's own, {cost.megabytes / cost.rows * 1024:.2f} kB a row"
        )
    seconds = great.seconds / great.pairs / (small.seconds / small.pairs)
    megabytes = great.megabytes / great.rows / (small.megabytes / small.rows)
    return [
        target("20k x 50k: time a pair, times that of 1k x 2k", seconds, 1.3, most=True),
        target("20k x 50k: memory a row, times that of 1k x 2k", megabytes, 1.3, most=True),
    ]


# --- ours, in a process of its own ---------------------------------------------------------------
def ours(whole: Past) -> tuple[Contender, Cost]:
    with tempfile.TemporaryDirectory() as folder:
        orders, stays = whole.written(Path(folder))
        command = [sys.executable, "-m", "tests.benchmarks.matching_past", "--child", str(orders), str(stays)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    *links, last = done.stdout.splitlines()
    cost = json.loads(last)
    answers: Answers = defaultdict(list)
    for os_id, who, probability in map(json.loads, links):
        answers[os_id].append((who, probability))
    engine = Contender(OURS, seconds=cost["seconds"], megabytes=cost["megabytes"])
    engine.take(whole.truth, answers)
    rows = len(whole.orders) + len(whole.stays)
    return engine, Cost(rows, cost["pairs"], cost["seconds"], cost["megabytes"] - cost["idle"])


def _child(orders: Path, stays: Path) -> None:
    """A line a suggestion, and what it cost as the last one. Pairs are counted after the clock has stopped."""
    idle, start = peak_megabytes(), time.process_time()
    engine = Engine(Lines(stays))
    for found in engine.answers(Lines(orders), []):
        say(json.dumps([found.os_id, found.listagem_id, found.probability]))
    seconds, peak = time.process_time() - start, peak_megabytes()
    pairs = sum(pairs_met(engine, batch) for batch in _batches(engine, orders))
    say(json.dumps({"seconds": seconds, "megabytes": peak, "idle": idle, "pairs": pairs}))


def _batches(engine: Engine, orders: Path) -> Iterator[list[Order]]:
    read = engine.read(Lines(orders), [])
    while batch := list(islice(read, BATCH)):
        yield batch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="1k x 2k alone")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--child", nargs=2, type=Path, metavar=("ORDERS", "STAYS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        _child(*options.child)
        return 0
    with tempfile.TemporaryDirectory() as home:
        python = install(Path(home) / "peers", SPLINK_PACKAGE, RECORDLINKAGE) if options.peers else None
        targets = figures(python, say, large=not options.small)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
