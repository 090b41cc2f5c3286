"""A job that was removed or renamed while something of it is queued, scheduled, drained or may be resumed."""

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from pipeline import queue, resume
from pipeline.management.commands import jobwatch
from pipeline.models import CancelRequest, JobRun, State, Trigger
from pipeline.runs import drain as drains
from pipeline.worker.execution import execute

pytestmark = pytest.mark.django_db
OpenSample = Callable[..., JobRun]
GONE = "removed_job"


@pytest.fixture
def drained(open_sample: OpenSample) -> JobRun:
    """A run of a removed job that never started because of a drain."""
    run = open_sample()
    drain = drains.begin("it", 60)
    CancelRequest.objects.create(run=run, drain=drain)
    JobRun.objects.filter(pk=run.pk).update(
        job=GONE, state=State.CANCELLED, finished_at=Now(), trigger=Trigger.SCHEDULE
    )
    return JobRun.objects.get(pk=run.pk)


def test_lifting_a_drain_leaves_an_unknown_job_and_resumes_the_others(
    drained: JobRun, caplog: pytest.LogCaptureFixture
) -> None:
    drain = drains.in_force()
    assert drain is not None
    assert resume.lift(drain, "it") == []
    assert "was not resumed: UnknownJob" in caplog.text


def test_the_command_says_so_and_ends_well(drained: JobRun, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("jobs_drain", "--lift")
    assert drains.in_force() is None


def test_a_schedule_of_an_unknown_job_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    assert queue.start_scheduled(GONE) == "skipped: UnknownJob"


@pytest.mark.django_db(transaction=True)
def test_a_queued_run_of_an_unknown_job_fails_with_a_sentence(open_sample: OpenSample) -> None:
    run = open_sample()
    JobRun.objects.filter(pk=run.pk).update(job=GONE)
    ended = execute(run.pk)
    assert ended.state == State.FAILED
    assert GONE in ended.reason


@pytest.mark.parametrize("part", ["_sweep", "_expire_drain", "_resume_lost", "_repair_schedules", "_deliver_open"])
def test_the_watch_does_the_rest_when_a_part_fails(
    part: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise LookupError("a job that no longer exists")

    sent: list[object] = []
    monkeypatch.setattr(jobwatch, part, fail)
    monkeypatch.setattr("pipeline.notifications.send_due", lambda **_: sent.append(1))
    call_command("jobwatch", "--once")
    assert "a part of the watch failed: LookupError" in caplog.text
    assert sent == [1]
