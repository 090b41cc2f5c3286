"""The commands: what they print and how they end."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Task
from pytest_django.fixtures import Settings

from pipeline.management.job_command import JobCommand, ProgressBar
from pipeline.models import Beat, JobRun, LogLine, SkippedSlot, State, Trigger
from pipeline.runs import errors, lifecycle
from pipeline.runs.control import Position
from tests.pipeline.conftest import DAY, SAMPLE_JOBS
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]
MANAGE = str(Path(project.BASE_DIR) / "manage.py")


class SampleCommand(JobCommand):
    job = "sample"


def run_sample(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and error output."""
    out, err = StringIO(), StringIO()
    try:
        call_command(SampleCommand(), "--date", "2026-11-01", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("step", "code", "state"),
    [
        ("succeed", 0, State.SUCCEEDED),
        ("partial", 3, State.PARTIAL),
        ("fail", 1, State.FAILED),
        ("crash", 1, State.FAILED),
        ("wait", 124, State.TIMED_OUT),
    ],
)
def test_the_exit_code_tells_how_the_run_ended(
    transactional_db: None, settings: Settings, step: str, code: int, state: str
) -> None:
    settings.JOB_TIMEOUT = 1
    ended, out, err = run_sample("--step", step)
    run = JobRun.objects.get()
    assert (ended, run.state, run.trigger, run.business_date) == (code, state, Trigger.COMMAND, DAY)
    assert "Traceback" not in out + err
    assert f"sample nº {run.pk}" in out
    assert run.reason in out + err


def test_the_outcome_can_be_read_by_a_program(transactional_db: None) -> None:
    _code, out, _err = run_sample("--step", "succeed", "--json")
    last = json.loads(out.splitlines()[-1])
    assert (last["state"], last["summary"], last["business_date"]) == ("succeeded", {"rows": 3}, "2026-11-01")
    assert last["seconds"] > 0


@pytest.mark.parametrize(
    "arguments",
    [("--date", "2999-01-01"), ("--date", "01/11/2026"), ("--step", "no_such_step"), ("--resume",), ("--resume", "77")],
    ids=" ".join,
)
def test_a_usage_error_is_one_sentence_and_no_run(db: None, arguments: tuple[str, ...]) -> None:
    code, out, err = run_sample(*arguments)
    assert code in (1, 2)
    assert err
    assert "Traceback" not in out + err
    assert not JobRun.objects.exists()


def test_a_usage_error_ends_the_process_with_its_code(child_env: dict[str, str]) -> None:
    date = "2026-02-30"
    command = [sys.executable, MANAGE, "pipeline_diario", "--date", date]
    ended = subprocess.run(command, env=child_env, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert date in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not JobRun.objects.exists()


def test_a_second_start_is_refused_and_names_the_live_run(db: None, open_sample: OpenSample) -> None:
    live = open_sample()
    code, _out, err = run_sample("--step", "succeed")
    assert code == 2
    assert str(live.pk) in err
    assert JobRun.objects.get() == live


def test_resume_goes_on_with_the_last_unfinished_run(transactional_db: None) -> None:
    run_sample("--step", "fail")
    failed = JobRun.objects.get()
    assert run_sample("--resume")[0] == 1
    assert JobRun.objects.filter(resume_of=failed, steps=["fail"]).exists()


def test_an_unreachable_database_is_one_sentence(child_env: dict[str, str]) -> None:
    away = {**child_env, "DATABASE_URL": "postgres://nobody:sekret-word@127.0.0.1:1/none"}
    command = [sys.executable, MANAGE, "hospedes_casa"]
    ended = subprocess.run(command, env=away, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "DATABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "sekret-word" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_run(child_env: dict[str, str], open_sample: OpenSample, number: signal.Signals) -> None:
    run = open_sample("wait")
    environment = {**child_env, "EXTRA_JOB_MODULES": SAMPLE_JOBS, "HEARTBEAT_SECONDS": "0.2"}
    command = [sys.executable, MANAGE, "runjob", str(run.pk)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        until(lambda: Beat.objects.filter(run=run, phase="wait").exists())
        os.kill(process.pid, number)
        assert process.wait(180) == 130
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_runjob_leaves_a_run_alone_that_is_not_queued(transactional_db: None, open_sample: OpenSample) -> None:
    run = open_sample()
    lifecycle.request_cancel(run)
    out = StringIO()
    call_command("runjob", str(run.pk), stdout=out)
    assert str(run.pk) in out.getvalue()
    run.refresh_from_db()
    assert (run.state, run.fence) == (State.CANCELLED, 0)


def test_draining_stops_every_run_so_that_it_can_be_resumed(db: None, open_sample: OpenSample) -> None:
    run = open_sample("wait")
    out = StringIO()
    call_command("jobs_drain", "--timeout", "1", stdout=out)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert errors.why_not_resumable(run) == ""


def test_draining_says_so_when_a_run_does_not_stop(db: None, open_sample: OpenSample) -> None:
    lifecycle.claim(open_sample("wait").pk)
    with pytest.raises(CommandError, match="1"):
        call_command("jobs_drain", "--timeout", "0.1", stdout=StringIO())


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def positions() -> list[Position]:
    listing = [Position("listing", done, 600, phases=(("listing", None),)) for done in (0, 300, 600)]  # type: ignore[arg-type]  # the bar reads no times
    return [*listing, Position("matching", 0, None, phases=(("listing", None), ("matching", None)))]  # type: ignore[arg-type]  # as above


def test_on_a_terminal_the_bar_stays_on_its_line() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal, phases=5)
    for position in positions():
        bar(position)
    bar.close()
    drawn = terminal.getvalue()
    assert "\n" not in drawn
    assert "600/600" in drawn
    assert re.search(r"\[2/5\]", drawn)
    assert drawn.endswith("\r")


def test_without_a_terminal_a_phase_is_one_line() -> None:
    pipe = StringIO()
    bar = ProgressBar(pipe, phases=5)
    for position in positions():
        bar(position)
    bar.close()
    assert [line.split()[0] for line in pipe.getvalue().splitlines()] == ["[1/5]", "[2/5]"]


def test_the_sweep_is_a_command_too(transactional_db: None, open_sample: OpenSample, settings: Settings) -> None:
    lost = lifecycle.claim(open_sample().pk)
    JobRun.objects.filter(pk=lost.pk).update(lease_seconds=0.001)
    options: dict[str, Any] = {"stdout": StringIO()}
    call_command("cleanup_stale_runs", **options)
    lost.refresh_from_db()
    assert lost.state == State.LOST
    assert JobRun.objects.get(job="cleanup_stale_runs").summary == {"lost": 1, "purged": 0}


def test_the_sweep_forgets_what_is_old_and_nothing_else(transactional_db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    for days in (34, 36):
        at = Now() - timedelta(days=days)
        Beat.objects.create(run=run, fence=1, at=at, progress_at=at, phase=f"{days} days")
        LogLine.objects.create(run=run, at=at, level=20, text=f"{days} days")
    call_command("cleanup_stale_runs", stdout=StringIO())
    assert list(run.beats.exclude(phase="").values_list("phase", flat=True)) == ["34 days"]
    assert list(run.log_lines.values_list("text", flat=True)) == ["34 days"]


@pytest.mark.django_db(transaction=True)
def test_the_clean_up_forgets_runs_logs_and_results_that_are_past_their_time(open_sample: OpenSample) -> None:
    def ended(job: str, days: int, **fields: Any) -> JobRun:
        run = JobRun.objects.create(
            job=job, business_date=DAY, trigger=Trigger.SCHEDULE, state=State.SUCCEEDED,
            finished_at=timezone.now() - timedelta(days=days), **fields,
        )  # fmt: skip
        LogLine.objects.create(run=run, at=timezone.now() - timedelta(days=days), level=20, text="a line")
        return run

    old = ended("pipeline_diario", 500)
    resumed = ended("pipeline_diario", 30, resume_of=old)
    kept = [resumed, ended("hospedes_casa", 300)]
    ended("receber_arquivos", 40)
    Task.objects.create(
        id="1", name="old", func="x", started=timezone.now(), stopped=timezone.now() - timedelta(days=40), success=False
    )
    SkippedSlot.objects.create(job="x", slot=timezone.now() - timedelta(days=40), why=SkippedSlot.Why.RUNNING)
    call_command("cleanup_stale_runs", stdout=StringIO())
    assert set(JobRun.objects.exclude(job="cleanup_stale_runs")) == set(kept)
    assert JobRun.objects.get(pk=resumed.pk).resume_of is None
    assert [line.run_id for line in LogLine.objects.filter(text="a line")] == [resumed.pk]
    assert not Task.objects.exists()
    assert not SkippedSlot.objects.exists()
    assert JobRun.objects.get(job="cleanup_stale_runs").summary["purged"] == 2
