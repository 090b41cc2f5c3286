"""Runs a collector in a process of its own: fed through its standard input, read through its standard output.

It belongs to the process group of the job's process, so that ending the group ends it too, and the kernel kills it when
its parent ends. `collect` returns, fails or is cancelled only after the process has ended.
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

from pipeline.runs import ExpectedFailure

STDERR_LINES = 200
# How long to wait after SIGKILL.
END_SECONDS = 1.0
# Rows are far shorter; this bounds a runaway line.
LINE_LIMIT = 1 << 20

log = logging.getLogger(__name__)
Feed = AsyncIterator[list[Mapping[str, Any]]]


class CollectorFailed(ExpectedFailure):
    """The collector ended with an error or returned something else than rows; the message is a sentence."""


async def collect(module: str, feed: Feed) -> list[dict[str, Any]]:
    """Feeds the lists of objects that `feed` yields to `python -m module` and returns its rows.

    Raises CollectorFailed. An error of the feed and a cancellation are raised unchanged.
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
        log.error("%s ended with %s; the end of its error output: %s", module, code, "\n".join(tail))
        raise CollectorFailed(
            _("The collector ended with code %(code)s: %(line)s") % {"code": code, "line": tail[-1] if tail else "-"}
        )
    return rows


async def _feed(process: asyncio.subprocess.Process, feed: Feed) -> None:
    """A collector that ended has closed its input; that is no error here, for its exit code is checked."""
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


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kills it and waits, but not for ever: its children may keep its pipes open, and asyncio waits for those too. They
    are in the process group of the job and end with it."""
    if process.returncode is None:
        process.kill()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        log.warning("children of the collector are still running; they end with the process of the run")
