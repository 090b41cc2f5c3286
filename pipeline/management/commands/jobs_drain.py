"""Empties the house before a deploy: afterwards the cluster can be stopped without losing work."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from pipeline import runs
from pipeline.models import JobRun

_LOOK_SECONDS = 0.25


class Command(BaseCommand):
    help = "Ask every live run to stop at its checkpoint and wait until none is left. Resume them after the deploy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=15.0, help="Seconds to wait (default 15).")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = list(JobRun.objects.live())
        for run in asked:
            runs.request_cancel(run, why=_("Stopped for a deploy; it can be resumed."))
        deadline = time.monotonic() + options["timeout"]
        while (left := JobRun.objects.live().count()) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        for run in JobRun.objects.filter(pk__in=[run.pk for run in asked]):
            self.stdout.write(f"{run}: {run.get_state_display()}")
        if left:
            raise CommandError(_("%(count)d runs did not stop in time.") % {"count": left})
        self.stdout.write(_("Nothing is running."))
