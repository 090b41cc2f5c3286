"""The drills' ground: the fixtures of the runs' tests, and servers of their own for what is restarted."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from sistema_os.local.stack import Stack
from tests import stack
from tests.conftest import SampleHotel
from tests.drills import morning as mornings
from tests.drills.house import House
from tests.drills.tables import content
from tests.pipeline.conftest import (
    MANAGE,
    children_see_the_test,
    drill,
    in_background,
    open_sample,
    people,
    sample_job,
    started,
)

__all__ = ["children_see_the_test", "drill", "in_background", "open_sample", "people", "sample_job", "started"]


@pytest.fixture
def own_db(child_env: dict[str, str]) -> Iterator[psycopg.Connection]:
    """Our own database as the tests' children see it, beside Django."""
    with psycopg.connect(child_env["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def both(own_db: psycopg.Connection, hotel_db: psycopg.Connection) -> Callable[[], dict[str, list[str]]]:
    """What stands in both databases, to be compared with what stood there another time."""
    return lambda: {**content(own_db, "own"), **content(hotel_db, "hotel")}


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection]:
    assert stack.running is not None
    with psycopg.connect(stack.running.url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def morning(
    sample_hotel: Callable[..., SampleHotel], monkeypatch: pytest.MonkeyPatch, children_see_the_test: None
) -> Iterator[mornings.Morning]:
    with ExitStack() as connections:
        yield mornings.prepare(sample_hotel, monkeypatch, connections)


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """A PostgreSQL and a PostgREST that a drill may restart without disturbing the suite's."""
    folder = Path(tempfile.mkdtemp(prefix=f"sistema-os-tests-{os.getpid()}-"))
    folder.chmod(0o711)
    stack = Stack(folder / "stack", throw_away=True)
    try:
        yield stack
    finally:
        stack.reset()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def prepared(servers: Stack) -> Iterator[House]:
    house = House(servers, [sys.executable, MANAGE])
    house.prepare()
    yield house
    house.close()


@pytest.fixture
def house(prepared: House) -> Iterator[House]:
    """The product on servers of its own, its second morning due, and a way to start its commands."""
    prepared.again()
    yield prepared
    prepared.quiet()
