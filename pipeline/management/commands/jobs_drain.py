"""Drains before a deploy: afterwards the cluster can be stopped without losing work."""

import getpass
import os
import socket
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline import labels, resume, runs
from pipeline.models import Drain, JobRun
from pipeline.runs import drain as drains

_LOOK_SECONDS = 0.25
_LONGEST = 24 * 3600


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise ArgumentTypeError(_("“%(text)s” is no number of seconds.") % {"text": text}) from error
    if not 0 < seconds <= _LONGEST:
        raise ArgumentTypeError(_("%(text)s s: write more than 0 and at most one day.") % {"text": text})
    return seconds


class Command(BaseCommand):
    help = (
        "Before a deploy: from now on no run starts, every live run is requested to stop at its checkpoint, and the"
        " command waits until none is left. After the deploy: --lift resumes what was stopped or postponed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=_seconds, default=15.0, help="Seconds to wait (default 15).")
        parser.add_argument(
            "--for",
            type=_seconds,
            default=900.0,
            dest="lasts",
            help="Seconds after which the drain expires if it is not lifted (default 900).",
        )
        parser.add_argument("--lift", action="store_true", help="The deploy is over.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lift"]:
            self._lift()
        else:
            self._drain(drains.begin(_operator(), options["lasts"]), options["timeout"])

    def _drain(self, drain: Drain, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        for run in JobRun.objects.live():
            runs.request_cancel(run, why=labels.drain_sentence(drain), drain=drain)
        while (left := JobRun.objects.live().count()) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        for run in JobRun.objects.filter(cancel_requests__drain=drain).distinct():
            self.stdout.write(f"{run}: {run.get_state_display()}")
        if left:
            raise CommandError(_("%(count)d runs did not stop in time.") % {"count": left})
        until = f"{timezone.localtime(drain.until):%d/%m %H:%M}"
        self.stdout.write(
            _("Nothing is running, and until %(time)s nothing starts: jobs_drain --lift.") % {"time": until}
        )

    def _lift(self) -> None:
        drain = drains.in_force() or drains.expired()
        if drain is None:
            self.stdout.write(_("No drain is in force."))
            return
        resumed = resume.lift(drain, _operator())
        self.stdout.write(labels.lifted_sentence(len(resumed)))
        for run in resumed:
            self.stdout.write(f"{run.resume_of} -> {run}")


def _operator() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # the user of a container may have no name
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"
