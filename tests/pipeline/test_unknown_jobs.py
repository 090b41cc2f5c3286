"""A job that was removed or renamed while something of it is queued, scheduled, drained or may be resumed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from pipeline import queue, resume
from pipeline.checks import extra_modules_can_be_imported
from pipeline.management.commands import jobwatch
from pipeline.models import CancelRequest, JobRun, SkippedSlot, State, Trigger
from pipeline.runs import drain as drains
from pipeline.runs import registry
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
    for _ in range(2):
        queue.start_scheduled(GONE, "2026-11-22T09:50:00+00:00")
    assert SkippedSlot.objects.get().why == SkippedSlot.Why.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_a_queued_run_of_an_unknown_job_fails_with_a_sentence(open_sample: OpenSample) -> None:
    run = open_sample()
    JobRun.objects.filter(pk=run.pk).update(job=GONE)
    ended = execute(run.pk)
    assert ended.state == State.FAILED
    assert GONE in ended.reason


@pytest.mark.parametrize(
    "error", [LookupError("a job that no longer exists"), OperationalError("statement timeout"), ProgrammingError("x")]
)
@pytest.mark.parametrize(
    "part", ["_sweep", "_expire_drain", "_resume_lost", "_retry_outages", "_repair_schedules", "_deliver_open"]
)
def test_the_watch_does_the_rest_when_a_part_fails(
    part: str, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    sent: list[object] = []
    monkeypatch.setattr(jobwatch, part, fail)
    monkeypatch.setattr("pipeline.notifications.send_due", lambda **_: sent.append(1))
    call_command("jobwatch", "--once")
    assert f"a part of the watch failed: {type(error).__name__}" in caplog.text
    assert sent == [1]


def test_a_broken_extra_module_disables_itself_with_a_notice(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken_jobs_of_a_hotel.py").write_text("raise RuntimeError('CPF 529.982.247-25')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_broken", {})
    settings.EXTRA_JOB_MODULES = ["tests.pipeline.sample_jobs", "broken_jobs_of_a_hotel"]
    settings.SCHEDULES = {"job_of_the_broken_module": "05:00"}
    for _ in range(3):
        assert "sample" in registry.load()
    assert caplog.text.count("cannot be imported and is disabled") == 1
    assert "529" not in caplog.text
    assert [problem.id for problem in extra_modules_can_be_imported()] == ["pipeline.W113"]
    assert "pipeline_diario" in queue.set_up_schedules()
    call_command("jobwatch", "--once")
    assert "a part of the watch failed" not in caplog.text
