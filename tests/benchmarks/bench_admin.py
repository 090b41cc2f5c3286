"""Server time of the admin's pages with few and with many suggestions: `make bench-admin`.

The same pages at 1,000 and at 100,000 suggestions, with 1,000 runs and 365 snapshots, in this process and without a
network: p50, p95, the ratio of the two p50, and the queries of each page. The two sizes stand in two databases and take
turns request by request, so that whatever else the machine does weighs on both. Then a batch of 10,000, its undo, what
a first visit transfers, the search for a guest among 50,000 stays and, on servers of its own, what people at a browser
wait for (`browser_figures`). Prints tables and, last, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.benchmarks.stage import private_stack, say, say_pace

if TYPE_CHECKING:
    from django.test import Client

    from tests.benchmarks.admin_more import World

PAGE_TARGET, ROUND_TARGET, GROWTH_TARGET = 150.0, 80.0, 2.0
LIST = "/admin/matching/matchsuggestion/"
PAGES = {
    "dashboard": "/admin/",
    "list": LIST,
    "list, every state": f"{LIST}?state=all",
    "list, page 3": f"{LIST}?p=3",
    "list, doubt, departs today": f"{LIST}?band=doubt&departure=today",
    "list, to confirm": f"{LIST}?state=unconfirmed",
    "list, one room": f"{LIST}?room=203&state=all",
    "list, who decided": f"{LIST}?decided_by={{person}}",
    "list, one model": f"{LIST}?model=m1&state=all",
    "list, one month": f"{LIST}?order__opened_at__year={{year}}&order__opened_at__month={{month}}",
    "search, one order": f"{LIST}?q=40300&state=all",
    "search, a name": f"{LIST}?q=pessoa300+lima",
    "search, everybody": f"{LIST}?q=figueiredo&state=all",
    "queue": f"{LIST}review/",
    "queue, in the middle": f"{LIST}review/?band=doubt&at={{middle}}",
    "card": f"{LIST}{{card}}/change/",
    "card, another guest": f"{LIST}{{card}}/change/?outro=1&q=pessoa30",
    "decisions": "/admin/matching/decision/",
    "decisions, search": "/admin/matching/decision/?q=pessoa300",
    "alerts": "/admin/matching/alert/",
    "alerts, settled": "/admin/matching/alert/?settled=yes",
    "alert": "/admin/matching/alert/{alert}/change/",
    "bulk": f"{LIST}bulk/",
    "audit": "/admin/audit/",
    "audit, a person's decisions": "/admin/audit/?kind=decisions&user={person}",
    "audit, exports": "/admin/audit/?kind=exports",
    "rooms": "/admin/rooms/?q=203",
    "room, all orders": "/admin/rooms/?q=203&os=all",
    "guest": "/admin/guests/{stay}/",
    "handover": "/admin/handover/",
    "manager": "/admin/manager/",
    "runs": "/admin/pipeline/jobrun/",
    "run": "/admin/pipeline/jobrun/{run}/change/",
    "snapshots": "/admin/snapshots/snapshot/",
    "snapshot": "/admin/snapshots/snapshot/{snapshot}/change/",
}
REVIEW = "review round trip"


@dataclass(frozen=True)
class Figure:
    """Milliseconds, and the most queries that one request made."""

    p50: float
    p95: float
    queries: int


def measure(worlds: tuple[World, World], once: Sequence[Callable[[], Any]], times: int) -> tuple[Figure, Figure]:
    """In turns, the first of each unseen."""
    taken: tuple[list[float], list[float]] = ([], [])
    queries = [_queries(world, act) for world, act in zip(worlds, once, strict=True)]
    for _ in range(times):
        for world, act, seen in zip(worlds, once, taken, strict=True):
            world.enter()
            started = time.perf_counter()
            act()
            seen.append((time.perf_counter() - started) * 1000)
    few, many = (
        Figure(statistics.median(seen), statistics.quantiles(seen, n=20)[-1], asked)
        for seen, asked in zip(taken, queries, strict=True)
    )
    return few, many


def _queries(world: World, act: Callable[[], Any]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    world.enter()
    act()
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def _opener(client: Client, path: str) -> Callable[[], None]:
    def open_page() -> None:
        status = client.get(path).status_code
        if status != 200:
            raise SystemExit(f"{path} answered {status}.")

    return open_page


def _reviewer(client: Client) -> Callable[[], None]:
    """A key pressed in the queue, as the page sends it: the answer is the next card. A rejection, since it has nothing
    to write outside."""
    path = f"{LIST}review/?band=weak"

    def decide() -> None:
        button = re.search(r'name="reject"\s+value="([^"]+)"', seen.pop().content.decode())
        if button is None:
            raise SystemExit("The queue shows no card to decide.")
        answer = client.post(path, {"reject": button[1]}, headers={"X-Card": "next"})
        if answer.status_code != 200:
            raise SystemExit(f"The decision answered {answer.status_code}.")
        seen.append(answer)

    seen: list[Any] = [client.get(path)]
    return decide


def _finder(client: Client, text: str) -> Callable[[], None]:
    """A search of the header, as far as its page of results."""

    def find() -> None:
        answer = client.post("/admin/find/", {"q": text}, follow=True)
        if answer.status_code != 200 or b"Figueiredo" not in answer.content:
            raise SystemExit("The search found nobody.")

    return find


def _words() -> dict[str, Any]:
    """What the addresses of the present database are filled with."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from matching.models import Alert, MatchSuggestion
    from pipeline.models import JobRun
    from snapshots.models import Snapshot

    heads, today = MatchSuggestion.objects.heads(), timezone.localdate()
    return {
        "year": today.year,
        "month": today.month,
        "middle": heads.count() // 4,
        "card": heads.order_by("-queued_at")[0].pk,
        "run": JobRun.objects.latest("pk").pk,
        "stay": heads.exclude(stay=None).order_by("-queued_at")[0].stay_id,
        "alert": Alert.objects.latest("pk").pk,
        "snapshot": Snapshot.objects.latest("pk").pk,
        "person": User.objects.get().pk,
    }


def measured(client: Client, worlds: tuple[World, World], times: int) -> dict[str, tuple[Figure, Figure]]:
    words = []
    for world in worlds:
        world.enter()
        words.append(_words())
    found = {
        name: measure(worlds, [_opener(client, path.format(**some)) for some in words], times)
        for name, path in PAGES.items()
    }
    for name, text in (("find, everybody", "figueiredo"), ("find, two words", "figueiredo prado")):
        found[name] = measure(worlds, [_finder(client, text)] * 2, times)
    reviewers = []
    for world in worlds:
        world.enter()
        reviewers.append(_reviewer(client))
    return found | {REVIEW: measure(worlds, reviewers, times)}


def report(found: dict[str, tuple[Figure, Figure]]) -> list[dict[str, Any]]:
    say(f"{'page':30}{'few p50':>9}{'p95':>8}{'many p50':>10}{'p95':>8}{'ratio':>7}{'queries':>9}")
    targets = []
    for name, (before, after) in found.items():
        growth = after.p50 / before.p50
        say(
            f"{name:30}{before.p50:9.1f}{before.p95:8.1f}{after.p50:10.1f}{after.p95:8.1f}{growth:7.2f}"
            f"{before.queries:5d}/{after.queries}"
        )
        limit = ROUND_TARGET if name == REVIEW else PAGE_TARGET
        targets.append(_target(f"{name}, p95 ms", after.p95, limit))
        targets.append(_target(f"{name}, growth", growth, GROWTH_TARGET))
    return targets


def _target(name: str, value: float, target: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "target": target, "ok": value <= target}


def _browser() -> list[dict[str, Any]]:
    """In a process of its own: its servers are others than this bench's."""
    command = [sys.executable, "-m", "tests.benchmarks.browser_figures"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines = [line.rstrip("\n") for line in process.stdout or ()]
    if process.returncode != 0:
        raise SystemExit("The browser's figures were not taken.")
    for line in lines[:-1]:
        say(line)
    return list(json.loads(lines[-1])["targets"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=30, help="requests of each page")
    parser.add_argument("--batch", type=int, default=10_000, help="suggestions of the batch")
    parser.add_argument("--stays", type=int, default=50_000, help="stays that the guest search looks through")
    parser.add_argument("--no-browser", action="store_true", help="leave out what needs a chromium")
    chosen = parser.parse_args()
    with private_stack():
        from django.contrib.auth.models import User
        from django.test import Client

        from sistema_os.startup import freeze_loaded_code
        from tests.benchmarks.admin_ground import fill, fill_listings, fill_runs
        from tests.benchmarks.admin_more import batch, first_visit, guest_search, here, twin

        freeze_loaded_code()
        person = User.objects.create_superuser("bench", first_name="Bruno")
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(person)
        fill_runs(1_000, 365)
        fill_listings(622)
        fill(chosen.few, person)
        few = twin("few")
        fill(chosen.many, person)
        worlds = (few, here())
        say_pace()
        targets = report(measured(client, worlds, chosen.times))
        say_pace()
        worlds[1].enter()
        targets += batch(person, chosen.batch) + first_visit(client)
        targets += guest_search(person, chosen.stays, chosen.times)
    if not chosen.no_browser:
        targets += _browser()
    say(json.dumps({"targets": targets}))


if __name__ == "__main__":
    main()
