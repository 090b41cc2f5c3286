"""The tail of a run's log in the database, so that the admin can show it.

Any thread and the loop itself may log: a line is redacted and kept in memory; the heartbeat's thread, which has a
connection of its own, stores the lines.
"""

import logging
from collections import deque
from datetime import UTC, datetime
from types import TracebackType

from django.utils.translation import gettext

from pipeline.models import JobRun, LogLine
from pipeline.runs.storable import storable_text
from sistema_os.logs import MAX_TEXT, OutputHandler, redact

KEPT_LINES = 500
_LONGEST = 2000
_OURS = ("pipeline", "matching", "snapshots", "sistema_os")


class RunLog(logging.Handler):
    """While it is entered, the lines of our own loggers are stored with the run as well, translated where the catalogue
    has them. Lines of libraries are left out: they may contain guest data."""

    def __init__(self, run: JobRun) -> None:
        super().__init__(logging.INFO)
        self._run_id = run.pk
        self._lines: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._unstored: list[LogLine] = []
        self._reported_output = False
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
        except Exception:  # an argument's __str__ is the job's code and fails in any way
            text = storable_text(record.msg)
        self._keep(datetime.fromtimestamp(record.created, UTC), record.levelno, text)

    def _keep(self, at: datetime, level: int, text: str) -> None:
        clean = storable_text(redact(storable_text(text, MAX_TEXT)), _LONGEST)
        self._lines.append(LogLine(run_id=self._run_id, at=at, level=level, text=clean))

    def store(self) -> None:
        """Called by one thread only. If the database fails, the newest KEPT_LINES lines are stored by the next call."""
        self._report_unwritable_output()
        fresh = [self._lines.popleft() for _ in range(len(self._lines))]
        self._unstored = [*self._unstored, *fresh][-KEPT_LINES:]
        if not self._unstored:
            return
        LogLine.objects.bulk_create(self._unstored)
        self._stored += len(self._unstored)
        self._unstored = []
        if self._stored > 2 * KEPT_LINES:
            self._delete_oldest()

    def _report_unwritable_output(self) -> None:
        """Once: lines that the process could not write (a full disk) are stored here only."""
        if OutputHandler.failure and not self._reported_output:
            self._reported_output = True
            sentence = gettext("The log of the process cannot be written (%(why)s); from here on it stands only here.")
            self._keep(datetime.now(UTC), logging.WARNING, sentence % {"why": OutputHandler.failure})

    def _delete_oldest(self) -> None:
        lines = LogLine.objects.filter(run_id=self._run_id)
        oldest_kept = lines.order_by("-id").values_list("id", flat=True)[KEPT_LINES - 1 : KEPT_LINES].first()
        if oldest_kept is not None:
            lines.filter(id__lt=oldest_kept).delete()
        self._stored = KEPT_LINES
