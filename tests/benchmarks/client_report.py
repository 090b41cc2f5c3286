"""Times side by side, ratios of the same run, and what was promised."""

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.benchmarks.stage import say

Work = Callable[[], Awaitable[float | None]]
COLUMNS = ("ours", "postgrest-py", "postgrest-py x8", "httpx", "bare transport", "floor")


async def timed(work: Work) -> float:
    """Seconds, those that the work itself reports if it does."""
    started = time.perf_counter()
    reported = await work()
    return time.perf_counter() - started if reported is None else reported


class Race:
    """Contenders take turns, another one first each round, so that a busy machine hits all alike."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    async def run(self, works: dict[str, Work], rounds: int) -> "Race":
        names = list(works)
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                self.times.setdefault(name, []).append(await timed(works[name]))
        return self

    def seconds(self, name: str) -> float:
        return statistics.median(self.times[name])

    def ratio(self, slow: str, fast: str) -> float:
        """The median of the rounds' own ratios."""
        return statistics.median([a / b for a, b in zip(self.times[slow], self.times[fast], strict=True)])


class Report:
    def __init__(self) -> None:
        self.targets: list[dict[str, Any]] = []
        self.table: list[tuple[str, dict[str, str]]] = []

    def row(self, work: str, cells: dict[str, str]) -> None:
        self.table.append((work, cells))
        say(f"     {work}: " + ", ".join(f"{name} {value}" for name, value in cells.items()))

    def race(self, work: str, race: Race) -> None:
        self.row(work, {name: f"{race.seconds(name):.3f} s" for name in race.times})

    def add(self, name: str, value: float, target: float, *, at_least: bool = True) -> None:
        met = value >= target if at_least else value <= target
        sign = ">=" if at_least else "<="
        self.targets.append({"name": name, "value": round(value, 4), "target": f"{sign} {target:g}", "ok": met})
        say(f"{'ok  ' if met else 'MISS'} {name:<72} {value:>9.3f}   {sign} {target:g}")

    def close(self) -> None:
        """The table, and last one JSON object."""
        say("\n{:<36}".format("work") + "".join(f"{name:>17}" for name in COLUMNS))
        for work, cells in self.table:
            say(f"{work:<36}" + "".join(f"{cells.get(name, '-'):>17}" for name in COLUMNS))
        short = [target["name"] for target in self.targets if not target["ok"]]
        say(f"\n{len(self.targets) - len(short)} of {len(self.targets)} targets met")
        say(json.dumps({"targets": self.targets, "short": short}))
