"""The schedules of jobs."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from pytest_django.fixtures import Settings

from pipeline import queue, resume
from pipeline.models import JobRun, SkippedSlot, State, Trigger
from pipeline.runs import errors, lifecycle, schedules
from pipeline.runs.schedules import JobSchedule
from tests.pipeline.conftest import DAY

MORNING = datetime(2026, 11, 22, 12, 7, tzinfo=UTC)  # 09:07 at the hotel


def test_a_daily_plan_starts_at_the_hotels_time() -> None:
    (plan,) = (plan for plan in schedules.job_schedules() if plan.job == "pipeline_diario")
    assert plan.next_after(MORNING).isoformat() == "2026-11-23T05:50:00-03:00"
    assert plan.next_after(MORNING - timedelta(hours=6)).isoformat() == "2026-11-22T05:50:00-03:00"


def test_a_repeated_plan_starts_on_the_clock() -> None:
    assert JobSchedule("hospedes_casa", minutes=30).next_after(MORNING).isoformat() == "2026-11-22T09:30:00-03:00"
    assert JobSchedule("cleanup_stale_runs", minutes=10).next_after(MORNING).isoformat() == "2026-11-22T09:10:00-03:00"


def test_files_are_received_only_where_they_may_come_from(db: None, settings: Settings) -> None:
    assert "receber_arquivos" not in queue.set_up_schedules()
    settings.IMPORT_WATCH_FOLDERS = ["/srv/hotel"]
    assert "receber_arquivos" in queue.set_up_schedules()


def test_setting_up_twice_changes_nothing(db: None, settings: Settings) -> None:
    settings.IMPORT_WATCH_FOLDERS = ["/srv/hotel"]
    first = queue.set_up_schedules()
    again = queue.set_up_schedules()
    assert again == first
    assert sorted(first) == sorted(schedules.DEFAULTS)
    assert Schedule.objects.count() == len(schedules.DEFAULTS)
    assert all(start > timezone.now() for start in first.values())


def test_a_changed_time_recomputes_the_next_start(db: None, settings: Settings) -> None:
    before = queue.set_up_schedules()["pipeline_diario"]
    settings.SCHEDULES = {"pipeline_diario": "04:15"}
    after = queue.set_up_schedules()["pipeline_diario"]
    assert (timezone.localtime(before).hour, timezone.localtime(after).hour) == (5, 4)


def test_a_start_that_fell_into_the_deploy_still_happens(db: None) -> None:
    missed = queue.set_up_schedules()["pipeline_diario"] - timedelta(days=1)
    Schedule.objects.filter(name="pipeline_diario").update(next_run=missed)
    assert queue.set_up_schedules()["pipeline_diario"] == missed


def test_a_foreign_schedule_is_removed(db: None) -> None:
    Schedule.objects.create(name="evil", func="os.system", args="'true'")
    queue.set_up_schedules()
    assert not Schedule.objects.filter(func="os.system").exists()


@pytest.mark.parametrize("text", ["", "25:00", "5h", "0 min", "every day"])
def test_a_malformed_schedule_is_refused_and_changes_nothing(db: None, settings: Settings, text: str) -> None:
    queue.set_up_schedules()
    settings.SCHEDULES = {"hospedes_casa": text}
    with pytest.raises(CommandError, match="hospedes_casa") as refused:
        call_command("setup_schedules", stdout=StringIO())
    assert refused.value.returncode == 2
    assert Schedule.objects.get(name="hospedes_casa").minutes == 30


def test_a_schedule_of_an_unknown_job_is_refused(db: None, settings: Settings) -> None:
    settings.SCHEDULES = {"nao_existe": "05:00"}
    with pytest.raises(CommandError, match="nao_existe"):
        call_command("setup_schedules", stdout=StringIO())


def test_a_slot_delivered_twice_is_one_run(db: None) -> None:
    slot = "2026-11-22T08:50:00+00:00"
    assert "queued" in queue.start_scheduled("sample", slot)
    run = JobRun.objects.get()
    assert (run.trigger, run.slot) == (Trigger.SCHEDULE, datetime.fromisoformat(slot))
    lifecycle.request_cancel(run)
    assert queue.start_scheduled("sample", slot) == "skipped: SlotTaken"
    assert JobRun.objects.count() == OrmQ.objects.count() == 1


def test_a_slot_is_skipped_while_the_job_runs(db: None) -> None:
    queue.start_scheduled("sample", "2026-11-22T08:50:00+00:00")
    assert queue.start_scheduled("sample", "2026-11-22T09:50:00+00:00") == "skipped: AlreadyRunning"
    skipped = SkippedSlot.objects.get()
    assert (skipped.job, skipped.why, skipped.run) == ("sample", SkippedSlot.Why.RUNNING, JobRun.objects.get())
    assert JobRun.objects.count() == OrmQ.objects.count() == 1


def test_a_refused_start_leaves_no_task_behind(db: None) -> None:
    queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    with pytest.raises(errors.AlreadyRunning):
        queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    assert OrmQ.objects.count() == 1


def lost(trigger: str) -> JobRun:
    run = lifecycle.claim(lifecycle.open_run("sample", business_date=DAY, trigger=trigger).pk)
    lifecycle.force_end(run, State.LOST, "")
    return run


def test_a_lost_run_is_resumed_by_itself_once(db: None) -> None:
    first = lost(Trigger.SCHEDULE)
    (resumed,) = resume.resume_lost()
    assert (resumed.resume_of, resumed.trigger) == (first, Trigger.RESUME)
    lifecycle.force_end(lifecycle.claim(resumed.pk), State.LOST, "")
    assert resume.resume_lost() == []


def test_a_lost_command_is_left_to_the_person_who_started_it(db: None) -> None:
    lost(Trigger.COMMAND)
    assert resume.resume_lost() == []


def test_the_queue_is_alive_until_a_start_is_overdue(db: None) -> None:
    queue.set_up_schedules()
    assert queue.alive()
    Schedule.objects.filter(name="hospedes_casa").update(next_run=timezone.now() - timedelta(minutes=3))
    assert not queue.alive()
