"""Our snapshots side by side with other ways to keep history, on the same listings: `make bench-snapshots`.

`--rows 100000` (the default) and `--days 5` measured after the first listing. The ways take turns, another one first
each day; a ratio is the median of the days' own ratios. Everyone gets the same list of rows, writes to the same server
with the same settings, and commits once a day. The ORM is given `--orm-rows`, and its time is scaled. Then a year of
`--year-rows`; with `--million`, the memory that a million rows take. Prints a table and, last, one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from tests.benchmarks.snapshot_rows import Listing, Row
from tests.benchmarks.stage import private_stack, say

OURS = "ours"
# At most; "rebuilt exactly" is to be reached.
TARGETS = {
    "time / SCD2, full payload staged": 0.55,
    "time / jsonb full copy": 0.6,
    "time / SCD2, hashes first": 1.1,
    "bytes a day / the delta": 2.7,
    "a year's bytes a day / the delta": 2.7,
    "day 365 / day 5, time": 1.15,
    "rebuild oldest / newest": 1.3,
    "rebuild oldest / newest, after a year": 1.3,
    "rebuilt exactly, of 200 days": 1.0,
    "adjacent diff, ms": 30.0,
    "a million rows: MB over idle, staged": 75.0,
}
Figures = dict[str, list[float]]


def measure(size: int, days: int) -> dict[str, dict[str, float]]:
    from tests.benchmarks.snapshot_ours import counted, stored, timed
    from tests.benchmarks.snapshot_rivals import RIVALS

    listing, rivals = Listing(size), [rival(os.environ["DATABASE_URL"]) for rival in RIVALS]
    held: dict[str, Callable[[], int]] = {OURS: stored, **{rival.name: rival.stored for rival in rivals}}
    seconds: Figures = {name: [] for name in held}
    sizes: Figures = {name: [] for name in held}
    for day in range(days + 1):
        rows = listing.rows()
        ways: dict[str, Callable[[], Any]] = {OURS: partial(counted, rows, day)}
        ways |= {rival.name: partial(rival.collect, rows) for rival in rivals}
        for name in _another_first(list(ways), day):
            before = held[name]()
            gc.collect()
            took, counts = timed(ways[name])
            if day:
                assert counts == listing.changes, (name, counts)
                seconds[name].append(took)
                sizes[name].append((held[name]() - before) / listing.delta)
        if day == 0:
            for rival in rivals:
                rival.settle()
        listing.advance()
    return {name: _summary(seconds[name], sizes[name], seconds[OURS]) for name in held}


def _another_first(names: list[str], day: int) -> list[str]:
    place = day % len(names)
    return names[place:] + names[:place]


def _summary(seconds: list[float], sizes: list[float], ours: list[float]) -> dict[str, float]:
    return {
        "seconds": statistics.median(seconds),
        "of_the_delta": statistics.median(sizes),
        "ours_takes": statistics.median(mine / other for mine, other in zip(ours, seconds, strict=True)),
    }


def by_orm(size: int, scale: float) -> dict[str, float]:
    """Seconds for `size` rows, and what that makes of the other ways' listing."""
    from tests.benchmarks.snapshot_by_orm import ByOrm
    from tests.benchmarks.snapshot_ours import timed

    listing, way = Listing(size), ByOrm()
    way.first(listing.rows())
    listing.advance()
    rows: list[Row] = listing.rows()
    took, counts = timed(partial(way.collect, rows))
    assert counts == listing.changes, counts
    return {"rows": size, "seconds": took, "scaled_seconds": took * scale / size}


def figures(found: dict[str, Any]) -> dict[str, float]:
    ways, read, year = found["ways"], found["reading"], found["year"]
    result = {f"time / {name}": way["ours_takes"] for name, way in ways.items() if name != OURS}
    result["time / Django ORM row by row, scaled"] = ways[OURS]["seconds"] / found["orm"]["scaled_seconds"]
    result |= {
        "bytes a day / the delta": ways[OURS]["of_the_delta"],
        "rebuild oldest / newest": read["rebuild_ratio"],
        "adjacent diff, ms": read["adjacent_diff_ms"],
        "adjacent diff of older days, ms": read["older_adjacent_diff_ms"],
        "history of a row, ms": read["history_of_a_row_ms"],
        "a year's bytes a day / the delta": year["bytes_of_the_delta"],
        "day 365 / day 5, time": year["day_365_over_day_5"],
        "day 365 / day 5, bytes": year["bytes_day_365_over_day_5"],
        "rebuild oldest / newest, after a year": year["rebuild_ratio"],
        "rebuilt exactly, of 200 days": year["rebuilt_exactly"],
    }
    if million := found.get("million"):
        result["a million rows: MB over idle, staged"] = million["staged"]["peak_over_idle"]
        result["a million rows: MB over idle, in memory"] = million["in_memory"]["peak_over_idle"]
    return {name: round(value, 4) for name, value in result.items()}


def judged(result: dict[str, float]) -> list[dict[str, Any]]:
    rows = []
    for name, target in TARGETS.items():
        if (value := result.get(name)) is not None:
            ok = value >= target if name.startswith("rebuilt exactly") else value <= target
            rows.append({"name": name, "value": value, "target": target, "ok": ok})
    return rows


def run(options: argparse.Namespace) -> dict[str, Any]:
    with private_stack():
        from tests.benchmarks import snapshot_million, snapshot_ours, snapshot_year

        found: dict[str, Any] = {"ways": measure(options.rows, options.days), "reading": snapshot_ours.reading()}
        found["orm"] = by_orm(options.orm_rows, options.rows)
        found["year"] = snapshot_year.measure(options.year_rows)
        if options.million:
            snapshot_year.forget()
            found["million"] = snapshot_million.measure(options.million_rows)
    return found


def show(options: argparse.Namespace, found: dict[str, Any], result: dict[str, float]) -> None:
    say(f"{options.rows} rows x 20 columns, 1 % changed, 0.3 % new, 0.3 % gone; medians of {options.days} days")
    for name, way in found["ways"].items():
        say(f"{name:<28}{way['seconds']:>9.2f} s{way['of_the_delta']:>9.1f} x the delta{way['ours_takes']:>9.2f}")
    orm = found["orm"]
    say(
        f"Django ORM row by row       {orm['scaled_seconds']:>9.1f} s   ({orm['seconds']:.1f} s for {orm['rows']} rows)"
    )
    year = found["year"]
    day_5, day_365 = year["day_5_ms"], year["day_365_ms"]
    say(
        f"a year, {year['rows']} rows: {year['bytes_a_day']:.0f} B a day; {day_5:.0f} ms on day 5, {day_365:.0f} on 365"
    )
    targets = {row["name"]: row for row in judged(result)}
    for name, value in result.items():
        row = targets.get(name)
        mark = "" if row is None else "ok" if row["ok"] else "MISS"
        say(f"{mark:<5}{name:<44}{value:>9.3f}" + ("" if row is None else f"   {row['target']:g}"))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--orm-rows", type=int, default=2_000)
    parser.add_argument("--year-rows", type=int, default=5_000)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--million-rows", type=int, default=1_000_000)
    options = parser.parse_args()
    found = run(options)
    result = figures(found)
    show(options, found, result)
    say(orjson.dumps({"targets": judged(result), "figures": result, **found}).decode())


if __name__ == "__main__":
    main()
