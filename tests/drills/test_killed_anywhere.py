"""The real pipeline killed, frozen or cut off at any moment ends in the tables of an undisturbed run."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone

from matching.models import WriteBack
from matching.models.choices import WriteState
from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from sistema_os.local.bootstrap import HOTEL_DATABASE
from tests.drills import lost
from tests.drills.morning import Content, Morning, end
from tests.drills.record import Drill
from tests.pipeline.waiting import beaten, until

Started = Callable[..., subprocess.Popen[bytes]]
pytestmark = [pytest.mark.usefixtures("children_see_the_test"), pytest.mark.timeout(600)]
KILLS = 10


@pytest.mark.slow_drill
@pytest.mark.drill(f"the real pipeline, kill -9 at {KILLS} moments; resumed or again")
def test_killed_anywhere_it_ends_in_the_same_tables(
    morning: Morning, both: Content, started: Started, drill: Drill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, usual = undisturbed(morning, both, started)
    told = tmp_path / "chunks"
    monkeypatch.setenv("DRILL_CHUNKS_TOLD", str(told))
    where: Counter[str] = Counter()
    redone = 0
    for kill in range(KILLS):
        morning.again()
        told.write_text("")
        broken = morning.open()
        child = started("runjob", str(broken.pk))
        until(partial(_claimed, broken))
        time.sleep(usual * (kill + random.random()) / KILLS)
        end(child, signal.SIGKILL)
        lost.declare(broken)
        where[broken.phase or "-"] += 1
        if broken.state == State.LOST:
            after = morning.open() if kill % 2 else lifecycle.resume(broken)
            with drill.clock():
                assert started("runjob", str(after.pk)).wait(60) == 0
            redone = max(redone, _begun_twice(told) if after.resume_of_id else 0)
            if _links_under_way_end():
                assert started("runjob", str(morning.open().pk)).wait(60) == 0
        drill.compare(both(), wanted)
        assert both() == wanted
    drill.at_most("chunks redone after a resume", redone, 1)
    drill.seen = "same tables; killed in " + ", ".join(f"{name} {times}" for name, times in where.items())


def _links_under_way_end() -> bool:
    """A link that was being written when its process was killed is somebody else's turn once its lease is over; here
    that time passes at once. Says whether there was one."""
    passed = timezone.now() - timedelta(seconds=1)
    return WriteBack.objects.filter(state=WriteState.OPEN).update(leased_until=passed, next_try_at=passed) > 0


def _claimed(run: JobRun) -> bool:
    return JobRun.objects.get(pk=run.pk).fence > 0


def undisturbed(morning: Morning, both: Content, started: Started) -> tuple[dict[str, list[str]], float]:
    """The tables that a morning ends in when nobody disturbs it, and how long it works."""
    run = morning.open()
    assert started("runjob", str(run.pk)).wait(60) == 0
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.started_at is not None
    return both(), (run.finished_at - run.started_at).total_seconds()


def _begun_twice(told: Path) -> int:
    return sum(times - 1 for times in Counter(line.split()[1] for line in told.read_text().splitlines()).values())


@pytest.mark.slow_drill
@pytest.mark.drill("the real pipeline frozen (SIGSTOP), lost, done by another, woken up")
@pytest.mark.parametrize("phase", ["listing", "matching", "mirror"])
def test_frozen_and_woken_after_another_did_the_work_it_writes_nothing(
    morning: Morning, both: Content, started: Started, drill: Drill, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    monkeypatch.setenv("DRILL_PACE", "0.15")
    frozen = morning.open()
    child = started("runjob", str(frozen.pk))
    until(lambda: beaten(frozen, phase))
    os.kill(child.pid, signal.SIGSTOP)
    lost.declare(frozen)
    assert execute(morning.open().pk).state == State.SUCCEEDED
    before = both()
    with drill.clock():
        os.kill(child.pid, signal.SIGCONT)
        assert child.wait(30) != 0
    drill.compare(both(), before)
    drill.exactly("zombie writes", (drill.lost or 0) + (drill.doubled or 0), 0)
    assert both() == before
    frozen.refresh_from_db()
    assert frozen.state == State.LOST
    drill.done += f" in {phase}"
    drill.seen = "woken up it wrote 0 rows and ended"


@pytest.mark.slow_drill
@pytest.mark.drill("every database connection of the run dropped; resumed", within=20.0)
@pytest.mark.parametrize("phase", ["listing", "matching"])
def test_a_run_whose_connections_are_dropped_ends_with_a_sentence_and_is_resumed(
    morning: Morning,
    both: Content,
    started: Started,
    superuser: psycopg.Connection,
    drill: Drill,
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
) -> None:
    wanted, _usual = undisturbed(morning, both, started)
    morning.again()
    monkeypatch.setenv("DRILL_PACE", "0.15")
    cut = morning.open()
    child = started("runjob", str(cut.pk))
    until(lambda: beaten(cut, phase))
    with drill.clock():
        assert drop_connections(superuser, child.pid) >= 2
        child.wait(60)
    cut.refresh_from_db()
    if cut.state != State.SUCCEEDED:
        assert (cut.state, cut.reason) == (State.FAILED, cut.reason)
        assert "DATABASE_URL" in cut.reason
        monkeypatch.delenv("DRILL_PACE")
        assert started("runjob", str(lifecycle.resume(cut).pk)).wait(60) == 0
    drill.compare(both(), wanted)
    assert both() == wanted
    drill.done += f", in {phase}"
    drill.seen = f"{cut.state}; resumed, same tables"


def drop_connections(superuser: psycopg.Connection, process: int) -> int:
    """Ends what the process holds of our database and what PostgREST holds of the hotel's; returns how many."""
    ports = own_ports(process)
    dropped = superuser.execute(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where client_port = any(%s)"
        " or (datname = %s and usename = 'authenticator')",
        [ports, HOTEL_DATABASE],
    ).fetchone()
    assert dropped is not None
    return int(dropped[0])


def own_ports(process: int) -> list[int]:
    """The local ports of the process's TCP connections."""
    inodes = {os.readlink(entry) for entry in Path(f"/proc/{process}/fd").iterdir() if entry.is_symlink()}
    rows = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if f"socket:[{row[9]}]" in inodes]
