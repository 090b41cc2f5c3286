"""The state machine and what the database itself refuses."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from pipeline import resume
from pipeline.models import LIVE, TERMINAL, Beat, CancelRequest, JobRun, State, Trigger
from pipeline.runs import errors, lifecycle, registry
from pipeline.runs.context import RunContext
from pipeline.runs.control import Position
from tests.drills.record import Drill
from tests.pipeline.conftest import DAY

OpenSample = Callable[..., JobRun]
ends: dict[str, Any] = {"summary": {}, "reason": ""}


def test_a_new_run_waits_in_the_queue(db: None, open_sample: OpenSample) -> None:
    run = open_sample()
    assert (run.state, run.fence, run.started_at, run.finished_at) == (State.QUEUED, 0, None, None)


def test_a_claim_starts_the_run_under_a_fence_with_its_first_beat(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    assert (run.state, run.fence) == (State.RUNNING, 1)
    assert run.started_at is not None
    assert run.lease_seconds > 0
    assert list(run.beats.values_list("fence", "phase")) == [(1, "")]


@pytest.mark.parametrize("state", [state for state in State if state != State.QUEUED])
def test_only_a_queued_run_can_be_claimed(db: None, state: str) -> None:
    over = datetime.now(UTC) if state in TERMINAL else None
    run = JobRun.objects.create(
        job="sample",
        business_date=DAY,
        trigger=Trigger.ADMIN,
        state=state,
        fence=4,
        lease_seconds=1,
        started_at=Now(),
        finished_at=over,
    )
    with pytest.raises(errors.NotClaimed):
        lifecycle.claim(run.pk)
    run.refresh_from_db()
    assert (run.state, run.fence) == (state, 4)


@pytest.mark.parametrize("state", LIVE)
def test_a_second_start_is_refused_with_the_live_run(db: None, open_sample: OpenSample, state: str) -> None:
    live = open_sample()
    JobRun.objects.filter(pk=live.pk).update(state=state, fence=1, lease_seconds=1, started_at=Now())
    with pytest.raises(errors.AlreadyRunning) as refused:
        open_sample()
    assert refused.value.run == live
    assert JobRun.objects.count() == 1


def test_the_same_slot_of_a_schedule_opens_one_run(db: None, open_sample: OpenSample) -> None:
    slot = datetime(2026, 11, 1, 5, 50, tzinfo=UTC)
    first = lifecycle.claim(open_sample(slot=slot).pk)
    lifecycle.finish(first.pk, first.fence, State.SUCCEEDED, **ends)
    with pytest.raises(errors.SlotTaken):
        open_sample(slot=slot)
    assert JobRun.objects.count() == 1


@pytest.mark.drill("24 simultaneous starts, 20 times")
def test_of_simultaneous_starts_exactly_one_opens_a_run(
    transactional_db: None, open_sample: OpenSample, in_background: Callable[..., threading.Thread], drill: Drill
) -> None:
    for times in range(1, 21):
        with drill.clock():
            opened, refused = start_together(24, open_sample, in_background)
        assert len(opened) == 1
        assert refused == opened * 23
        assert JobRun.objects.count() == times
        drill.exactly("live runs of a job", JobRun.objects.live().count(), 1)
        lifecycle.request_cancel(opened[0])
    drill.count(["run"] * JobRun.objects.count(), ["run"] * 20)
    drill.seen = "20 runs, 460 refusals that name the live run"


def start_together(
    many: int, open_sample: OpenSample, in_background: Callable[..., threading.Thread]
) -> tuple[list[JobRun], list[JobRun]]:
    """The runs that were opened, and the live run that each refusal named."""
    together = threading.Barrier(many)
    opened: list[JobRun] = []
    refused: list[JobRun] = []

    def start() -> None:
        together.wait()
        try:
            opened.append(open_sample())
        except errors.AlreadyRunning as error:
            refused.append(error.run)

    for thread in [in_background(start) for _ in range(many)]:
        thread.join()
    return opened, refused


def test_what_cannot_run_is_refused_with_a_sentence_and_no_row(db: None, open_sample: OpenSample) -> None:
    with pytest.raises(registry.UnknownJob, match="nao_existe"):
        lifecycle.open_run("nao_existe", business_date=DAY, trigger=Trigger.ADMIN)
    with pytest.raises(errors.InvalidRun, match="2999-01-01"):
        open_sample(business_date=date(2999, 1, 1))
    with pytest.raises(errors.InvalidRun, match="no_such_step"):
        open_sample("no_such_step")
    assert not JobRun.objects.exists()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "sleeping"}, "jobrun_(state_known|finished)"),
        ({"state": "succeeded"}, "jobrun_finished_exactly_when_terminal"),
        ({"finished_at": Now()}, "jobrun_finished_exactly_when_terminal"),
        ({"state": "running"}, "jobrun_working_was_claimed"),
    ],
)
def test_the_database_refuses_a_run_in_a_wrong_state(
    db: None, open_sample: OpenSample, fields: dict[str, Any], constraint: str
) -> None:
    run = open_sample()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        JobRun.objects.filter(pk=run.pk).update(**fields)


def test_a_terminal_run_never_reopens(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    lifecycle.finish(run.pk, run.fence, State.SUCCEEDED, **ends)
    with pytest.raises(errors.FenceLost):
        lifecycle.finish(run.pk, run.fence, State.FAILED, **ends)
    assert not lifecycle.append_beat(run.pk, run.fence, Position("late"))
    assert not lifecycle.request_cancel(run)
    assert lifecycle.sweep() == []
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert not run.beats.filter(phase="late").exists()


def test_a_beat_stores_the_position_on_the_run_and_in_its_curve(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    assert lifecycle.append_beat(run.pk, run.fence, Position("listing", 300, 622, "9001"))
    run.refresh_from_db()
    assert (run.phase, run.done, run.total, run.last_key) == ("listing", 300, 622, "9001")
    newest = run.beats.first()
    assert newest is not None
    assert (newest.phase, newest.done, newest.total, newest.last_key) == ("listing", 300, 622, "9001")


def test_a_beat_never_waits_for_a_writer_that_holds_the_row(
    transactional_db: None, open_sample: OpenSample, in_background: Callable[..., threading.Thread]
) -> None:
    run = lifecycle.claim(open_sample().pk)
    beaten = threading.Event()

    def beat() -> None:
        assert lifecycle.append_beat(run.pk, run.fence, Position("listing", 1))
        beaten.set()

    with transaction.atomic():
        lifecycle.lock_fence(run.pk, run.fence)
        in_background(beat)
        assert beaten.wait(20), "the beat waited for the transaction of the writer"
    assert Beat.objects.filter(run=run, phase="listing").exists()


def test_a_cancel_never_waits_for_a_writer_that_holds_the_row(
    transactional_db: None, open_sample: OpenSample, in_background: Callable[..., threading.Thread]
) -> None:
    run = lifecycle.claim(open_sample().pk)
    with transaction.atomic():
        lifecycle.lock_fence(run.pk, run.fence)
        in_background(lambda: lifecycle.request_cancel(run)).join(20)
        assert CancelRequest.objects.filter(run=run).exists()


def test_cancelling_a_queued_run_ends_it_at_once(people: dict[str, User], open_sample: OpenSample) -> None:
    run = open_sample()
    assert lifecycle.request_cancel(run, people["Operação"])
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert "Operação" in run.reason
    with pytest.raises(errors.NotClaimed):
        lifecycle.claim(run.pk)


def test_cancelling_a_running_run_leaves_its_end_to_the_job(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    assert lifecycle.request_cancel(run)
    run.refresh_from_db()
    assert run.state == State.CANCELLING
    lifecycle.finish(run.pk, run.fence, State.CANCELLED, **ends)


def test_a_run_without_a_beat_for_longer_than_its_lease_is_lost(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    assert lifecycle.sweep() == []
    Beat.objects.filter(run=run).update(at=Now() - timedelta(seconds=run.lease_seconds + 1))
    assert lifecycle.sweep() == [run]
    run.refresh_from_db()
    assert run.state == State.LOST
    assert run.reason
    assert lifecycle.sweep() == []


def test_a_lost_run_writes_nothing_more(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    context = RunContext(run)
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.001)
    Beat.objects.filter(run=run).update(at=Now() - timedelta(seconds=1))
    lifecycle.sweep()
    with pytest.raises(errors.FenceLost), transaction.atomic():
        context.fence()
    with pytest.raises(errors.FenceLost), transaction.atomic():
        context.save_checkpoint({"next": 9})
    with pytest.raises(errors.FenceLost):
        lifecycle.check_fence(run.pk, run.fence)
    assert not lifecycle.append_beat(run.pk, run.fence, Position("zombie"))
    with pytest.raises(errors.FenceLost):
        lifecycle.finish(run.pk, run.fence, State.SUCCEEDED, **ends)
    run.refresh_from_db()
    assert (run.state, run.checkpoint) == (State.LOST, {})


@pytest.mark.parametrize("claimed", [True, False], ids=["running", "queued"])
def test_the_last_net_ends_whatever_is_live_after_the_stale_hours(
    db: None, open_sample: OpenSample, settings: Settings, claimed: bool
) -> None:
    settings.STALE_RUNNING_HOURS = 2
    run = open_sample()
    if claimed:
        lifecycle.claim(run.pk)
    almost, over = Now() - timedelta(hours=1, minutes=59), Now() - timedelta(hours=2, minutes=1)
    JobRun.objects.update(queued_at=almost, **({"started_at": almost} if claimed else {}))
    assert lifecycle.sweep() == []
    JobRun.objects.update(queued_at=over, **({"started_at": over} if claimed else {}))
    assert lifecycle.sweep() == [run]
    run.refresh_from_db()
    assert run.state == State.LOST
    assert "2" in run.reason


def test_the_fence_guards_a_transaction_and_says_so(transactional_db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    with pytest.raises(RuntimeError, match="atomic"):
        lifecycle.lock_fence(run.pk, run.fence)
    with pytest.raises(RuntimeError, match="transaction"):
        lifecycle.save_checkpoint(run.pk, run.fence, {})


def test_a_writer_that_freezes_in_a_transaction_cannot_hold_the_row_for_ever(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    lifecycle.lock_fence(run.pk, run.fence)
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)


def test_a_checkpoint_is_kept_with_the_writes_or_not_at_all(transactional_db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    context = RunContext(run)
    with transaction.atomic():
        context.fence()
        context.save_checkpoint({"next": 1})
        transaction.set_rollback(True)
    run.refresh_from_db()
    assert run.checkpoint == {}
    with transaction.atomic():
        context.fence()
        context.save_checkpoint({"next": 2})
    run.refresh_from_db()
    assert run.checkpoint == {"next": 2}


def ended(open_sample: OpenSample, state: str, checkpoint: dict[str, int]) -> JobRun:
    run = lifecycle.claim(open_sample().pk)
    with transaction.atomic():
        lifecycle.save_checkpoint(run.pk, run.fence, checkpoint)
    lifecycle.finish(run.pk, run.fence, state, **ends)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("state", [State.FAILED, State.TIMED_OUT, State.CANCELLED, State.LOST])
def test_a_resume_is_a_new_run_with_the_checkpoint(db: None, open_sample: OpenSample, state: str) -> None:
    stopped = ended(open_sample, state, {"next": 7})
    resumed = lifecycle.resume(stopped)
    assert resumed.pk != stopped.pk
    assert (resumed.resume_of, resumed.trigger, resumed.checkpoint) == (stopped, Trigger.RESUME, {"next": 7})
    assert (resumed.business_date, resumed.steps) == (stopped.business_date, stopped.steps)
    stopped.refresh_from_db()
    assert stopped.state == state


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.PARTIAL])
def test_a_run_that_reached_its_end_cannot_be_resumed(db: None, open_sample: OpenSample, state: str) -> None:
    with pytest.raises(errors.InvalidRun):
        lifecycle.resume(ended(open_sample, state, {}))
    assert JobRun.objects.count() == 1


def test_a_run_is_resumed_once_and_only_when_it_is_over(db: None, open_sample: OpenSample) -> None:
    live = open_sample()
    with pytest.raises(errors.InvalidRun):
        lifecycle.resume(live)
    lifecycle.request_cancel(live)
    live.refresh_from_db()
    lifecycle.request_cancel(lifecycle.resume(live))
    with pytest.raises(errors.InvalidRun):
        lifecycle.resume(live)


@pytest.mark.parametrize("job", ["pipeline_diario", "hospedes_casa", "rm_daily_collection", "receber_arquivos"])
def test_a_run_of_another_day_that_reads_the_hotel_as_it_is_now_is_not_resumed(
    db: None, open_sample: OpenSample, job: str
) -> None:
    stopped = ended(open_sample, State.LOST, {})
    JobRun.objects.filter(pk=stopped.pk).update(job=job, trigger=Trigger.SCHEDULE, steps=None)
    stopped.refresh_from_db()
    assert errors.why_not_resumable(stopped) == "", "on the same day it goes on"
    JobRun.objects.filter(pk=stopped.pk).update(queued_at=stopped.queued_at - timedelta(days=2))
    stopped.refresh_from_db()
    with pytest.raises(errors.InvalidRun, match="01/11/2026"):
        lifecycle.resume(stopped)
    assert resume.resume_lost() == []
    assert JobRun.objects.count() == 1


def test_only_jobs_of_the_named_modules_can_run(db: None, open_sample: OpenSample, settings: Settings) -> None:
    assert "sample" in registry.load()
    settings.EXTRA_JOB_MODULES = []
    assert "sample" not in registry.load()
    with pytest.raises(registry.UnknownJob):
        open_sample()
