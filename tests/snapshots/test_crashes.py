"""Killed or overtaken at any moment, the rows in force are the old listing or the new one, never a mixture."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from snapshots import snapshot_manager as manager
from snapshots.ingest.publication import lock
from snapshots.models import Change, HeadRow, Snapshot, Source
from tests.snapshots.hotel import DAY, SPEC, collect, stays

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]

# Collects a second listing and says aloud where it stands; dies at the point that it is told.
CHILD = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from snapshots.ingest import publication
from snapshots import snapshot_manager as manager
from tests.snapshots.hotel import DAY, SPEC, stay
doomed = int(sys.argv[1])
steps = 0

def step(*_arguments):
    global steps
    steps += 1
    if steps == doomed:
        os.kill(os.getpid(), signal.SIGKILL)

def stepping(execute, sql, params, many, context):
    step()
    result = execute(sql, params, many, context)
    step()
    return result

def staging(rows, stage=publication.stage):
    def passing():
        for row in rows:
            step()
            yield row
    stage(passing())

publication.stage = staging

with connection.execute_wrapper(stepping):
    ingest = manager.begin(SPEC, business_date=DAY, run_id=2)
    for first in range(1, 301, 100):
        step()
        ingest.add([stay(n, uh="415" if n % 4 == 0 else str(200 + n)) for n in range(first + 5, first + 105)])
    ingest.publish(300, step)
print("STEPS", steps)
"""


def listing() -> dict[str, str]:
    return {str(row["id"]): row["uh"] for row in manager.current(SPEC.name)}


def child(env: dict[str, str], doomed: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", CHILD, str(doomed)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("moments", [3, pytest.param(10, marks=[pytest.mark.slow_drill, pytest.mark.drill])])
@pytest.mark.parametrize("staged_from", ["300000", "0"], ids=["in memory", "staged"])
def test_killed_at_any_moment_the_rows_are_the_old_or_the_new_listing(
    child_env: dict[str, str], staged_from: str, moments: int
) -> None:
    """For each way to compare: between pages, before and after statements, in the middle of a COPY."""
    environment = {**child_env, "SNAPSHOT_STAGED_FROM": staged_from}
    collect(stays(300))
    old = listing()
    whole = child(environment, 0)
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout.split()[-1])
    new = listing()
    assert new != old
    # Back to the old listing, as a state from which every child starts.
    _forget()
    collect(stays(300))
    for doomed in sorted(random.Random(11).sample(range(1, steps + 1), moments), reverse=True):
        died = child(environment, doomed)
        assert died.returncode == -signal.SIGKILL, died.stderr
        now = listing()
        assert now in (old, new), doomed
        _explained()
        if now == new:
            _forget()
            collect(stays(300))
    assert collect(stays(300)).status == "same"


def _explained() -> None:
    """Nothing half-published: the history explains the head, and every listing in force can be rebuilt."""
    assert Source.objects.get().head_seq == Snapshot.objects.filter(status="published").count()
    for snapshot in Snapshot.objects.in_force():
        list(manager.as_of(snapshot))


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE snapshots_source CASCADE")


def test_of_eight_collections_at_once_exactly_one_is_published_whole(child_env: dict[str, str]) -> None:
    collect(stays(100))
    start = threading.Barrier(8)

    def run(number: int) -> str:
        ingest = manager.begin(SPEC, business_date=DAY, run_id=number)
        ingest.add(stays(100, first=2 + number))
        start.wait(timeout=30)
        try:
            return str(ingest.publish(100, manager.no_fence).status)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(run, range(8)))
    assert sorted(ends) == ["failed"] * 7 + ["published"]
    winner = Snapshot.objects.get(seq=2)
    assert sorted(int(key) for key in listing()) == [n + 2 + (winner.run_id or 0) for n in range(100)]
    assert Change.objects.filter(seq=2).count() == winner.added + winner.removed


def test_a_publish_waits_for_whoever_holds_the_source() -> None:
    collect(stays(10))
    ingest = manager.begin(SPEC, business_date=DAY, run_id=2)
    ingest.add(stays(11))
    done = threading.Event()

    def publish() -> None:
        try:
            ingest.publish(11, manager.no_fence)
        finally:
            connection.close()
            done.set()

    with transaction.atomic():
        lock(Source.objects.get())
        thread = threading.Thread(target=publish)
        thread.start()
        assert not done.wait(0.3)
        assert HeadRow.objects.count() == 10
    assert done.wait(60)
    thread.join()
    assert HeadRow.objects.count() == 11
