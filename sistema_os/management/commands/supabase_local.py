from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sistema_os.local.errors import LocalStackError
from sistema_os.local.stack import Stack


class Command(BaseCommand):
    help = "The local Supabase (PostgreSQL and PostgREST in .local): start, stop, status, reset."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "reset"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['action']}")(Stack())
        except LocalStackError as error:
            raise CommandError(str(error)) from error

    def _start(self, stack: Stack) -> None:
        values = stack.start()
        self.stdout.write(f"Running at {values['SUPABASE_URL']}; its settings are in .local/stack.env.")

    def _stop(self, stack: Stack) -> None:
        stack.stop()
        self.stdout.write("Stopped; the data is kept.")

    def _reset(self, stack: Stack) -> None:
        stack.reset()
        self.stdout.write("Stopped, and all data deleted.")

    def _status(self, stack: Stack) -> None:
        """Exit code 1 unless both servers answer."""
        status = stack.status()
        for name, runs in (("PostgreSQL", status.postgres), ("PostgREST", status.postgrest)):
            self.stdout.write(f"{name}: {'running' if runs else 'not running'}")
        if not status.running:
            raise SystemExit(1)
        self.stdout.write(status.address)
