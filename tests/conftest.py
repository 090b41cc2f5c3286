import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest
from blockbuster import BlockBuster
from django.conf import settings
from django.db import connection
from django.test import TestCase
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from sistema_os.async_check.guard import guarded
from sistema_os.local.bootstrap import HOTEL_DATABASE
from sistema_os.local.hotel import Hotel, load
from tests import stack

# What a fast test does without: Supabase, a process or a server of its own, a browser, tables to empty afterwards.
SLOW_FIXTURES = {"hotel_db", "hotel_database_url", "child_env", "live_server", "machine", "transactional_db", "own"}
SLOW_FOLDERS = ("tests/local/", "tests/drills/", "tests/browser/")
# Each more than five seconds of CPU for one property of the whole code base, or of the whole of learning.
SLOW_FILES = (
    *("tests/matching/learning/test_train", "tests/shell/test_every_address", "tests/shell/test_fuzz"),
    *("tests/shell/test_bad_addresses", "tests/supabase/async_law/", "tests/supabase/test_check_async"),
    *("tests/test_regular_expressions", "tests/pipeline/intake/test_properties", "tests/shell/test_start"),
)
SLOW_MARKS = ("browser", "stack", "drill", "long")
T = TypeVar("T")
SharedWorld = Callable[[Callable[[], Any]], Any]
HOTEL_TABLES = (
    "hospedes",
    "reservas",
    "listagem_hospedes",
    "hospedes_casa",
    "ordens_servico",
    "ordens_servico_hospedes",
    "sugestoes_match",
    "inventario_uh",
    "rm_diario",
    "cargas_recebidas",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the fast tests, and begins with the long ones, so that no process is left with one at the end."""
    for item in items:
        if _is_fast(item):
            item.add_marker("fast")
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def _is_fast(item: pytest.Item) -> bool:
    database = item.get_closest_marker("django_db")
    return not (
        SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
        or item.nodeid.startswith(SLOW_FOLDERS + SLOW_FILES)
        or any(item.get_closest_marker(name) for name in SLOW_MARKS)
        or (database and database.kwargs.get("transaction"))
    )


# They refuse TRUNCATE, with which Django empties the tables after a test of transactions.
NOT_TRUNCATED = (
    *("matching_decision", "matching_auditentry"),
    *("pipeline_erasure", "pipeline_accessentry", "pipeline_signin"),
)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The test database lets Django empty the append-only tables; tests/pipeline/privacy arms the triggers again."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in NOT_TRUNCATED:
            cursor.execute(sql.SQL("alter table {} disable trigger no_truncate").format(sql.Identifier(table)))


@pytest.fixture(autouse=True, scope="session")
def async_guard() -> Iterator[BlockBuster]:
    """The async law at run time: nothing of ours may block a running loop, whichever test runs it."""
    with guarded() as guard:
        assert guard is not None
        yield guard


@pytest.fixture
def unguarded(async_guard: BlockBuster) -> Iterator[None]:
    """For a test whose job blocks the loop on purpose."""
    async_guard.deactivate()
    yield
    async_guard.activate()


@pytest.fixture
def hotel_db() -> Iterator[psycopg.Connection]:
    """The hotel's Supabase seen from behind, as its superuser: autocommit, all tables empty, ids from 1."""
    assert stack.running is not None
    with stack.running.connect_hotel() as hotel:
        hotel.execute(f"truncate {', '.join(HOTEL_TABLES)} restart identity cascade".encode())
        yield hotel


@dataclass
class SampleHotel:
    """The sample hotel, standing at the 06:00 export of `hotel.date`, which is what the hotel's Supabase holds."""

    hotel: Hotel
    database: psycopg.Connection

    @property
    def business_date(self) -> date:
        return self.hotel.date

    def advance(self, days: int = 1) -> date:
        """Live through so many days and load the morning after; returns its business date."""
        for _ in range(days):
            self.hotel.advance()
        load(self.database, self.hotel)
        return self.hotel.date

    def truth(self) -> list[dict[str, Any]]:
        return self.hotel.truth()


@pytest.fixture
def sample_hotel(hotel_db: psycopg.Connection) -> Callable[..., SampleHotel]:
    """`sample_hotel(seed, days, rooms=120, start=date(2026, 3, 2))`: so many days lived, the last morning loaded."""

    def make(seed: int = 7, days: int = 1, *, rooms: int = 120, start: date = date(2026, 3, 2)) -> SampleHotel:
        sample = SampleHotel(Hotel(seed, rooms=rooms, start=start), hotel_db)
        sample.advance(days)
        return sample

    return make


@pytest.fixture(scope="class")
def shared_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[SharedWorld]:
    """`shared_world(build)` returns what `build` returns, and keeps the rows that it wrote for all tests of the class.

    What a test writes itself is rolled back after it, as ever. Not for classes with tests of `transactional_db`, which
    end with empty tables."""

    class World(TestCase):
        """Django's transaction around the tests of a class."""

    def in_world(build: Callable[[], T]) -> T:
        with django_db_blocker.unblock():
            return build()

    in_world(World.setUpClass)
    yield in_world
    in_world(World.tearDownClass)


@pytest.fixture
def supabase_settings() -> dict[str, Any]:
    """Keyword arguments for SupabaseClient: the suite's own PostgREST, with the key of the app's role."""
    return dict(settings.SUPABASE)


@pytest.fixture
def feed_settings() -> dict[str, Any]:
    """The same with the key of `service_role`, with which the hotel's own tools write."""
    assert stack.running is not None
    return {**settings.SUPABASE, "key": stack.running.key("service_role")}


@pytest.fixture
def child_env(transactional_db: None) -> dict[str, str]:
    """The environment for a process that a test starts: the product's settings on the test's databases."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "sistema_os.settings", "DATABASE_URL": database.geturl()}


@pytest.fixture(scope="session")
def hotel_database_url() -> str:
    assert stack.running is not None
    return stack.running.url(HOTEL_DATABASE)
