"""What `bench_admin` measures beside single pages: two databases to compare, a batch of thousands, a first visit."""

from __future__ import annotations

import gzip
import random
import re
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg.sql
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection, connections
from django.utils import timezone

from matching.core.parsing import lexicon
from matching.models import Decision, MatchSuggestion, Stay
from matching.models.choices import StayStatus, Verb
from matching.review import bulk, service
from matching.stay_search import search_stays
from matching.stay_search.terms import stay_terms
from tests.benchmarks.stage import say

if TYPE_CHECKING:
    from django.test import Client

BATCH_TARGET, WEIGHT_TARGET, SEARCH_TARGET = 30.0, 100.0, 80.0
# A frequent and a rare name, two letters, two words, a room, a booking, near and phonetic spellings, nobody.
SEARCHES = ("aaron", "zuleide", "aa", "jo", "aaron acosta", "203", "r400123", "figueredo", "conceisao", "xyzzyx")
FIRST_SEARCHED = 10_000_000
VISITS = {
    "dashboard": "/admin/",
    "list": "/admin/matching/matchsuggestion/",
    "queue": "/admin/matching/matchsuggestion/review/",
    "manager": "/admin/manager/",
}
_ASSET = re.compile(r'(?:href|src)="/static/([^"?]+\.(?:css|js|svg|woff2?))"')


@dataclass(frozen=True)
class World:
    """One of the two databases, with its own connection kept open."""

    connection: Any

    def enter(self) -> None:
        connections["default"] = self.connection


def here() -> World:
    return World(connections["default"])


def twin(name: str) -> World:
    """A copy of the database as it is now, under that name."""
    source = connection.settings_dict["NAME"]
    parameters = connection.get_connection_params()
    connection.close()
    with psycopg.connect(
        host=parameters["host"],
        port=parameters["port"],
        user=parameters["user"],
        password=parameters.get("password"),
        dbname="postgres",
        autocommit=True,
    ) as server:
        server.execute(
            psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(psycopg.sql.Identifier, (name, source)))
        )
    copy = connections.create_connection("default")
    copy.settings_dict = {**copy.settings_dict, "NAME": name}
    return World(copy)


def guest_search(person: User, stays: int, times: int) -> list[dict[str, Any]]:
    """The search of "another guest" among so many stays that may be chosen. Names follow a steep distribution: the most
    frequent given name is that of a third of the guests."""
    _fill_stays(stays)
    taken: list[float] = []
    for text in SEARCHES * times:
        _found, seconds = _timed(lambda text=text: search_stays(text, user=person, limit=21))
        taken.append(seconds * 1000)
    p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    say(f"guest search among {stays} stays: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {len(SEARCHES)} texts")
    target = {"value": round(p95, 1), "target": SEARCH_TARGET, "ok": p95 <= SEARCH_TARGET}
    return [{"name": f"guest search among {stays} stays, p95 ms", **target}]


def _fill_stays(count: int) -> None:
    """Half of them in the house, half departed within 30 days."""
    seeded = random.Random(7)
    given, family = sorted(lexicon.GIVEN), sorted(lexicon.SURNAMES)
    today = timezone.localdate()

    def pick(names: list[str]) -> str:
        return names[min(int(seeded.paretovariate(0.6)) - 1, len(names) - 1)]

    rows = []
    for number in range(1, count + 1):
        name = " ".join((pick(given), pick(family), pick(family))).title()
        room, booking, left = str(100 + number % 300), f"R{400_000 + number}", number % 2 == 0
        rows.append(
            Stay(
                pk=FIRST_SEARCHED + number,
                listed_name=name,
                room=room,
                reservation=booking,
                arrival=today - timedelta(days=35),
                departure=today + timedelta(days=-(number % 30) if left else number % 10),
                status=StayStatus.LEFT if left else StayStatus.IN_HOUSE,
                terms=stay_terms(names=[name], rooms=[room], booking=booking),
            )
        )
    Stay.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE matching_stay")


def batch(person: User, size: int) -> list[dict[str, Any]]:
    """Previewed, decided, undone; its links wait for the next delivery, so nothing leaves this process."""
    MatchSuggestion.objects.heads().update(probability=Decimal("0.97"))
    plan, planned = _timed(lambda: bulk.plan_above(person, Decimal("0.95")))
    plan.items = plan.items[:size]
    plan.save(update_fields=["items"])
    _done, decided = _timed(lambda: bulk.carry_out(person, plan))
    count = Decision.objects.filter(batch=plan.batch).exclude(verb=Verb.UNDO).count()
    last = Decision.objects.filter(batch=plan.batch).latest("pk")
    _back, undone = _timed(lambda: service.undo(person, last.pk))
    say(f"a batch of {count}: previewed {planned:.2f} s, decided {decided:.2f} s, undone {undone:.2f} s")
    return [
        {
            "name": f"batch of {count}, {what} s",
            "value": round(taken, 2),
            "target": BATCH_TARGET,
            "ok": taken <= BATCH_TARGET,
        }
        for what, taken in (("preview", planned), ("decision", decided), ("undo", undone))
    ]


def _timed(act: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    found = act()
    return found, time.perf_counter() - started


def first_visit(client: Client) -> list[dict[str, Any]]:
    """Compressed bytes of a first visit beside those of the stock admin's files on the same page. The page itself
    counts as ours altogether, so the figure is an upper bound of what we add."""
    targets = []
    for name, path in VISITS.items():
        html = client.get(path).content
        assets = set(_ASSET.findall(html.decode()))
        stock = sum(_weight(asset) for asset in assets if asset.startswith("admin/"))
        ours = len(gzip.compress(html)) + sum(_weight(asset) for asset in assets if not asset.startswith("admin/"))
        say(
            f"first visit, {name}: {ours / 1000:.1f} kB ours (page, styles, scripts)"
            f" over {stock / 1000:.1f} kB of the stock admin"
        )
        value = round(ours / 1000, 1)
        targets.append(
            {
                "name": f"first visit of {name}, kB over stock",
                "value": value,
                "target": WEIGHT_TARGET,
                "ok": value <= WEIGHT_TARGET,
            }
        )
    return targets


def _weight(asset: str) -> int:
    found = finders.find(asset)
    if not isinstance(found, str):
        raise SystemExit(f"{asset} is asked for and not there.")
    with open(found, "rb") as file:
        return len(gzip.compress(file.read()))
