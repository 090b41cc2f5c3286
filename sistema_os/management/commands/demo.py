import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from sistema_os.local.demo import Demo, Interrupted
from sistema_os.local.errors import LocalStackError


class Command(BaseCommand):
    help = "Runs the demo on this machine: local Supabase, sample hotel with three business dates, admin."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--files", nargs="+", type=Path, default=[], help="import these instead of the sample hotel"
        )
        parser.add_argument("--answer", action="append", default=[], metavar="NAME=OPTION")
        parser.add_argument("--reset", action="store_true", help="delete the data of earlier demos first")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Demo(options["port"], self._say, options["files"], options["answer"]).run(reset=options["reset"])
        except LocalStackError as error:
            raise CommandError(str(error)) from error
        except Interrupted:
            self._say(_("Stopped."))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        sys.stdout.flush()
