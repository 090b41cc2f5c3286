"""A progress bar on a terminal, and one line for each phase elsewhere."""

import time
from typing import TextIO

from pipeline.labels import phase_title
from pipeline.runs.control import Position

_WIDTH = 28
_REDRAW_SECONDS = 0.1


class ProgressBar:
    """Called with each position of a run; draws at most ten times a second and never scrolls a terminal."""

    def __init__(self, stream: TextIO, phases: int) -> None:
        self._stream = stream
        self._phases = phases
        self._terminal = stream.isatty()
        self._drawn = 0.0
        self._phase = ""
        self._started = time.monotonic()
        self._length = 0

    def __call__(self, position: Position) -> None:
        changed = position.phase != self._phase
        if not self._terminal:
            if changed:
                self._stream.write(f"{self._number(position)} {phase_title(position.phase)}\n")
                self._stream.flush()
        elif changed or time.monotonic() - self._drawn >= _REDRAW_SECONDS or position.done == position.total:
            self._draw(position)
        self._phase = position.phase

    def close(self) -> None:
        if self._terminal and self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()

    def _number(self, position: Position) -> str:
        return f"[{len(position.phases)}/{max(self._phases, len(position.phases))}]"

    def _draw(self, position: Position) -> None:
        self._drawn = time.monotonic()
        share = min(1.0, position.done / position.total) if position.total else 0.0
        filled = round(share * _WIDTH)
        bar = "█" * filled + "░" * (_WIDTH - filled)
        count = f"{position.done}/{position.total}" if position.total is not None else f"{position.done}"
        seconds = int(self._drawn - self._started)
        line = f"{self._number(position)} {phase_title(position.phase):<28} {bar} {count}  {seconds} s"
        self._stream.write("\r" + line.ljust(self._length))
        self._stream.flush()
        self._length = len(line)
