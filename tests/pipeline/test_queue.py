"""Tasks that wait in the queue although workers are idle."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task
from pytest_django.fixtures import Settings

from pipeline import queue
from pipeline.models import JobRun, State, Trigger
from pipeline.runs import lifecycle
from tests.pipeline.conftest import DAY

OpenSample = Callable[..., JobRun]
SLOT = "2026-11-22T08:50:00+00:00"


def age(minutes: float) -> None:
    """Lets that much time pass for all that waits."""
    JobRun.objects.update(queued_at=F("queued_at") - timedelta(minutes=minutes))
    OrmQ.objects.update(lock=F("lock") - timedelta(minutes=minutes))


def fetch() -> None:
    """As a cluster does that takes the task and never begins it."""
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=project.Q_CLUSTER["retry"]))


def start() -> JobRun:
    return queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)


def put_a_schedules_start() -> None:
    async_task(queue.START, "sample", slot=SLOT)


def test_what_was_just_queued_is_not_stuck(db: None) -> None:
    start()
    assert queue.stuck() == []
    fetch()
    assert queue.stuck() == []


@pytest.mark.parametrize("fetched", [False, True])
def test_a_run_that_nobody_began_for_two_minutes_is_stuck_fetched_or_not(db: None, fetched: bool) -> None:
    run = start()
    if fetched:
        fetch()
    age(3)
    assert [waiting.run for waiting in queue.stuck()] == [run]


@pytest.mark.parametrize("fetched", [False, True])
def test_a_schedules_start_that_nobody_began_is_stuck_though_it_has_no_run_yet(db: None, fetched: bool) -> None:
    put_a_schedules_start()
    if fetched:
        fetch()
    assert queue.alive()
    age(3)
    (waiting,) = queue.stuck()
    assert (waiting.job, waiting.run, waiting.slot) == ("sample", None, SLOT)
    assert not queue.alive()


def test_a_run_whose_task_the_queue_lost_is_stuck(db: None) -> None:
    run = start()
    OrmQ.objects.all().delete()
    age(3)
    assert [(waiting.task, waiting.run) for waiting in queue.stuck()] == [(None, run)]


def test_a_run_that_is_under_way_is_not_stuck_however_long_its_task_is_held(db: None) -> None:
    lifecycle.claim(start().pk)
    fetch()
    age(60)
    assert queue.stuck() == []


def test_while_every_worker_is_busy_nothing_is_stuck(db: None, settings: Settings, open_sample: OpenSample) -> None:
    settings.Q_CLUSTER = {**project.Q_CLUSTER, "workers": 1}
    lifecycle.claim(start().pk)
    put_a_schedules_start()
    age(3)
    assert queue.stuck() == []
    JobRun.objects.update(trigger=Trigger.COMMAND)  # a command holds no worker
    assert len(queue.stuck()) == 1


def test_the_patience_is_a_setting(db: None, settings: Settings) -> None:
    start()
    age(3)
    settings.QUEUE_FROZEN_SECONDS = 600
    assert queue.stuck() == []


def rescue_all() -> list[Any]:
    return [queue.rescue(waiting) for waiting in queue.stuck()]


def test_what_a_dead_cluster_had_fetched_is_given_to_another(db: None) -> None:
    run = start()
    fetch()
    assert queue.waiting_tasks() == 0
    age(3)
    assert rescue_all() == [run]
    assert (queue.waiting_tasks(), queue.stuck()) == (1, [])


def test_a_run_whose_task_is_lost_is_queued_again_once(db: None) -> None:
    run = start()
    OrmQ.objects.all().delete()
    age(3)
    assert rescue_all() == [run]
    assert rescue_all() == []
    assert OrmQ.objects.get().task["args"] == (run.pk,)


def test_a_start_that_waited_is_begun_and_cannot_begin_twice(db: None) -> None:
    put_a_schedules_start()
    fetch()
    age(3)
    (run,) = rescue_all()
    assert (run.job, run.trigger, run.state) == ("sample", Trigger.SCHEDULE, State.QUEUED)
    lifecycle.request_cancel(run)
    assert queue.start_scheduled("sample", SLOT) == "skipped: SlotTaken"
    assert OrmQ.objects.count() == JobRun.objects.count() == 1


def test_only_the_newest_task_of_a_run_is_judged(db: None) -> None:
    run = start()
    fetch()
    age(3)
    queue.enqueue(run)
    assert queue.stuck() == []


def test_a_run_just_queued_by_the_database_clock_is_young(db: None) -> None:
    run = start()
    JobRun.objects.filter(pk=run.pk).update(queued_at=Now())
    OrmQ.objects.update(lock=F("lock") - timedelta(minutes=3))
    assert queue.stuck() == []


def test_a_task_signed_with_another_key_is_counted_and_otherwise_ignored(db: None) -> None:
    run = start()
    OrmQ.objects.update(payload="gibberish")
    assert queue.tasks_of_other_keys() == 1
    age(3)
    assert [(waiting.task, waiting.run) for waiting in queue.stuck()] == [(None, run)]
