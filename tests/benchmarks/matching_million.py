"""A million stays on disk: built once in one process, asked in others, which find their index and nothing in memory.

`python -m tests.benchmarks.matching_million`; bench_matching calls `a_million`. CPU seconds, unless a row says wall, of
the best of three processes, each of which meets the orders' words for the first time.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from matching.core import Engine
from matching.core.engine import gather
from matching.core.index.house_index import HouseIndex
from matching.core.index.storage import load, save
from tests.benchmarks.contenders import target
from tests.benchmarks.matching_scale import HOTELS, asked, guests, present
from tests.benchmarks.peak import peak_megabytes
from tests.benchmarks.stage import say

MILLION = 1_000_000
PROCESSES = 3


def a_million(out: Callable[[str], None], size: int = MILLION) -> list[dict[str, Any]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        built = _child("build", folder, size)
        asked_thrice = [_child("ask", folder, size) for _ in range(PROCESSES)]
    said = {name: min(answer[name] for answer in asked_thrice) for name in asked_thrice[0]}
    said["megabytes"] = max(answer["megabytes"] for answer in asked_thrice)
    out(f"index of {size:,} stays: {built['seconds']:.0f} s to build, {built['megabytes']:.0f} MB at most")
    out(f"on disk {built['file']:.0f} MB; opened in {said['open']:.2f} s, made ready in {said['ready']:.2f} s")
    out(f"300 orders: {said['first']:.3f} s of CPU at first sight of their words, {said['again']:.3f} s again ")
    out(f"({said['wall_first']:.3f} and {said['wall_again']:.3f} s of wall, which depend on who else is at work); ")
    out(f"{said['megabytes']:.0f} MB at most; a day's 600 changes taken in {said['update']:.2f} s")
    return [
        target("300 x 1M, warm index, CPU s", said["again"], 0.3, most=True),
        target("300 x 1M, index warm, words never asked for, CPU s", said["first"], 0.3, most=True),
        target("300 x 1M, peak memory, MB", said["megabytes"], 2_500, most=True),
        target("building the index of 1M, peak memory, MB", built["megabytes"], 2_500, most=True),
    ]


def _child(step: str, folder: Path, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.matching_million", "--child", step, str(folder), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _build(folder: Path, size: int) -> dict[str, float]:
    base = present(HOTELS)
    start = time.perf_counter()
    save(HouseIndex(gather(guests(base, size), [])[0]), folder / "house.index")
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "megabytes": peak_megabytes(), "file": (folder / "house.index").stat().st_size / 2**20}


def _ask(folder: Path, size: int) -> dict[str, float]:
    base = present(HOTELS)
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
    again, peak = _clocks(), peak_megabytes()
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=3, metavar=("STEP", "FOLDER", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        step, folder, size = options.child
        say(json.dumps({"build": _build, "ask": _ask}[step](Path(folder), int(size))))
        return 0
    targets = a_million(say)
    say(json.dumps({"targets": targets}))
    return 0 if all(t["ok"] for t in targets) else 1


if __name__ == "__main__":
    sys.exit(main())
