"""A year of snapshots: what a day costs on day 365, in bytes and in time, and what of it can be read exactly."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from functools import partial

from django.db import connection

from snapshots import snapshot_manager as manager
from tests.benchmarks.snapshot_ours import counted, kept, reading, stored, timed
from tests.benchmarks.snapshot_rows import Listing, essence_of

DAYS = 365
REBUILT = 200


def forget() -> None:
    """What was measured before makes this one neither slower nor larger."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE snapshots_source CASCADE")


def vacuum() -> None:
    """What autovacuum would have done by the next morning, by PostgreSQL's own rule: the local server has it off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_stat_user_tables"
            " WHERE relname LIKE 'snapshots_%%' AND n_dead_tup > 50 + 0.2 * n_live_tup",
            [],
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"VACUUM ANALYZE {connection.ops.quote_name(table)}")


def measure(size: int) -> dict[str, float]:
    forget()
    listing = Listing(size)
    seconds: list[float] = []
    sizes: list[int] = []
    deltas: list[int] = []
    essences: list[int] = []
    for day in range(DAYS):
        rows, before = listing.rows(), stored()
        took, _ = timed(partial(counted, rows, day))
        seconds.append(took)
        sizes.append(stored() - before)
        deltas.append(listing.delta)
        essences.append(listing.essence())
        listing.advance()
        vacuum()
    return {
        "rows": size,
        "day_5_ms": 1000 * _around(seconds, 5),
        "day_365_ms": 1000 * _around(seconds, DAYS - 1),
        "day_365_over_day_5": _around(seconds, DAYS - 1) / _around(seconds, 5),
        "bytes_a_day": statistics.median(sizes[1:]),
        "bytes_of_the_delta": statistics.median(
            size / delta for size, delta in zip(sizes[1:], deltas[1:], strict=True)
        ),
        "bytes_day_365_over_day_5": _around(sizes, DAYS - 1) / _around(sizes, 5),
        "rebuilt_exactly": _rebuilt(essences),
        **reading(),
    }


def _around(values: Sequence[float], day: int) -> float:
    """The best of eleven days: whatever else the machine does makes a day slower, never faster."""
    first = min(max(1, day - 5), len(values) - 11)
    return min(values[first : first + 11])


def _rebuilt(essences: Sequence[int]) -> float:
    """The share of randomly chosen past days that come back row by row as they were, and agree with their digest
    (`as_of` raises where they do not)."""
    snapshots = kept()
    chosen = random.Random(5).sample(range(len(snapshots)), REBUILT)
    return sum(essence_of(manager.as_of(snapshots[day])) == essences[day] for day in chosen) / REBUILT
