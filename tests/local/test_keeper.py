"""The demo's queue goes on, whatever dies of it: with real processes."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from pipeline import queue
from pipeline.management.commands import jobwatch
from pipeline.models import JobRun, State, Trigger
from pipeline.runs import registry
from sistema_os.local.children import FROZEN, QUEUE, Children, Keeper
from sistema_os.local.errors import LocalStackError
from tests.pipeline.conftest import DAY, SAMPLE_JOBS
from tests.pipeline.waiting import gone, until

# The watch declares a queue frozen when what was put back still waits after a quarter of this: longer than a busy
# machine takes to start a cluster.
FROZEN_SECONDS = 200
SCALED = {
    "Q_WORKERS": "1",
    "QUEUE_FROZEN_SECONDS": str(FROZEN_SECONDS),
    "HEARTBEAT_SECONDS": "0.2",
    "EXTRA_JOB_MODULES": SAMPLE_JOBS,
}
pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")


@pytest.fixture
def children(child_env: dict[str, str], tmp_path: Path) -> Iterator[Children]:
    children = Children(tmp_path, {**child_env, **SCALED})
    yield children
    children.stop()


class House:
    """The keeper at its work, as the demo has it, and what it said."""

    def __init__(self, children: Children) -> None:
        self.said: list[str] = []
        self.keeper = Keeper(children, self.said.append, watch_every=1)
        self.keeper.serve()
        self._pid_file = children._pid_file(QUEUE)
        self.log = children.log(QUEUE)

    def start(self) -> JobRun:
        return queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN, steps=["succeed"])

    def wait_for(self, run: JobRun) -> None:
        def over() -> bool:
            self.keeper.check()
            return JobRun.objects.filter(pk=run.pk, state=State.SUCCEEDED).exists()

        until(over, 300)

    @property
    def cluster(self) -> int:
        return int(self._pid_file.read_text())


@pytest.fixture
def house(children: Children, settings: Settings) -> House:
    settings.EXTRA_JOB_MODULES = [SAMPLE_JOBS]
    registry.load()
    house = House(children)
    house.wait_for(house.start())
    until(lambda: not OrmQ.objects.exists(), 300)  # the worker has told of its task, and waits for the next
    return house


def children_of(process: int) -> list[int]:
    found = [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return sorted(found)


def master(house: House) -> int:
    return house.cluster


def sentinel(house: House) -> int:
    return children_of(house.cluster)[0]


def only_worker(house: House) -> int:
    """It holds the lock of the cluster's own queue while it waits: killed there, no other ever gets a task."""
    return int(re.findall(r"ready for work at (\d+)", house.log.read_text())[-1])


def wait_as_long_as_the_watch_does() -> None:
    """The task that the queue holds and nobody begins counts as fetched so long ago."""
    until(lambda: OrmQ.objects.filter(lock__gt=timezone.now()).exists())
    waited = timedelta(seconds=FROZEN_SECONDS + 1)
    OrmQ.objects.update(lock=F("lock") - waited)
    JobRun.objects.filter(state=State.QUEUED).update(queued_at=F("queued_at") - waited)


def killed_and_started_again(house: House, victim: Callable[[House], int], *, frozen: bool = False) -> None:
    cluster = house.cluster
    family = [cluster, sentinel(house), *children_of(sentinel(house))]
    assert victim(house) in family
    os.kill(victim(house), signal.SIGKILL)
    run = house.start()
    if frozen:
        wait_as_long_as_the_watch_does()
    house.wait_for(run)
    assert house.cluster != cluster
    assert [pid for pid in family if not gone(pid)] == []
    assert JobRun.objects.filter(state=State.SUCCEEDED).count() == JobRun.objects.count() == 2


@pytest.mark.drill
@pytest.mark.long
@pytest.mark.parametrize("victim", [sentinel, pytest.param(master, marks=pytest.mark.slow_drill)])
def test_a_queue_that_died_is_started_again_and_loses_nothing(house: House, victim: Callable[[House], int]) -> None:
    killed_and_started_again(house, victim)
    assert ["parado" in sentence for sentence in house.said] == [True]


@pytest.mark.slow_drill
@pytest.mark.drill
def test_a_queue_that_froze_is_started_again_and_loses_nothing(house: House) -> None:
    killed_and_started_again(house, only_worker, frozen=True)
    assert ["parada" in sentence for sentence in house.said] == [True]


def test_the_keeper_and_the_watch_mean_the_same_by_the_exit_code() -> None:
    assert FROZEN == jobwatch.FROZEN


class Ending(Children):
    """Servers of which a test says that they ended."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {})
        self.codes: dict[str, int] = {}
        self.started: list[str] = []

    def ended(self) -> dict[str, int]:
        return self.codes

    def restart(self, name: str) -> None:
        self.started.append(name)


@pytest.fixture
def ending(tmp_path: Path) -> Ending:
    return Ending(tmp_path)


@pytest.mark.parametrize(
    ("codes", "started"),
    [
        ({}, []),
        ({"queue": -9}, ["queue", "watch"]),
        ({"watch": 1}, ["watch"]),
        ({"watch": 4}, ["queue", "watch"]),
        ({"queue": 0, "watch": 4}, ["queue", "watch"]),
    ],
)
def test_what_ended_decides_what_is_started_again(ending: Ending, codes: dict[str, int], started: list[str]) -> None:
    ending.codes = codes
    Keeper(ending, lambda _: None).check()
    assert ending.started == started


def test_a_web_server_that_ends_takes_the_demo_with_it_and_is_named(ending: Ending) -> None:
    ending.codes = {"web": 3}
    with pytest.raises(LocalStackError, match=r"web.*web\.log"):
        Keeper(ending, lambda _: None).check()


def test_a_queue_that_ends_again_and_again_is_given_up_and_named(ending: Ending) -> None:
    ending.codes = {"queue": 1}
    keeper = Keeper(ending, lambda _: None)
    for _ in range(5):
        keeper.check()
    with pytest.raises(LocalStackError, match=r"queue.*queue\.log"):
        keeper.check()
