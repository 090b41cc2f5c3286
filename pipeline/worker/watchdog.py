"""Detects a blocked event loop and the line that blocks it.

A beat comes from a thread of its own and proves only that the process lives. So the loop stores a time stamp each half
second; when it is older than BLOCKED_SECONDS, the stack of the loop's thread is captured. While a C call holds the
interpreter's lock no Python thread runs; the timer of `faulthandler` needs no lock and writes the stack to a file,
which the supervisor reads while it waits, or the heartbeat afterwards.
"""

import asyncio
import faulthandler
import linecache
import re
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path
from typing import IO

from django.conf import settings

BLOCKED_SECONDS = 3.0
_STAMP_SECONDS = 0.5
_LIBRARY = Path(asyncio.__file__).parent.parent
_DUMPED_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>.+)')


class LoopWatchdog:
    def __init__(self, dump: IO[str] | None = None) -> None:
        self._dump = dump or tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by close()
        self._seen: float | None = None
        self._reported: float | None = None
        self._loop_thread = 0

    async def stamp_regularly(self) -> None:
        """Runs in the watched loop until it is cancelled."""
        self._loop_thread = threading.get_ident()
        try:
            while True:
                self._seen = time.monotonic()
                faulthandler.dump_traceback_later(BLOCKED_SECONDS + _STAMP_SECONDS, file=self._dump)
                await asyncio.sleep(_STAMP_SECONDS)
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._seen = None

    def new_blocked_stack(self) -> str:
        """The stack of a blocked loop that was not reported yet, else "". Called from another thread."""
        if stack := self._dumped():
            return stack
        seen = self._seen
        if seen is None or seen == self._reported or time.monotonic() - seen < BLOCKED_SECONDS:
            return ""
        self._reported = seen
        frame = sys._current_frames().get(self._loop_thread)
        return "" if frame is None else _readable(traceback.format_stack(frame))

    def _dumped(self) -> str:
        """What faulthandler wrote while no thread could run. A dump of a block that was reported is ignored."""
        if self._reported is not None:
            return ""
        self._dump.seek(0)
        stack = self._dump.read()
        if stack:
            self._reported = self._seen
        return readable_dump(stack)

    def close(self) -> None:
        self._dump.close()


def _readable(stack: list[str]) -> str:
    """Innermost call first, without the interpreter's own frames."""
    own = [entry for entry in reversed(stack) if f'"{_LIBRARY}/asyncio' not in entry]
    return without_folders("".join(own))


def readable_dump(dump: str) -> str:
    """A dump of faulthandler in the format of the other stacks: the loop's thread alone, with the source lines."""
    threads = [thread for thread in dump.split("\n\n") if "asyncio/runners.py" in thread]
    frames = _DUMPED_FRAME.finditer(threads[0] if threads else dump)
    entries = [f'  File "{f["file"]}", line {f["line"]}, in {f["name"]}\n{_source(f)}' for f in frames]
    return _readable(entries[::-1])


def _source(frame: re.Match[str]) -> str:
    line = linecache.getline(frame["file"], int(frame["line"])).strip()
    return f"    {line}\n" if line else ""


def without_folders(stack: str) -> str:
    """A stack whose paths start at the project's root or in the standard library, whatever the machine."""
    return stack.replace(f"{settings.BASE_DIR}/", "").replace(f"{_LIBRARY}/", "")
