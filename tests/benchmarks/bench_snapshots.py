"""Our snapshots side by side with other ways to keep history, on the same listings: `make bench-snapshots`.

`--rows 100000` (the default) and `--days 3` measured after the first listing. The ways take turns, day by day, and the
median of the days counts. Prints a table and, last, one JSON object with every figure and its target.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import orjson
import psycopg

from tests.benchmarks.stage import private_stack, say

DAY = date(2026, 1, 1)
TARGETS = {
    "time / SCD2, full payload staged": 0.55,
    "time / jsonb full copy": 0.6,
    "time / SCD2, hashes first": 1.1,
    "bytes a day / the delta": 2.7,
    "rebuild oldest / newest": 1.3,
    "adjacent diff, ms": 30.0,
}


def row(key: int, version: int) -> dict[str, Any]:
    """Twenty columns: names, numbers, dates, a third of them rarely filled."""
    texts = {f"c{n}": f"Valor {key * n % 9973} do campo" for n in range(0, 19, 3)}
    numbers = {f"c{n}": key * n % 100_003 for n in range(1, 19, 3)}
    dates = {f"c{n}": f"2026-01-{1 + (key + n) % 28:02}" if key % 3 else None for n in range(2, 19, 3)}
    return {"id": key, **texts, **numbers, **dates, "c0": f"Hóspede {key} v{version}", "c4": version}


class Listing:
    """1 % changed, 0.3 % new and 0.3 % gone a day."""

    def __init__(self, size: int):
        self.versions = dict.fromkeys(range(size), 0)
        self.next_key, self.size, self.dice = size, size, random.Random(7)
        self.delta = 0

    def rows(self) -> list[dict[str, Any]]:
        return [row(key, version) for key, version in self.versions.items()]

    def advance(self) -> None:
        """`delta`: the bytes that tell both ways what changed, and nothing else."""
        keys = self.dice.sample(list(self.versions), self.size // 100 + self.size * 3 // 1000)
        changed, gone = keys[: self.size // 100], keys[self.size // 100 :]
        fresh = range(self.next_key, self.next_key + len(gone))
        pairs = [(self.versions[key], self.versions[key] + 1, key) for key in changed]
        told: list[Any] = [[key, {n: [row(key, a)[n], row(key, b)[n]] for n in ("c0", "c4")}] for a, b, key in pairs]
        told += [row(key, self.versions[key]) for key in gone] + [row(key, 0) for key in fresh]
        self.delta = sum(len(orjson.dumps(item)) for item in told)
        self.versions.update({key: version for _old, version, key in pairs})
        for key in gone:
            del self.versions[key]
        self.versions.update(dict.fromkeys(fresh, 0))
        self.next_key += len(gone)


def ours(rows: list[dict[str, Any]], day: int) -> tuple[int, int, int]:
    from snapshots import snapshot_manager as manager
    from tests.benchmarks.snapshot_rivals import COLUMNS

    spec = manager.SourceSpec(name="bench", key="id", columns=COLUMNS, explained=bool)
    ingest = manager.begin(spec, business_date=DAY + timedelta(days=day), run_id=None)
    for start in range(0, len(rows), 1000):
        ingest.add(rows[start : start + 1000])
    done = ingest.publish(len(rows), manager.no_fence)
    assert done.status == "published", done.reasons
    return done.added, done.removed, done.changed


def stored(connection: psycopg.Connection) -> int:
    """Bytes of history that we keep: the changes and the snapshots' records."""
    found = connection.execute(
        "select (select coalesce(sum(pg_column_size(c.*)), 0) from snapshots_change c)"
        " + (select coalesce(sum(pg_column_size(s.*)), 0) from snapshots_snapshot s)"
    ).fetchone()
    assert found is not None
    return int(found[0])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def measure(url: str, size: int, days: int) -> dict[str, dict[str, float]]:
    from tests.benchmarks.snapshot_rivals import RIVALS

    listing = Listing(size)
    with psycopg.connect(url, autocommit=True) as connection:
        rivals = [rival(url) for rival in RIVALS]
        names = ["ours", *(rival.name for rival in rivals)]
        seconds: dict[str, list[float]] = {name: [] for name in names}
        sizes: dict[str, list[float]] = {name: [] for name in names}
        deltas: list[int] = []
        for day in range(days + 1):
            rows = listing.rows()
            ways: dict[str, Callable[[], Any]] = {"ours": partial(ours, rows, day)}
            ways |= {rival.name: partial(rival.collect, rows) for rival in rivals}
            held: dict[str, Callable[[], int]] = {"ours": partial(stored, connection)}
            held |= {rival.name: rival.stored for rival in rivals}
            for name, way in ways.items():
                before = held[name]()
                took, counts = timed(way)
                if day:
                    assert counts == (size * 3 // 1000, size * 3 // 1000, size // 100), (name, counts)
                    seconds[name].append(took)
                    sizes[name].append(held[name]() - before)
            if day:
                deltas.append(listing.delta)
            listing.advance()
    delta = statistics.median(deltas)
    return {
        name: {
            "seconds": round(statistics.median(seconds[name]), 3),
            "bytes_a_day": statistics.median(sizes[name]),
            "of_the_delta": round(statistics.median(sizes[name]) / delta, 2),
        }
        for name in names
    }


def _rebuild(snapshot: Any) -> int:
    from snapshots import snapshot_manager as manager

    return sum(1 for _ in manager.as_of(snapshot))


def _count_changes(a: Any, b: Any) -> int:
    from snapshots import snapshot_manager as manager

    return sum(1 for _ in manager.diff(a, b))


def reading() -> dict[str, float]:
    from snapshots import snapshot_manager as manager
    from snapshots.models import Snapshot

    kept = list(Snapshot.objects.filter(source__name="bench", seq__isnull=False).order_by("seq"))
    oldest, newest = (min(timed(partial(_rebuild, end))[0] for _ in range(3)) for end in (kept[0], kept[-1]))
    adjacent = min(timed(partial(_count_changes, kept[-2], kept[-1]))[0] for _ in range(5))
    one = min(timed(partial(manager.history, "bench", "1"))[0] for _ in range(5))
    return {
        "rebuild_oldest_s": round(oldest, 3),
        "rebuild_newest_s": round(newest, 3),
        "adjacent_diff_ms": round(adjacent * 1000, 1),
        "history_of_a_row_ms": round(one * 1000, 1),
    }


def figures(ways: dict[str, dict[str, float]], read: dict[str, float]) -> dict[str, float]:
    mine = ways["ours"]
    result = {f"time / {name}": mine["seconds"] / way["seconds"] for name, way in ways.items() if name != "ours"}
    result["bytes a day / the delta"] = mine["of_the_delta"]
    result["rebuild oldest / newest"] = read["rebuild_oldest_s"] / read["rebuild_newest_s"]
    result["adjacent diff, ms"] = read["adjacent_diff_ms"]
    return {name: round(value, 3) for name, value in result.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=3)
    options = parser.parse_args()
    with private_stack():
        url = os.environ["DATABASE_URL"]
        ways = measure(url, options.rows, options.days)
        read = reading()
    say(f"{options.rows} rows x 20 columns, 1 % changed, 0.3 % new, 0.3 % gone; median of {options.days} days")
    for name, way in ways.items():
        size = f"{way['bytes_a_day'] / 1000:>12.0f} kB a day"
        say(f"{name:<28}{way['seconds']:>9.2f} s{size}{way['of_the_delta']:>9.1f} x")
    found = figures(ways, read)
    for name, value in found.items():
        target = TARGETS.get(name)
        mark = "" if target is None else ("ok  " if value <= target else "MISS")
        say(f"{mark:<5}{name:<40}{value:>9.3f}" + ("" if target is None else f"   <= {target:g}"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(orjson.dumps({"ways": ways, "reading": read, "ratios": found, "targets": TARGETS, "peak_mb": peak}).decode())


if __name__ == "__main__":
    main()
