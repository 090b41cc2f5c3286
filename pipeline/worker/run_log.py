"""The tail of a run's log in the database, so that the admin can show it.

Any thread and the loop itself may log: a line is redacted and put into memory; the heartbeat's thread, which has a
connection of its own, stores what has come together.
"""

import logging
from collections import deque
from datetime import UTC, datetime
from types import TracebackType

from django.utils.translation import gettext

from pipeline.models import JobRun, LogLine
from sistema_os.logs import OutputHandler, redact

KEPT_LINES = 500
_LONGEST = 2000
_OURS = ("pipeline", "matching", "snapshots", "sistema_os")


class RunLog(logging.Handler):
    """While it is entered, the lines of our own loggers go to the run as well, in the language of the screens where the
    catalogue has them. Third parties' lines stay out: what they quote is not ours to promise."""

    def __init__(self, run: JobRun) -> None:
        super().__init__(logging.INFO)
        self._run_id = run.pk
        self._lines: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._taken: list[LogLine] = []
        self._said_loss = False
        self._stored = 0

    def __enter__(self) -> "RunLog":
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.split(".")[0] not in _OURS:
            return
        try:
            text = gettext(record.msg) % record.args if record.args else gettext(str(record.msg))
        except (TypeError, ValueError, KeyError):
            text = str(record.msg)
        self._keep(datetime.fromtimestamp(record.created, UTC), record.levelno, text)

    def _keep(self, at: datetime, level: int, text: str) -> None:
        clean = redact(text)[:_LONGEST].replace("\x00", "")
        self._lines.append(LogLine(run_id=self._run_id, at=at, level=level, text=clean))

    def store(self) -> None:
        """Called by one thread only. What the database did not take is offered again, the newest KEPT_LINES of it."""
        self._say_loss()
        fresh = [self._lines.popleft() for _ in range(len(self._lines))]
        self._taken = [*self._taken, *fresh][-KEPT_LINES:]
        if not self._taken:
            return
        LogLine.objects.bulk_create(self._taken)
        self._stored += len(self._taken)
        self._taken = []
        if self._stored > 2 * KEPT_LINES:
            self._forget_the_oldest()

    def _say_loss(self) -> None:
        """Once: what the process itself could not write (a full disk) stands here, and only here."""
        if OutputHandler.failure and not self._said_loss:
            self._said_loss = True
            sentence = gettext("The log of the process cannot be written (%(why)s); from here on it stands only here.")
            self._keep(datetime.now(UTC), logging.WARNING, sentence % {"why": OutputHandler.failure})

    def _forget_the_oldest(self) -> None:
        lines = LogLine.objects.filter(run_id=self._run_id)
        oldest_kept = lines.order_by("-id").values_list("id", flat=True)[KEPT_LINES - 1 : KEPT_LINES].first()
        if oldest_kept is not None:
            lines.filter(id__lt=oldest_kept).delete()
        self._stored = KEPT_LINES
