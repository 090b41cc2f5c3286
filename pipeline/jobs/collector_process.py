"""A collector as a process of its own: fed through its input, read through its output, never left behind.

It runs in the process group of the job's process, so that whoever ends that group ends it too, and it
asks the kernel to die with its parent. Leaving `collect` in any way (end, failure, cancellation) has
waited for its end.
"""

import asyncio
import json
import logging
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from pipeline.runs.registry import ExpectedFailure

STDERR_LINES = 200
# After a SIGKILL: the process is gone by then.
END_SECONDS = 1.0
# A row of the answer is far shorter; asyncio's 64 KiB would do too, this bounds a runaway line.
LINE_LIMIT = 1 << 20

log = logging.getLogger(__name__)
Feed = AsyncIterator[list[Mapping[str, Any]]]


class CollectorFailed(ExpectedFailure):
    """The collector ended with an error, or its answer was no rows; the message is a sentence."""


async def collect(module: str, feed: Feed) -> list[dict[str, Any]]:
    """Feeds the lists of objects that `feed` yields to `python -m module` and returns the rows it answers.

    Raises CollectorFailed; an error while making the feed, and a cancellation, come through as they are.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(os.getpid()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=settings.BASE_DIR,
        limit=LINE_LIMIT,
    )
    try:
        return await _converse(process, module, feed)
    finally:
        await _end(process)


async def _converse(process: asyncio.subprocess.Process, module: str, feed: Feed) -> list[dict[str, Any]]:
    tail: deque[str] = deque(maxlen=STDERR_LINES)
    reading = asyncio.create_task(_rows(process))
    listening = asyncio.create_task(_keep_tail(process, tail))
    try:
        await _feed(process, feed)
        rows = await reading
        await listening
    except ValueError as error:
        raise CollectorFailed(_("The collector answered something that is no row.")) from error
    finally:
        reading.cancel()
        listening.cancel()
        await asyncio.gather(reading, listening, return_exceptions=True)
    if code := await process.wait():
        log.error("%s ended with %s; its last words: %s", module, code, "\n".join(tail))
        raise CollectorFailed(
            _("The collector ended with code %(code)s: %(line)s") % {"code": code, "line": _last(tail)}
        )
    return rows


async def _feed(process: asyncio.subprocess.Process, feed: Feed) -> None:
    """A collector that died closes its input: that is no error here, its exit code tells more."""
    assert process.stdin is not None  # noqa: S101 - a pipe by construction
    async for batch in feed:
        try:
            process.stdin.write("".join(json.dumps(entry) + "\n" for entry in batch).encode())
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return
    process.stdin.close()


async def _rows(process: asyncio.subprocess.Process) -> list[dict[str, Any]]:
    assert process.stdout is not None  # noqa: S101 - a pipe by construction
    return [json.loads(line) async for line in process.stdout]


async def _keep_tail(process: asyncio.subprocess.Process, tail: deque[str]) -> None:
    assert process.stderr is not None  # noqa: S101 - a pipe by construction
    async for line in process.stderr:
        tail.append(line.decode(errors="replace").rstrip())


def _last(tail: deque[str]) -> str:
    return tail[-1] if tail else "-"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its own children may hold its pipes open for ever, and asyncio waits for those too. They are in the group of the
    job's process, and go with it."""
    if process.returncode is None:
        process.kill()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        log.warning("what the collector had started goes on; it ends with the run's process")
