"""A clock that is far ahead for a moment: nothing is deleted, written or scheduled by it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule
from pytest_django.fixtures import Settings

from pipeline import business_date, queue
from pipeline.business_date import current_business_date, opening_date
from pipeline.management.commands import jobwatch
from pipeline.models import JobRun, SignIn, State, Trigger
from pipeline.runs import dates, errors, lifecycle, registry
from pipeline.worker.execution import execute

pytestmark = pytest.mark.django_db
AHEAD = timedelta(days=800)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """This host's clock is more than two years ahead of the database's."""
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + AHEAD)


@pytest.fixture
def server_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host and database, perhaps one machine, agree on a time in two years."""
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + AHEAD)
    monkeypatch.setattr(business_date, "database_time", timezone.now)
    # Named where it is used: the day of the test's own database is no argument.
    JobRun.objects.create(
        job="pipeline_diario", business_date=(now() - timedelta(days=1)).date(), trigger=Trigger.SCHEDULE,
        state=State.SUCCEEDED, finished_at=Now(),
    )  # fmt: skip


def opened(job: str, *, accepts_date: bool = False) -> JobRun:
    day = opening_date()
    return lifecycle.open_run(job, business_date=day, trigger=Trigger.SCHEDULE, accepts_date=accepts_date)


def test_the_date_of_a_run_is_the_databases(ahead: None) -> None:
    assert current_business_date() - opening_date() >= AHEAD - timedelta(days=1)
    queue.start_scheduled("retencao_dados", timezone.now().isoformat())
    assert JobRun.objects.get().business_date == opening_date()
    with pytest.raises(errors.InvalidRun):
        lifecycle.open_run("hospedes_casa", business_date=current_business_date(), trigger=Trigger.COMMAND)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("job", ["retencao_dados", "pipeline_diario", "hospedes_casa", "rm_daily_collection"])
def test_a_host_that_is_ahead_refuses_with_a_sentence_and_deletes_nothing(ahead: None, job: str) -> None:
    SignIn.objects.create(account="ana", result=SignIn.Result.FAILED)
    done = execute(opened(job).pk)
    assert done.state == State.FAILED
    assert f"{AHEAD.days} dias" in done.reason
    assert "--accept-date" in done.reason
    assert SignIn.objects.count() == 1


@pytest.mark.parametrize("job", ["retencao_dados", "pipeline_diario"])
def test_a_leap_of_the_business_date_is_refused_until_a_person_vouches_for_it(server_ahead: None, job: str) -> None:
    run, definition = opened(job), registry.get(job)
    assert "antes desta" in dates.doubt_about(run, definition)
    JobRun.objects.filter(pk=run.pk).update(state=State.FAILED, finished_at=Now())
    assert dates.doubt_about(opened(job, accepts_date=True), definition) == ""
    other = opened("hospedes_casa")
    assert dates.doubt_about(other, registry.get("hospedes_casa")) == "", "the date is right for every job"


def test_after_the_leap_back_runs_of_later_dates_are_reported() -> None:
    JobRun.objects.create(
        job="hospedes_casa", business_date=opening_date() + AHEAD, trigger=Trigger.SCHEDULE,
        state=State.SUCCEEDED, finished_at=Now(),
    )  # fmt: skip
    assert "relógio" in dates.doubt_about(opened("pipeline_diario"), registry.get("pipeline_diario"))


def test_days_without_a_collection_delete_nothing() -> None:
    day = opening_date()
    for job, back in (("pipeline_diario", 5), ("cleanup_stale_runs", 1)):
        JobRun.objects.create(
            job=job, business_date=day - timedelta(days=back), trigger=Trigger.SCHEDULE, state=State.SUCCEEDED,
            finished_at=Now(),
        )  # fmt: skip
    assert dates.doubt_about(opened("retencao_dados"), registry.get("retencao_dados"))
    assert dates.doubt_about(opened("pipeline_diario"), registry.get("pipeline_diario")) == ""


def test_schedules_in_the_far_future_are_mended_by_the_watch(settings: Settings) -> None:
    due = queue.set_up_schedules()
    assert queue.repair_schedules() == []
    Schedule.objects.update(next_run=timezone.now() + AHEAD)
    assert set(queue.repair_schedules()) == set(due)
    assert all(queue.next_start(job) == start for job, start in due.items())


def test_the_watch_reports_a_wrong_clock_once(ahead: None, caplog: pytest.LogCaptureFixture) -> None:
    call_command("jobwatch", "--once")
    assert "ahead of the database's" in caplog.text
    command = jobwatch.Command()
    command._clock_wrong = False
    caplog.clear()
    for _ in range(3):
        command._compare_clocks()
    assert caplog.text.count("ahead of the database's") == 1
