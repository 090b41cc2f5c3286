"""Server time of the admin's pages with few and with many suggestions: `make bench-admin`.

The same pages at 1,000 and at 100,000 suggestions, with 1,000 runs and 365 snapshots, in this process and without a
network: p50, p95, the ratio of the two p50, and the queries of each page. Prints a table and, last, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks.stage import private_stack, say

if TYPE_CHECKING:
    from django.test import Client

PAGE_TARGET, ROUND_TARGET, GROWTH_TARGET = 150.0, 80.0, 2.0
LIST = "/admin/matching/matchsuggestion/"
PAGES = {
    "dashboard": "/admin/",
    "list": LIST,
    "list, every state": f"{LIST}?state=all",
    "list, page 3": f"{LIST}?p=3",
    "list, doubt, departs today": f"{LIST}?band=doubt&departure=today",
    "list, to confirm": f"{LIST}?state=unconfirmed",
    "list, one month": f"{LIST}?order__opened_at__year={{year}}&order__opened_at__month={{month}}",
    "search, one order": f"{LIST}?q=40300&state=all",
    "search, a name": f"{LIST}?q=pessoa300+lima",
    "search, everybody": f"{LIST}?q=figueiredo&state=all",
    "queue": f"{LIST}review/",
    "queue, in the middle": f"{LIST}review/?band=doubt&at={{middle}}",
    "card": f"{LIST}{{card}}/change/",
    "decisions": "/admin/matching/decision/",
    "decisions, search": "/admin/matching/decision/?q=pessoa300",
    "alerts": "/admin/matching/alert/",
    "rooms": "/admin/rooms/?q=203",
    "handover": "/admin/handover/",
    "manager": "/admin/manager/",
    "runs": "/admin/pipeline/jobrun/",
    "run": "/admin/pipeline/jobrun/{run}/change/",
    "snapshots": "/admin/snapshots/snapshot/",
}
REVIEW = "review round trip"


@dataclass(frozen=True)
class Figure:
    """Milliseconds, and the most queries that one request made."""

    p50: float
    p95: float
    queries: int


def measure(once: Callable[[], Any], times: int) -> Figure:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    once()
    with CaptureQueriesContext(connection) as asked:
        once()
    queries = len(asked)
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        once()
        taken.append((time.perf_counter() - started) * 1000)
    return Figure(statistics.median(taken), statistics.quantiles(taken, n=20)[-1], queries)


def _opener(client: Client, path: str) -> Callable[[], None]:
    def open_page() -> None:
        status = client.get(path).status_code
        if status != 200:
            raise SystemExit(f"{path} answered {status}.")

    return open_page


def _reviewer(client: Client) -> Callable[[], None]:
    """A key pressed in the queue until the next card is there. A rejection, since it has nothing to write outside."""
    path = f"{LIST}review/?band=weak"

    def decide() -> None:
        shown = client.get(path) if not seen else seen.pop()
        button = re.search(r'name="reject" value="([^"]+)"', shown.content.decode())
        if button is None:
            raise SystemExit("The queue shows no card to decide.")
        answer = client.post(path, {"reject": button[1]})
        if answer.status_code != 302:
            raise SystemExit(f"The decision answered {answer.status_code}.")
        seen.append(client.get(path))

    seen: list[Any] = [client.get(path)]
    return decide


def measured(client: Client, times: int) -> dict[str, Figure]:
    from django.utils import timezone

    from matching.models import MatchSuggestion
    from pipeline.models import JobRun

    heads, today = MatchSuggestion.objects.heads(), timezone.localdate()
    words = {
        "year": today.year,
        "month": today.month,
        "middle": heads.count() // 4,
        "card": heads.order_by("-queued_at")[0].pk,
        "run": JobRun.objects.latest("pk").pk,
    }
    found = {name: measure(_opener(client, path.format(**words)), times) for name, path in PAGES.items()}
    return found | {REVIEW: measure(_reviewer(client), times)}


def report(few: dict[str, Figure], many: dict[str, Figure]) -> list[dict[str, Any]]:
    say(f"{'page':28}{'few p50':>9}{'p95':>8}{'many p50':>10}{'p95':>8}{'ratio':>7}{'queries':>9}")
    targets = []
    for name, after in many.items():
        before, growth = few[name], after.p50 / few[name].p50
        say(
            f"{name:28}{before.p50:9.1f}{before.p95:8.1f}{after.p50:10.1f}{after.p95:8.1f}{growth:7.2f}"
            f"{before.queries:5d}/{after.queries}"
        )
        limit = ROUND_TARGET if name == REVIEW else PAGE_TARGET
        targets.append(_target(f"{name}, p95 ms", after.p95, limit))
        targets.append(_target(f"{name}, growth", growth, GROWTH_TARGET))
    return targets


def _target(name: str, value: float, target: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "target": target, "ok": value <= target}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=30, help="requests of each page")
    chosen = parser.parse_args()
    with private_stack():
        from django.contrib.auth.models import User
        from django.test import Client

        from tests.benchmarks.admin_ground import fill, fill_runs

        person = User.objects.create_superuser("bench", first_name="Bruno")
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(person)
        fill_runs(1_000, 365)
        fill(chosen.few, person)
        few = measured(client, chosen.times)
        fill(chosen.many, person)
        targets = report(few, measured(client, chosen.times))
    say(json.dumps({"targets": targets}))


if __name__ == "__main__":
    main()
