"""A consumer that is killed again and again does the work of each change exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections import Counter

import pytest
from django.contrib.auth.models import Group

from snapshots import snapshot_manager as manager
from snapshots.models import Cursor
from tests.snapshots.hotel import SPEC, collect, stay, stays

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]

# Each change leaves one group: the work, committed together with the cursor. Dies at the statement that it is told.
CHILD = """
import os, signal, sys
import django
django.setup()
from django.contrib.auth.models import Group
from django.db import connection, transaction
from snapshots import snapshot_manager as manager
doomed = int(sys.argv[1])
statements = 0

def counting(execute, sql, params, many, context):
    global statements
    for moment in ("before", "after"):
        statements += 1
        if statements == doomed:
            os.kill(os.getpid(), signal.SIGKILL)
        if moment == "before":
            result = execute(sql, params, many, context)
    return result

with connection.execute_wrapper(counting):
    changes = manager.changes_for("matcher", "listagem")
    if changes.upto > changes.since:
        with transaction.atomic():
            for change in changes:
                Group.objects.create(name=f"{change.kind} {change.key} {changes.since}-{changes.upto} {os.getpid()}")
            manager.advance("matcher", "listagem", changes.upto, since=changes.since)
print("STATEMENTS", statements)
"""


def consume(env: dict[str, str], doomed: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", CHILD, str(doomed)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)


def done() -> Counter[str]:
    """How often each change was worked off, whoever did it."""
    return Counter(name.rpartition(" ")[0] for name in Group.objects.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("days", "in_all"), [(2, 4 + 2), pytest.param(4, 4 + 2 + 3 + 3, marks=[pytest.mark.slow_drill, pytest.mark.drill])]
)
def test_a_consumer_killed_at_any_statement_works_off_each_change_exactly_once(
    child_env: dict[str, str], days: int, in_all: int
) -> None:
    Group.objects.all().delete()
    collect(stays(4))
    dice, expected, statements = random.Random(3), Counter[str](), 12
    for day in range(2, 2 + days):
        since = Cursor.objects.values_list("seq", flat=True).first() or 0
        changes = manager.changes_for("matcher", SPEC.name)
        expected.update(f"{change.kind} {change.key} {since}-{changes.upto}" for change in changes)
        died = consume(child_env, dice.randint(1, statements))
        assert died.returncode in (0, -signal.SIGKILL), died.stderr
        lived = consume(child_env)
        assert lived.returncode == 0, lived.stderr
        statements = max(statements, int(lived.stdout.split()[-1]))
        assert done() == expected
        collect([stay(1, uh=str(400 + day)), *stays(3, first=2), stay(50 + day)], day=day)
    assert len(expected) == in_all
