"""What the previous release (0.5) left in the database keeps working: its queued tasks, schedules and migrations."""

import hashlib
from multiprocessing import Value
from pathlib import Path
from queue import Queue
from typing import Any, Final

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage
from django_q.worker import worker

from pipeline import queue
from pipeline.models import JobRun, State, Trigger
from pipeline.runs import lifecycle
from tests.pipeline.conftest import DAY

SUPERVISE: Final = "pipeline.supervisor.supervise"
START: Final = "pipeline.queue.start_scheduled"
# SHA-256 of each migration of 0.5. A database that applied it never applies it again: a later edit reaches nobody.
MIGRATIONS: Final = {
    "matching/0001_initial": "d30094bc0fcdca4d",
    "matching/0002_decision_append_only": "2fa8f4d4ccc8d020",
    "matching/0003_bounded_pages": "fdaa6dc6b84dec88",
    "matching/0004_card_lease": "94da9a838d17aa2e",
    "matching/0005_key_preference": "37838cc76fa0d829",
    "matching/0006_order_flagged": "e06bdea8c9fb10b4",
    "matching/0007_model_version": "0b4fde3e7dacfb81",
    "matching/0008_audit_and_batches": "3d997afedbcdb3e8",
    "matching/0009_rooms_of_orders": "7600c23a2cc365ca",
    "matching/0010_suggestions_of_a_run": "a80629d204760cda",
    "pipeline/0001_runs": "5430063f36214efc",
    "pipeline/0002_notices": "4704f056b9b8fcfb",
    "pipeline/0003_drains": "304f4ad76dfc883e",
    "snapshots/0001_snapshots": "a6b385daa018c523",
    "snapshots/0002_words_and_vanished": "8570721891430e64",
    "snapshots/0003_erasure_audit": "32db7806f2d7f8a0",
    "snapshots/0004_count_drift": "7b4a75491c81342a",
    "snapshots/0005_marks": "3637d254322d5ca3",
    "snapshots/0006_held_changes": "a4b4397c5cd626fe",
}


def queue_as_before(function: str, *args: Any, **kwargs: Any) -> None:
    """A row of the queue as django-q2's async_task wrote it: a signed dictionary that names its function."""
    task = {"id": "0" * 32, "name": "previous-release", "func": function, "args": args, "group": "sample"}
    payload = SignedPackage.dumps({**task, "kwargs": kwargs, "started": timezone.now()})
    OrmQ.objects.create(key=project.Q_CLUSTER["name"], payload=payload, lock=timezone.now())


def execute_queue() -> list[dict[str, Any]]:
    """The tasks in the queue with their results, fetched and executed by django-q2's own broker and worker."""
    tasks: Queue[Any] = Queue()
    done: Queue[dict[str, Any]] = Queue()
    for _id, payload in get_broker().dequeue():
        tasks.put(SignedPackage.loads(payload))
    tasks.put("STOP")
    worker(tasks, done, Value("f", -1), timeout=-1)
    return list(done.queue)


@pytest.mark.usefixtures("children_see_the_test")
def test_a_queued_run_of_the_previous_release_is_executed() -> None:
    run = lifecycle.open_run("sample", business_date=DAY, trigger=Trigger.ADMIN, steps=["succeed"])
    queue_as_before(SUPERVISE, run.pk)
    (task,) = execute_queue()
    assert task["success"], task["result"]
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED


def test_a_queued_scheduled_start_of_the_previous_release_opens_its_run(transactional_db: None) -> None:
    slot = timezone.now().replace(microsecond=0)
    queue_as_before(START, "sample", slot=slot.isoformat())
    (task,) = execute_queue()
    assert task["success"], task["result"]
    run = JobRun.objects.get()
    assert (run.job, run.slot, run.trigger) == ("sample", slot, Trigger.SCHEDULE)


def test_a_schedule_of_the_previous_release_starts_its_job(transactional_db: None) -> None:
    due = timezone.now().replace(microsecond=0)
    row = {"func": START, "args": "('sample',)", "intended_date_kwarg": "slot", "schedule_type": Schedule.MINUTES}
    Schedule.objects.create(name="sample", minutes=30, repeats=-1, next_run=due, **row)
    scheduler()
    (task,) = execute_queue()
    assert task["success"], task["result"]
    assert JobRun.objects.get().slot == due


def test_the_watch_knows_the_tasks_of_the_previous_release(db: None) -> None:
    """Otherwise it would take their runs for lost by the queue and queue them a second time."""
    run = lifecycle.open_run("sample", business_date=DAY, trigger=Trigger.ADMIN)
    queue_as_before(SUPERVISE, run.pk)
    OrmQ.objects.update(lock=timezone.now() - queue.patience() * 2)
    JobRun.objects.update(queued_at=timezone.now() - queue.patience() * 2)
    (waiting,) = queue.stuck()
    assert (waiting.run, waiting.task) == (run, OrmQ.objects.get())


def test_no_migration_of_the_previous_release_was_altered() -> None:
    def digest(name: str) -> str:
        app, migration = name.split("/")
        content = (Path(project.BASE_DIR) / app / "migrations" / f"{migration}.py").read_bytes()
        return hashlib.sha256(content).hexdigest()[:16]

    assert {name: digest(name) for name in MIGRATIONS} == MIGRATIONS


def test_a_database_of_the_previous_release_migrates(db: None) -> None:
    """Its applied migrations are a prefix of today's, without a branch, and the models ask for no other ones."""
    loader = MigrationLoader(connection)
    loader.check_consistent_history(connection)
    assert loader.detect_conflicts() == {}
    released = {(app, name) for app, name in (known.split("/") for known in MIGRATIONS)}
    for later in {key for key in loader.graph.nodes if key[0] in {"matching", "pipeline", "snapshots"}} - released:
        assert released & set(loader.graph.forwards_plan(later)), later
    assert not [
        (known, parent)
        for known in released
        for parent in loader.graph.forwards_plan(known)
        if parent[0] in {"matching", "pipeline", "snapshots"} and parent not in released
    ]
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
