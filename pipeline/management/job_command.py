"""The command of a job: the same execution as a queued run, in the foreground.

Exit codes: 0 succeeded, 3 partial, 1 failed, 124 timed out, 130 cancelled, 2 refused (usage, or already running).
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, NoReturn, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from pipeline import labels, runs
from pipeline.business_date import opening_date
from pipeline.checks import LIMITS
from pipeline.labels import phase_title, summary_rows
from pipeline.models import RESUMABLE, JobRun, Trigger
from pipeline.runs import registry
from pipeline.runs.control import Position
from pipeline.worker.execution import EXIT_CODES, USAGE_ERROR, Process, execute

_BAR_WIDTH = 28
_REDRAW_SECONDS = 0.1


class ProgressBar:
    """Receives each position of a run. Redraws at most ten times a second on a terminal, one line a phase elsewhere."""

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
        filled = round(share * _BAR_WIDTH)
        bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
        count = f"{position.done}/{position.total}" if position.total is not None else f"{position.done}"
        seconds = int(self._drawn - self._started)
        line = f"{self._number(position)} {phase_title(position.phase):<28} {bar} {count}  {seconds} s"
        self._stream.write("\r" + line.ljust(self._length))
        self._stream.flush()
        self._length = len(line)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("“%(text)s” is not a date; write YYYY-MM-DD.") % {"text": text}) from error


class JobCommand(BaseCommand):
    """Subclasses set `job`."""

    job = ""
    requires_system_checks: list[str] = [LIMITS]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=_day, help=_("Business date, YYYY-MM-DD (default: today at the hotel)."))
        parser.add_argument("--dry-run", action="store_true", help=_("Read and compute, write nothing."))
        parser.add_argument("--step", action="append", help=_("Only this step; may be repeated."))
        parser.add_argument(
            "--resume",
            nargs="?",
            type=int,
            const=0,
            metavar="RUN",
            help=_("Go on where this run stopped (without a number: the last one)."),
        )
        parser.add_argument(
            "--accept-date",
            action="store_true",
            help=_("Run although the clocks or the last business date say that the date is wrong."),
        )
        parser.add_argument("--json", action="store_true", help=_("Print the outcome as one JSON object, last line."))

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = self._open(options)
            with _quiet_console(sys.stdout.isatty() and options["verbosity"] < 2):
                run = self._execute(run)
        except DatabaseError as error:
            raise CommandError(
                _("Our own database cannot be used: check DATABASE_URL and run “manage.py migrate” (%(kind)s).")
                % {"kind": type(error).__name__}
            ) from None
        self._report(run, as_json=options["json"])
        if code := EXIT_CODES[run.state]:
            sys.exit(code)

    def _open(self, options: dict[str, Any]) -> JobRun:
        try:
            if options["resume"] is not None:
                return runs.resume(self._resumable(options["resume"]))
            return runs.open_run(
                self.job,
                business_date=options["date"] or opening_date(),
                trigger=Trigger.COMMAND,
                dry_run=options["dry_run"],
                steps=options["step"],
                accepts_date=options["accept_date"],
            )
        except (runs.AlreadyRunning, runs.InvalidRun, registry.UnknownJob) as refused:
            _refuse(str(refused))

    def _resumable(self, number: int) -> JobRun:
        own = JobRun.objects.of(self.job)
        run = own.filter(pk=number).first() if number else own.filter(state__in=RESUMABLE).first()
        if run is None:
            _refuse(_("There is no such run of %(job)s to resume.") % {"job": self.job})
        return run

    def _execute(self, run: JobRun) -> JobRun:
        bar = ProgressBar(sys.stdout, len(registry.get(self.job).phases))
        try:
            return execute(run.pk, on_move=bar, process=Process(owned=True))
        except runs.NotClaimed:
            run.refresh_from_db()
            return run
        except KeyboardInterrupt:
            runs.request_cancel(run)
            run.refresh_from_db()
            return run
        finally:
            bar.close()

    def _report(self, run: JobRun, *, as_json: bool) -> None:
        seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0.0
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "run": run.pk,
                        "job": run.job,
                        "business_date": run.business_date.isoformat(),
                        "state": run.state,
                        "reason": run.reason,
                        "summary": run.summary,
                        "seconds": round(seconds, 3),
                    },
                    ensure_ascii=False,
                )
            )
            return
        head = _("%(run)s for %(date)s: %(state)s in %(seconds)s s") % {
            "run": run,
            "date": labels.day_words(run.business_date),
            "state": run.get_state_display(),
            "seconds": number_format(seconds, 1),
        }
        self.stdout.write(head)
        for label, value in summary_rows(run.summary):
            self.stdout.write(f"  {label}: {value}")
        if run.reason:
            (self.stdout if EXIT_CODES[run.state] == 0 else self.stderr).write(f"  {run.reason}")


def _refuse(sentence: str) -> NoReturn:
    raise CommandError(sentence, returncode=USAGE_ERROR)


@contextmanager
def _quiet_console(wanted: bool) -> Iterator[None]:
    """Hides log lines below a warning, which would break the progress bar; they are still stored with the run."""
    handlers = [handler for handler in logging.getLogger().handlers if wanted]
    before = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for handler, level in zip(handlers, before, strict=True):
            handler.setLevel(level)
