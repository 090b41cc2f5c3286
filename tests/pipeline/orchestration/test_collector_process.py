"""The collector as a process: fed, read, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs.collector_process import CollectorFailed, collect
from tests.pipeline.waiting import until

MISBEHAVING = "tests.pipeline.orchestration.collectors"
Entries = list[Mapping[str, Any]]


async def feed(entries: int = 1) -> AsyncIterator[Entries]:
    for number in range(entries):
        yield [{"number": number, "padding": "x" * 2000}]


async def books() -> AsyncIterator[Entries]:
    yield [{"business_date": "2026-03-10", "days": 365}]
    yield [{"stock": {"tipo_uh": "STD", "desde": "2026-01-01", "uh_total": 60, "uh_bloqueadas": 2}}]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pid_in(file: Path) -> int:
    """Of the collector, which writes it once it runs."""
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_the_collector_answers_a_row_for_each_day_and_type() -> None:
    rows = asyncio.run(collect("pipeline.jobs.rm_collector", books()))
    assert len(rows) == 366 * 2
    assert (rows[0]["uh_total"], rows[0]["uh_bloqueadas"]) == (60, 2)


def test_a_failing_collector_ends_in_one_sentence_and_its_last_200_lines_are_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("COLLECTOR_TEST", "fails")
    with pytest.raises(CollectorFailed) as caught:
        asyncio.run(collect(MISBEHAVING, feed()))
    assert "3" in str(caught.value)
    kept = next(r for r in caplog.records if r.levelname == "ERROR").getMessage()
    assert "line 499" in kept
    assert "line 300" in kept
    assert "line 299" not in kept


def test_a_collector_that_dies_while_it_is_fed_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLECTOR_TEST", "dies at once")
    with pytest.raises(CollectorFailed, match="-9"):
        asyncio.run(collect(MISBEHAVING, feed(2000)))


def test_an_answer_that_is_no_row_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLECTOR_TEST", "answers nonsense")
    with pytest.raises(CollectorFailed):
        asyncio.run(collect(MISBEHAVING, feed()))


def test_an_error_while_reading_for_it_comes_through_and_ends_the_collector(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLLECTOR_TEST", "never ends")
    monkeypatch.setenv("COLLECTOR_PID", str(tmp_path / "pid"))

    async def breaks() -> AsyncIterator[Entries]:
        yield [{}]
        await asyncio.to_thread(pid_in, tmp_path / "pid")
        raise RuntimeError("Supabase went away")

    with pytest.raises(RuntimeError, match="went away"):
        asyncio.run(collect(MISBEHAVING, breaks()))
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_cancelled_job_leaves_no_collector_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLLECTOR_TEST", "never ends")
    monkeypatch.setenv("COLLECTOR_PID", str(tmp_path / "pid"))

    async def cancelled() -> int:
        job = asyncio.create_task(collect(MISBEHAVING, feed()))
        pid = await asyncio.to_thread(pid_in, tmp_path / "pid")
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        return pid

    assert not alive(asyncio.run(cancelled()))


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_the_collector_dies_when_its_job_is_killed(tmp_path: Path) -> None:
    """The job here is a process of its own, killed without a chance to clean up."""
    program = (
        "import asyncio, django\n"
        "django.setup()\n"
        "from pipeline.jobs.collector_process import collect\n"
        "async def feed():\n"
        "    yield [{}]\n"
        f"asyncio.run(collect({MISBEHAVING!r}, feed()))\n"
    )
    pid_file = tmp_path / "pid"
    environment = {**os.environ, "COLLECTOR_TEST": "never ends", "COLLECTOR_PID": str(pid_file)}
    job = subprocess.Popen([sys.executable, "-c", program], env=environment)
    pid = pid_in(pid_file)
    job.send_signal(signal.SIGKILL)
    job.wait()
    until(lambda: not alive(pid))
