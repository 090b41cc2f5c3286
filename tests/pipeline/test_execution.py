"""A run from its claim to its end, in this process."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from pytest_django.fixtures import Settings

from pipeline.models import Beat, JobRun, State
from pipeline.runs import errors, lifecycle
from pipeline.runs.control import Position
from pipeline.worker.execution import execute
from tests.pipeline.conftest import DAY
from tests.pipeline.sample_jobs import CHUNKS, PERSON
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]


@pytest.fixture(autouse=True)
def real_transactions(transactional_db: None) -> None:
    """Heartbeat and job have connections of their own."""


def log_of(run: JobRun) -> str:
    return "\n".join(run.log_lines.values_list("text", flat=True))


def test_a_job_that_succeeds_leaves_its_summary_and_position(open_sample: OpenSample) -> None:
    moves: list[Position] = []
    run = execute(open_sample("succeed").pk, on_move=moves.append)
    assert (run.state, run.summary, run.reason) == (State.SUCCEEDED, {"rows": 3}, "")
    assert (run.phase, run.done, run.total, run.last_key) == ("succeed", 3, 3, "key-3")
    assert [entry["name"] for entry in run.phases] == ["succeed"]
    assert [move.done for move in moves] == [0, 1, 2, 3]


def test_a_partial_job_says_why(open_sample: OpenSample) -> None:
    run = execute(open_sample("partial").pk)
    assert (run.state, run.reason) == (State.PARTIAL, "A listagem ficou em quarentena.")


def test_every_beat_is_on_the_record_and_in_the_log_with_its_position(
    open_sample: OpenSample, settings: Settings
) -> None:
    settings.HEARTBEAT_SECONDS = 0.2
    run = execute(open_sample("write").pk)
    beats = list(run.beats.all())
    assert len(beats) >= 5
    logged = run.log_lines.filter(text__startswith="sinal de atividade")
    assert logged.count() == len(beats)
    newest = beats[0]
    assert f"fase=write feito={newest.done} total={CHUNKS}" in log_of(run)
    assert len({beat.done for beat in beats}) >= 4


@pytest.mark.parametrize("step", ["fail", "group_of_tasks"])
def test_an_expected_failure_ends_with_its_sentence(open_sample: OpenSample, step: str) -> None:
    run = execute(open_sample(step).pk)
    assert (run.state, run.reason) == (State.FAILED, "O coletor não respondeu.")


def test_an_unexpected_error_names_the_place_and_no_person(
    open_sample: OpenSample, caplog: pytest.LogCaptureFixture
) -> None:
    run = execute(open_sample("crash").pk)
    assert run.state == State.FAILED
    assert "ValueError" in run.reason
    assert "sample_jobs.py" in log_of(run)
    for word in PERSON.replace(",", "").split():
        if len(word) > 3:
            assert word not in run.reason + log_of(run) + caplog.text


def test_a_missing_table_ends_in_one_sentence(open_sample: OpenSample, settings: Settings) -> None:
    run = execute(open_sample("missing_table").pk)
    assert run.state == State.FAILED
    assert "nao_existe" in run.reason
    assert settings.SUPABASE["key"] not in run.reason + log_of(run)


def test_a_wrong_key_ends_in_one_sentence_without_the_key(open_sample: OpenSample, settings: Settings) -> None:
    settings.SUPABASE = {**settings.SUPABASE, "key": "eyJhbGciOiJIUzI1NiJ9.e30.wrong"}
    run = execute(open_sample("missing_table").pk)
    assert run.state == State.FAILED
    assert "SUPABASE_SERVICE_KEY" in run.reason
    assert "eyJ" not in run.reason + log_of(run)


def test_an_unreachable_supabase_ends_in_one_sentence(open_sample: OpenSample, settings: Settings) -> None:
    settings.SUPABASE = {**settings.SUPABASE, "url": "http://127.0.0.1:1", "deadline": 3}
    run = execute(open_sample("missing_table").pk)
    assert run.state == State.FAILED
    assert "SUPABASE_URL" in run.reason


def test_a_person_cancels_a_live_job(
    open_sample: OpenSample, people: dict[str, User], in_background: InBackground
) -> None:
    run = open_sample("wait")

    def cancel() -> None:
        until(lambda: Beat.objects.filter(run=run, phase="wait").exists())
        assert lifecycle.request_cancel(run, people["Operação"])

    in_background(cancel)
    ended = execute(run.pk)
    assert ended.state == State.CANCELLED
    assert "Operação" in ended.reason
    assert (ended.phase, ended.done, ended.last_key) == ("wait", 4, "key-4")


def test_a_job_that_takes_too_long_is_timed_out(open_sample: OpenSample, settings: Settings) -> None:
    settings.JOB_TIMEOUT = 0.5
    run = execute(open_sample("wait").pk)
    assert run.state == State.TIMED_OUT
    assert "0,5" in run.reason or "0.5" in run.reason


def test_a_run_that_was_declared_lost_stops_and_its_end_stands(
    open_sample: OpenSample, settings: Settings, in_background: InBackground
) -> None:
    settings.HEARTBEAT_SECONDS = 0.2
    run = open_sample("write")

    def declare_lost() -> None:
        until(lambda: Group.objects.count() >= 3)
        assert lifecycle.force_end(JobRun.objects.get(pk=run.pk), State.LOST, "por outros")

    in_background(declare_lost)
    ended = execute(run.pk)
    assert (ended.state, ended.reason) == (State.LOST, "por outros")
    assert Group.objects.count() < CHUNKS
    assert Group.objects.count() == ended.checkpoint["next"]


def test_a_resume_starts_exactly_at_the_checkpoint(
    open_sample: OpenSample, settings: Settings, in_background: InBackground
) -> None:
    run = open_sample("write")

    def cancel() -> None:
        until(lambda: Group.objects.count() >= 3)
        lifecycle.request_cancel(run)

    in_background(cancel)
    stopped = execute(run.pk)
    assert stopped.state == State.CANCELLED
    resumed = execute(lifecycle.resume(stopped).pk)
    assert resumed.summary == {"rows": CHUNKS - stopped.checkpoint["next"]}
    numbers = sorted(int(name.split()[1]) for name in Group.objects.values_list("name", flat=True))
    assert numbers == list(range(CHUNKS))


@pytest.mark.usefixtures("unguarded")
def test_a_blocked_loop_keeps_beating_and_its_stack_is_on_the_run(open_sample: OpenSample, settings: Settings) -> None:
    settings.HEARTBEAT_SECONDS = 0.5
    run = execute(open_sample("block").pk)
    assert run.state == State.SUCCEEDED
    assert run.blocked_stack.lstrip().startswith('File "tests/pipeline/sample_jobs.py"')
    assert "time.sleep(5)" in run.blocked_stack.splitlines()[1]
    during = run.beats.filter(phase="block", done=2, total=7, last_key="key-2")
    assert during.count() >= 4, "the first, the last, and those of the 5 s in between"
    assert during.exclude(progress_at__lt=run.started_at).count() == during.count()


def test_a_redelivered_run_is_not_executed_again(open_sample: OpenSample) -> None:
    run = execute(open_sample("succeed").pk)
    with pytest.raises(errors.NotClaimed):
        execute(run.pk)
    assert run.beats.filter(fence=1).count() == run.beats.count()
    assert run.business_date == DAY
