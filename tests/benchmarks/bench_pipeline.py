"""A morning at 50 ms a query: as the original did it, awaited row by row, and as `pipeline_diario` does it.

The same rows are read and written each time, on a private stack with the sample hotel, through a proxy that lets every
request wait. Prints a table and, last, one JSON object with every figure and its target: `make bench-pipeline`.
"""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.distance import Request, distant
from tests.benchmarks.pipeline_ground import Ground, Morning, ground
from tests.benchmarks.row_by_row import Measured, Touched, measure
from tests.benchmarks.stage import say

LATENCY = 0.05
MORNINGS = 5
# What must wait for what, whoever does it: the reads; the counts that prove them whole, asked when all has come; what
# vanished, which only a comparison with yesterday tells; the suggestions, which only all of it together makes.
DEPTH = 4
CANCELLED_IN = ("listing", "orders", "changes", "matching")


@dataclass
class Pipeline:
    mornings: list[Morning]
    requests: list[list[Request]]

    @property
    def wall(self) -> float:
        return statistics.median(morning.wall for morning in self.mornings)

    @property
    def lag(self) -> float:
        """The worst of a morning; the median of the mornings, for a neighbour of this machine's is no lag of ours."""
        return statistics.median(morning.lag for morning in self.mornings)

    @property
    def worst_lag(self) -> float:
        return max(morning.lag for morning in self.mornings)

    @property
    def queries(self) -> int:
        return max(len(requests) for requests in self.requests)

    @property
    def wire(self) -> float:
        return statistics.median(_busy(requests) for requests in self.requests)

    @property
    def in_a_row(self) -> int:
        return max(_in_a_row(requests) for requests in self.requests)


def _busy(requests: Sequence[Request]) -> float:
    """Seconds in which at least one request was under way."""
    total, until = 0.0, 0.0
    for request in sorted(requests, key=lambda request: request.came):
        total += max(0.0, request.answered - max(request.came, until))
        until = max(until, request.answered)
    return total


def _in_a_row(requests: Sequence[Request]) -> int:
    """The longest chain of requests that each came after the one before was answered."""
    chain, until = 0, 0.0
    for request in sorted(requests, key=lambda request: request.answered):
        if request.came >= until:
            chain, until = chain + 1, request.answered
    return chain


def trace(requests: Sequence[Request]) -> None:
    """Where a morning's round trips stand, in milliseconds from the first."""
    began = min(request.came for request in requests)
    for request in sorted(requests, key=lambda request: request.came):
        at, took = 1000 * (request.came - began), 1000 * (request.answered - request.came)
        say(f"  {at:>6.0f} ms  +{took:>5.0f}  {request.size:>9,} bytes  {request.method:<5} {request.table}")


def play(where: Ground) -> tuple[Pipeline, Pipeline]:
    """Mornings near and far by turns, so that a noisy moment hits both alike."""
    near, far = Pipeline([], []), Pipeline([], [])
    with distant(where.near["url"], 0) as here, distant(where.near["url"], LATENCY) as there:
        where.next_day()
        where.morning(here.url)  # the first has nothing to compare with
        here.requests()
        for _ in range(MORNINGS):
            for played, way in ((near, here), (far, there)):
                where.next_day()
                morning = where.morning(way.url)
                assert morning.run.state == "succeeded", morning.run.reason
                played.mornings.append(morning)
                played.requests.append(way.requests())
    return near, far


def cancel_times(where: Ground) -> list[float]:
    with distant(where.near["url"], LATENCY) as far:
        where.next_day()
        return [where.morning(far.url, cancel_in=phase).cancelled_after for phase in CANCELLED_IN]


def touched(where: Ground, morning: Morning) -> list[Touched]:
    """Every row that the morning read or wrote, once."""
    from pipeline.hotel import orders as order_rows
    from pipeline.hotel import stays as listing_rows

    day, listing, orders = where.hotel.date, listing_rows.TABLE, order_rows.TABLE
    stays = where.keys(
        f"select id from {listing} where removido_em is null and (saida >= %s and chegada <= %s"  # noqa: S608  a name of ours
        " or status = %s and saida between %s and %s)",
        [*listing_rows.window(day), "saida", *listing_rows.departed_window(day)],
    )
    open_orders = where.keys(f"select id from {orders} where status = any(%s)", [list(order_rows.OPEN_STATUSES)])  # noqa: S608  a name of ours
    written = where.keys(
        "select to_jsonb(s) - 'id' - 'created_at' - 'updated_at' from sugestoes_match s"
        " order by updated_at desc limit %s",
        [morning.run.summary["mirrored"]],
    )
    return [
        *(Touched(listing, id=key) for key in stays),
        *(Touched(orders, id=key) for key in open_orders),
        *(Touched("sugestoes_match", row=row) for row in written),
    ]


def row_by_row(where: Ground, rows: list[Touched], *, blocking: bool) -> Measured:
    with distant(where.near["url"], LATENCY) as far:
        return measure(rows, LATENCY, {**where.near, "url": far.url}, blocking=blocking)


def show(name: str, wall: float, queries: int, lag: float, cancel: float, note: str = "") -> None:
    say(f"{name:<42} {wall:>8.2f} s {queries:>8} {lag * 1000:>10.0f} ms {cancel:>8.2f} s  {note}")


def targets(rows: int, near: Pipeline, far: Pipeline) -> list[dict[str, Any]]:
    on_the_way = LATENCY * DEPTH + near.wire
    found = [
        ("round trips: times fewer than a query a row", rows / far.queries, 100, True),
        (
            "wall: times the ideal (own work and bytes, latency x depth)",
            far.wall / (near.wall + LATENCY * DEPTH),
            2,
            False,
        ),
        ("on the wire alone: times the ideal (bytes, latency x depth)", far.wire / on_the_way, 2, False),
        ("worst loop lag of a morning, ms (median of the mornings)", far.lag * 1000, 100, False),
    ]
    for name, value, target, least in found:
        met = value >= target if least else value <= target
        say(f"{'ok  ' if met else 'MISS'} {name:<62} {value:>9.2f}   {'>=' if least else '<='} {target}")
    return [
        {"name": name, "value": round(value, 3), "target": target, "ok": value >= target if least else value <= target}
        for name, value, target, least in found
    ]


def main() -> None:
    with ground() as where:
        near, far = play(where)
        rows = touched(where, far.mornings[-1])
        cancels = cancel_times(where)
        ways = {blocking: row_by_row(where, rows, blocking=blocking) for blocking in (True, False)}
    say(f"\nA morning of {len(rows)} rows at {LATENCY * 1000:.0f} ms a query")
    say(f"{'':<42} {'wall':>10} {'queries':>8} {'loop lag':>13} {'cancel':>10}")
    for blocking, name in ((True, "the original: blocking, a query a row"), (False, "awaited, a query a row")):
        way = ways[blocking]
        note = "" if way.share == 1 else f"{way.share:.0%} of the rows done, the rest reckoned"
        show(name, way.wall, len(rows), way.lag, way.cancel, note)
    show("pipeline_diario", far.wall, far.queries, far.lag, max(cancels), f"cancel: worst of {len(cancels)} phases")
    show("  the same with no latency", near.wall, near.queries, near.lag, 0.0)
    say(f"  on the wire {far.wire:.2f} s of it, {far.in_a_row} round trips in a row at most")
    say(f"  ideal on the wire {LATENCY * DEPTH + near.wire:.2f} s: {DEPTH} round trips that wait for one another,")
    say(f"  and {near.wire:.2f} s for the same requests and bytes without latency; the last morning's:")
    trace(far.requests[-1])
    times = far.wall / (LATENCY * DEPTH + near.wire)
    say(f"  off the wire {far.wall - far.wire:.2f} s of our own work; the whole morning is {times:.1f} x that ideal")
    say(f"  loop lag: the worst of a morning, median of {MORNINGS}; the worst of all {far.worst_lag * 1000:.0f} ms\n")
    say(json.dumps({"targets": targets(len(rows), near, far)}))


if __name__ == "__main__":
    main()
