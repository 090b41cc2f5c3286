"""Ninety evasions and forty-four legal forms: what the static check finds, and what the guard finds at run time."""

import asyncio
import gc
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockingError

from sistema_os.async_check import examine
from sistema_os.async_check.guard import guarded
from tests.supabase.async_law.cases import EVASIONS, LEGAL, Case
from tests.supabase.trees import BASE, tree

CLIENTS = "import httpx\nhttp = httpx.Client()\n"


def found(top: Path, case: Case) -> tuple[str, ...]:
    """The findings of the static check, for a failing test's message as well."""
    report = tree(top, work=case.source, base=BASE, clients=CLIENTS)
    return tuple(map(str, report.findings))


def test_there_are_as_many_cases_as_promised() -> None:
    assert (len(EVASIONS), len(LEGAL)) == (90, 44)
    assert len({case.name for case in EVASIONS + LEGAL}) == 134
    assert len([case for case in EVASIONS if case.found_by == "check"]) >= 80


@pytest.mark.parametrize("case", [c for c in EVASIONS if c.found_by == "check"], ids=lambda case: case.name)
def test_the_check_finds(tmp_path: Path, case: Case) -> None:
    assert found(tmp_path, case)


@pytest.mark.parametrize("case", LEGAL, ids=lambda case: case.name)
def test_the_check_leaves_alone(tmp_path: Path, case: Case) -> None:
    assert found(tmp_path, case) == ()


@pytest.fixture
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `app` that can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


# A model of Django's is no model outside of an installed application (Django itself refuses the ORM inside a loop);
# requests is not installed; and a lock that is free does not block.
RUNNABLE = [
    c
    for c in EVASIONS
    if not any(word in c.source for word in ("app.models", "rows.filter", "requests", "with self.lock"))
]


@pytest.mark.timeout(30)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", RUNNABLE, ids=lambda case: case.name)
def test_the_guard_stops(application: Path, case: Case) -> None:
    tree(application, work=case.source, base=BASE, clients=CLIENTS)
    with guarded((importlib.import_module("app"),)), pytest.raises(BlockingError):
        asyncio.run(importlib.import_module("app.work").job())
    gc.collect(1)  # what the refused calls left open is closed in this test, which expects it


def test_the_guard_leaves_other_threads_and_other_packages_alone(application: Path) -> None:
    source = """
        import asyncio, time
        def nap():
            time.sleep(0.01)
            return 1
        async def job():
            return await asyncio.to_thread(nap)
        async def blocking():
            return nap()
    """
    tree(application, work=source, base=BASE)
    with guarded((importlib.import_module("app"),)):
        work = importlib.import_module("app.work")
        assert (asyncio.run(work.job()), work.nap()) == (1, 1)
    with guarded(("pipeline",)):
        assert asyncio.run(work.blocking()) == 1


def test_the_suite_runs_under_the_guard(tmp_path: Path) -> None:
    tree(tmp_path, base=BASE)

    async def reading_files() -> None:
        examine(tmp_path, ("app",))

    with pytest.raises(BlockingError):
        asyncio.run(reading_files())
