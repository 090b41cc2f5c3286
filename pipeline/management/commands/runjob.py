"""Started by the supervisor: executes one queued run in a process of its own."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from pipeline import runs
from pipeline.worker.execution import EXIT_CODES, Process, execute
from pipeline.worker.processes import die_with_parent


class Command(BaseCommand):
    help = "Execute a queued run to its end (called by the supervisor)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run_id", type=int)
        parser.add_argument("--supervisor", type=int, help="Id of the parent process, with which the run must end.")
        parser.add_argument("--traces", type=Path, help="Folder for the claim and for the stack of a blocked loop.")

    def handle(self, *args: Any, **options: Any) -> None:
        supervisor = options["supervisor"]
        if supervisor is not None:
            die_with_parent(supervisor)
        process = Process(owned=True, supervisor=supervisor, traces=options["traces"])
        try:
            run = execute(options["run_id"], process=process)
        except runs.NotClaimed:
            self.stdout.write(f"Run {options['run_id']} is not queued; nothing was done.")
            return
        sys.exit(EXIT_CODES[run.state])
