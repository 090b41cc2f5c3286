"""What `bench_admin` measures beside single pages: two databases to compare, a batch of thousands, a first visit."""

from __future__ import annotations

import gzip
import re
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg.sql
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import connection, connections

from matching.models import Decision, MatchSuggestion
from matching.models.choices import Verb
from matching.review import bulk, service
from tests.benchmarks.stage import say

if TYPE_CHECKING:
    from django.test import Client

BATCH_TARGET, WEIGHT_TARGET = 30.0, 100.0
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
