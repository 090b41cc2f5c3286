"""What a run leaves behind for people to see: its log, its position, the stack of its blocked loop."""

import logging
import threading
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django.fixtures import Settings

from pipeline.models import JobRun, LogLine, State
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from pipeline.worker.run_log import KEPT_LINES, RunLog
from pipeline.worker.watchdog import readable_dump
from sistema_os.logs import OutputHandler
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]


def texts(run: JobRun) -> list[str]:
    return list(run.log_lines.values_list("text", flat=True))


def log_with(log: RunLog, *lines: str) -> None:
    for line in lines:
        log.emit(logging.makeLogRecord({"name": "pipeline.jobs.sample", "msg": line, "levelno": logging.INFO}))


def test_log_lines_that_the_database_did_not_take_are_offered_again(
    db: None, open_sample: OpenSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_sample()
    log = RunLog(run)
    log_with(log, "line 1")

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise OperationalError("restarting")

    with monkeypatch.context() as restarting:
        restarting.setattr(LogLine.objects, "bulk_create", away)
        with pytest.raises(OperationalError):
            log.store()
    log_with(log, "line 2")
    log.store()
    assert texts(run) == ["line 1", "line 2"]


def test_a_log_that_waits_for_the_database_keeps_its_newest_lines(
    db: None, open_sample: OpenSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_sample()
    log = RunLog(run)
    monkeypatch.setattr(LogLine.objects, "bulk_create", lambda _: (_ for _ in ()).throw(OperationalError()))
    for number in range(KEPT_LINES + 20):
        log_with(log, f"line {number}")
        if number % 100 == 0:
            with pytest.raises(OperationalError):
                log.store()
    monkeypatch.undo()
    log.store()
    assert texts(run)[0] == "line 20"
    assert texts(run)[-1] == f"line {KEPT_LINES + 19}"


class FullDisk(StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_is_reported_on_the_run_once_and_stops_nothing(
    db: None, open_sample: OpenSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OutputHandler, "failure", "")
    run = open_sample()
    log = RunLog(run)
    output = OutputHandler(FullDisk())
    for _ in range(3):
        output.handle(logging.makeLogRecord({"msg": "lost"}))
        log.store()
    assert [text for text in texts(run) if "No space left on device" in text] == texts(run)
    assert len(texts(run)) == 1


def test_the_position_moves_between_two_beats(
    transactional_db: None, open_sample: OpenSample, in_background: InBackground, settings: Settings
) -> None:
    settings.HEARTBEAT_SECONDS = 30
    run = open_sample("write")
    seen: list[int] = []

    def look() -> None:
        until(lambda: JobRun.objects.get(pk=run.pk).done >= 3)
        now = JobRun.objects.get(pk=run.pk)
        seen.extend([now.done] if now.live else [])
        lifecycle.request_cancel(run)

    in_background(look)
    assert execute(run.pk).state == State.CANCELLED
    assert seen
    assert run.beats.filter(done__gte=1).count() <= 1, "only the last beat has moved"


DUMP = """Timeout (0:00:03.500000)!
Thread 0x00007f0000000001 (most recent call first):
  File "/somewhere/threading.py", line 1 in wait

Thread 0x00007f0000000002 (most recent call first):
  File "{own}", line 3 in guilty
  File "{library}/asyncio/events.py", line 80 in _run
  File "{library}/asyncio/runners.py", line 190 in run
"""


def test_a_dump_of_all_threads_is_read_as_the_stack_of_the_loop() -> None:
    library = logging.__file__.removesuffix("/logging/__init__.py")
    stack = readable_dump(DUMP.format(own=__file__, library=library))
    first, source = stack.splitlines()
    assert first == '  File "tests/pipeline/test_traces.py", line 3, in guilty'
    assert source == "    import logging"
