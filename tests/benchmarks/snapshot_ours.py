"""Our snapshots as the benchmarks use them. Imported once Django is set up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import connection

from snapshots import snapshot_manager as manager
from snapshots.models import Snapshot
from tests.benchmarks.snapshot_rows import COLUMNS, DAY, Row

SPEC = manager.SourceSpec(name="bench", key="id", columns=COLUMNS, explained=bool)


def collect(rows: Iterable[Row], day: int, declared: int | None = None) -> Snapshot:
    """In pages of a thousand, as they come from the hotel."""
    ingest = manager.begin(SPEC, business_date=DAY + timedelta(days=day), run_id=None)
    rest = iter(rows)
    while page := list(islice(rest, 1000)):
        ingest.add(page)
    done = ingest.publish(declared, manager.no_fence)
    assert done.status == "published", done.reasons
    return done


def counted(rows: list[Row], day: int) -> tuple[int, int, int]:
    done = collect(rows, day, len(rows))
    return done.added, done.removed, done.changed


def stored() -> int:
    """Bytes of history that we keep: the changes and the snapshots' records."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select coalesce(sum(pg_column_size(c.*)), 0) from snapshots_change c)"
            " + (select coalesce(sum(pg_column_size(s.*)), 0) from snapshots_snapshot s)"
        )
        return int(cursor.fetchone()[0])


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def kept() -> list[Snapshot]:
    return list(Snapshot.objects.filter(source__name=SPEC.name, seq__isnull=False).order_by("seq"))


def reading() -> dict[str, float]:
    """Seconds to rebuild the oldest and the newest (their ratio is the median of rounds in which both are read),
    milliseconds of an adjacent diff and of one row's history."""
    snapshots = kept()
    ends = snapshots[0], snapshots[-1]
    rounds = [[timed(partial(_rebuild, end))[0] for end in ends] for _ in range(3)]
    newest_pair = snapshots[-2], snapshots[-1]
    middle = len(snapshots) // 2
    older_pair = snapshots[middle - 1], snapshots[middle]
    return {
        "rebuild_oldest_s": min(first for first, _ in rounds),
        "rebuild_newest_s": min(last for _, last in rounds),
        "rebuild_ratio": sorted(first / last for first, last in rounds)[1],
        "adjacent_diff_ms": 1000 * _best(lambda: _count(manager.diff(*newest_pair))),
        "older_adjacent_diff_ms": 1000 * _best(lambda: _count(manager.diff(*older_pair))),
        "history_of_a_row_ms": 1000 * _best(lambda: manager.history(SPEC.name, "1")),
    }


def _best(work: Callable[[], Any]) -> float:
    return min(timed(work)[0] for _ in range(7))


def _rebuild(snapshot: Snapshot) -> int:
    return _count(manager.as_of(snapshot))


def _count(items: Iterable[Any]) -> int:
    return sum(1 for _ in items)
