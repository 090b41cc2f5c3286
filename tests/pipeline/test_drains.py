"""During a deploy no run starts; afterwards everything that was stopped or postponed is resumed."""

from collections.abc import Callable, Iterator
from io import StringIO
from threading import Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from pipeline import queue, resume
from pipeline.models import Drain, JobRun, State, Trigger
from pipeline.runs import drain as drains
from pipeline.runs import errors, lifecycle
from tests.pipeline.conftest import DAY
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], Any]], Thread]
SLOT = "2026-11-22T08:50:00+00:00"


def drained(*arguments: str) -> str:
    out = StringIO()
    call_command("jobs_drain", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def drain(db: None) -> Drain:
    return drains.begin("ana@server", 900)


def test_the_mark_says_who_when_and_until(db: None) -> None:
    assert "jobs_drain --lift" in drained("--timeout", "1", "--for", "60")
    mark = Drain.objects.get()
    assert "@" in mark.by
    assert 59 < (mark.until - mark.began_at).total_seconds() < 61


@pytest.mark.parametrize("trigger", [Trigger.SCHEDULE, Trigger.ADMIN, Trigger.COMMAND])
def test_nothing_is_opened_and_no_row_written_until_it_is_lifted(
    drain: Drain, open_sample: OpenSample, trigger: str
) -> None:
    with pytest.raises(errors.Draining, match="ana@server"):
        open_sample(trigger=trigger)
    assert JobRun.objects.count() == 0
    assert drains.mark_lifted(drain, "ana@server")
    assert open_sample(trigger=trigger).state == State.QUEUED


def test_nothing_is_resumed_meanwhile(db: None, open_sample: OpenSample) -> None:
    lost = lifecycle.claim(open_sample(trigger=Trigger.SCHEDULE).pk)
    lifecycle.force_end(lost, State.LOST, "")
    drain = drains.begin("ana@server", 900)
    assert resume.resume_lost() == []
    resume.lift(drain)
    assert [run.resume_of for run in resume.resume_lost()] == [lost]


def test_a_drain_ends_by_itself(drain: Drain, open_sample: OpenSample) -> None:
    Drain.objects.update(until=Now())
    assert drains.in_force() is None
    assert open_sample().state == State.QUEUED


def test_who_drains_again_goes_on_with_the_drain_and_gets_more_time(drain: Drain) -> None:
    again = drains.begin("bruno@server", 3600)
    assert (again.pk, again.by) == (drain.pk, "ana@server")
    assert again.until > drain.until
    assert Drain.objects.count() == 1


def test_a_command_is_refused_with_the_reason(drain: Drain) -> None:
    with pytest.raises(CommandError, match="ana@server") as refused:
        call_command("pipeline_diario", stdout=StringIO())
    assert refused.value.returncode == 2


def test_a_scheduled_start_during_a_drain_is_postponed_and_recorded(drain: Drain) -> None:
    assert queue.start_scheduled("sample", SLOT).startswith("postponed")
    run = JobRun.objects.get()
    assert (run.state, run.trigger, run.started_at) == (State.CANCELLED, Trigger.SCHEDULE, None)
    assert "ana@server" in run.reason
    assert errors.why_not_resumable(run) == ""
    assert queue.start_scheduled("sample", SLOT) == "skipped: SlotTaken"
    assert OrmQ.objects.count() == 0


def test_lifting_catches_up_what_was_put_off_once_a_job(drain: Drain) -> None:
    for slot in (SLOT, "2026-11-22T09:20:00+00:00"):
        queue.start_scheduled("sample", slot)
    newest = JobRun.objects.latest("pk")
    (caught_up,) = resume.lift(drain, "ana@server")
    assert (caught_up.resume_of, caught_up.state) == (newest, State.QUEUED)
    assert OrmQ.objects.count() == 1
    assert resume.lift(drain, "bruno@server") == []
    drain.refresh_from_db()
    assert drain.lifted_by == "ana@server"


def test_lifting_resumes_what_was_stopped_at_its_checkpoint(db: None) -> None:
    stopped = queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN, steps=["wait"])
    stopped = lifecycle.claim(stopped.pk)
    drain = drains.begin("ana@server", 900)
    lifecycle.request_cancel(stopped, drain=drain)
    with transaction.atomic():
        lifecycle.save_checkpoint(stopped.pk, stopped.fence, {"at": 3})
    lifecycle.finish(stopped.pk, stopped.fence, State.CANCELLED, summary={}, reason="")
    queue.start_scheduled("sample", SLOT)
    (resumed,) = resume.lift(drain)
    assert (resumed.resume_of, resumed.checkpoint, resumed.steps) == (stopped, {"at": 3}, ["wait"])


def test_lifting_leaves_a_command_to_the_person_who_started_it(db: None, open_sample: OpenSample) -> None:
    run = open_sample(trigger=Trigger.COMMAND)
    drained("--timeout", "1")
    assert drained("--lift").count("->") == 0
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_lifting_where_nothing_is_drained_says_so(db: None) -> None:
    drained("--lift")
    assert Drain.objects.count() == 0


def test_the_watch_lifts_a_drain_that_nobody_lifted(drain: Drain, open_sample: OpenSample) -> None:
    queue.start_scheduled("sample", SLOT)
    call_command("jobwatch", "--once")
    assert JobRun.objects.live().count() == 0
    Drain.objects.update(until=Now())
    call_command("jobwatch", "--once")
    assert JobRun.objects.live().get().resume_of is not None
    assert Drain.objects.get().lifted_at is not None


@pytest.fixture
def half_open(transactional_db: None, in_background: InBackground) -> Iterator[Callable[[], None]]:
    """A start that has looked whether it may, and has not committed yet; the call lets it."""
    import threading

    looked, may_commit = threading.Event(), threading.Event()

    def start() -> None:
        with transaction.atomic():
            lifecycle.open_run("sample", business_date=DAY, trigger=Trigger.ADMIN, steps=["wait"])
            looked.set()
            assert may_commit.wait(180)

    in_background(start)
    assert looked.wait(180)
    yield may_commit.set
    may_commit.set()


def test_a_start_that_was_faster_than_the_mark_is_stopped_by_the_drain(
    half_open: Callable[[], None], in_background: InBackground
) -> None:
    said: list[str] = []
    draining = in_background(lambda: said.append(drained("--timeout", "60")))
    until(_drain_waits_for_the_start)
    half_open()
    draining.join(180)
    run = JobRun.objects.get()
    assert run.state == State.CANCELLED
    assert str(run) in said[0]


def _drain_waits_for_the_start() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'pipeline_drain'::regclass")
        return bool(cursor.fetchone() == (1,))


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "90000"])
def test_a_time_that_is_none_is_refused(db: None, seconds: str) -> None:
    with pytest.raises(CommandError):
        call_command("jobs_drain", "--for", seconds, stdout=StringIO())
    assert Drain.objects.count() == 0


def test_the_run_page_says_why_it_cannot_be_resumed_now(drain: Drain, admin_client: Any, settings: Settings) -> None:
    queue.start_scheduled("sample", SLOT)
    run = JobRun.objects.get()
    page = admin_client.get(f"/admin/pipeline/jobrun/{run.pk}/change/").content.decode()
    assert 'aria-disabled="true"' in page
    answer = admin_client.post(f"/admin/pipeline/jobrun/{run.pk}/resume/", follow=True)
    assert "ana@server" in answer.content.decode()
    assert JobRun.objects.count() == 1


def test_a_start_by_button_is_refused_on_the_form(drain: Drain, admin_client: Any) -> None:
    asked = {"job": "sample", "business_date": timezone.localdate().isoformat(), "step": ""}
    answer = admin_client.post("/admin/pipeline/jobrun/start/", asked)
    assert answer.status_code == 200
    assert "ana@server" in answer.content.decode()
    assert JobRun.objects.count() == 0


@pytest.mark.parametrize("url", ["/admin/pipeline/jobrun/", "/admin/pipeline/jobrun/start/"])
def test_the_pages_say_that_nothing_starts_and_end_it_by_a_button(drain: Drain, admin_client: Any, url: str) -> None:
    assert "ana@server" in admin_client.get(url).content.decode()
    answer = admin_client.post("/admin/pipeline/jobrun/lift/", follow=True)
    assert "ana@server" not in answer.content.decode()
    assert drains.in_force() is None


def test_who_may_not_start_runs_may_not_lift_either(drain: Drain, people: dict[str, Any], client: Any) -> None:
    client.force_login(people["Consulta"])
    assert client.post("/admin/pipeline/jobrun/lift/").status_code == 403
    assert drains.in_force() == drain
