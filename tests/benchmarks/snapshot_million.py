"""A million rows in a process of its own: `python -m tests.benchmarks.snapshot_million ROWS DAY...` on the databases
of the environment. Prints one JSON object: seconds of each day, and the peak of memory above what the process had when
all was imported and connected."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import orjson

FIRST, NEXT, LAST = 0, 1, 2


def in_child(rows: int, days: tuple[int, ...], *, staged: bool) -> dict[str, Any]:
    environment = {**os.environ, "SNAPSHOT_STAGED_FROM": "1000" if staged else "100000000"}
    command = [sys.executable, "-m", "tests.benchmarks.snapshot_million", str(rows), *map(str, days)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def measure(rows: int) -> dict[str, Any]:
    """The first listing and the day after it compared by the database, a third day in memory."""
    return {"staged": in_child(rows, (FIRST, NEXT), staged=True), "in_memory": in_child(rows, (LAST,), staged=False)}


def resident() -> float:
    """MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    from tests.benchmarks.snapshot_ours import collect, timed
    from tests.benchmarks.snapshot_rows import streamed

    rows, days = int(sys.argv[1]), [int(day) for day in sys.argv[2:]]
    connection.ensure_connection()
    idle = resident()
    seconds = {}
    for day in days:
        # Announced, for a count of whole pages would be suspect. The time includes making the rows.
        took, _ = timed(partial(collect, streamed(rows, day), day, rows))
        seconds[str(day)] = round(took, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    found = {"seconds": seconds, "idle_mb": round(idle, 1), "peak_over_idle": round(peak - idle, 1)}
    sys.stdout.buffer.write(orjson.dumps(found))


if __name__ == "__main__":
    main()
