"""The whole product on servers of its own, which a drill may stop and start again."""

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from datetime import date
from typing import Any

import psycopg

from sistema_os.local import state
from sistema_os.local.account import find_place
from sistema_os.local.bootstrap import APP_DATABASE, HOTEL_DATABASE
from sistema_os.local.hotel import Hotel, load
from sistema_os.local.postgres import Postgres
from sistema_os.local.processes import gone, wait_for
from sistema_os.local.stack import PROJECT, Stack
from tests.drills.morning import ENVIRONMENT
from tests.drills.tables import Saved, content

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
_KEPT = ("django_migrations", "django_content_type", "auth_permission")


class House:
    def __init__(self, servers: Stack, manage: Sequence[str]) -> None:
        self._servers, self._manage = servers, list(manage)
        self._started: list[subprocess.Popen[str]] = []
        self._environment: dict[str, str] = {}
        self._saved: list[Saved] = []
        self.wanted: dict[str, list[str]] = {}
        self.hotel = Hotel(31, rooms=120, start=date(2026, 3, 2))

    @property
    def date(self) -> date:
        return self.hotel.date

    def prepare(self) -> None:
        """The first morning is done, the second is due; `wanted` are the tables that it ends in undisturbed."""
        values = self._servers.start()
        about_tests = {"DJANGO_SETTINGS_MODULE": "sistema_os.settings", "HEARTBEAT_SECONDS": "0.5"}
        self._environment = {**os.environ, **values, **about_tests, **ENVIRONMENT}
        assert self.run("migrate", "-v", "0") == 0
        self._keep_what_was_committed()
        self._empty()
        for _day in range(2):
            self.hotel.advance()
        self._load()
        assert self.run("pipeline_diario", "--date", str(self.date)) == 0
        self.hotel.advance()
        self._load()
        self._saved = [Saved(self.connect(name)) for name in (APP_DATABASE, HOTEL_DATABASE)]
        assert self.run("pipeline_diario", "--date", str(self.date)) == 0
        self.wanted = self.both()

    def _keep_what_was_committed(self) -> None:
        """Servers for tests sync nothing; a server that is killed must still keep what it has said to be committed."""
        with self.connect(APP_DATABASE) as database:
            for name in (APP_DATABASE, HOTEL_DATABASE):
                database.execute(f"alter database {name} set synchronous_commit = on".encode())

    def _empty(self) -> None:
        for name in (APP_DATABASE, HOTEL_DATABASE):
            with self.connect(name) as database:
                rows = database.execute("select tablename from pg_tables where schemaname = 'public'")
                names = ", ".join(row[0] for row in rows if row[0] not in _KEPT)
                database.execute(f"truncate {names} restart identity cascade".encode())

    def _load(self) -> None:
        with self.connect(HOTEL_DATABASE) as database:
            load(database, self.hotel)

    def again(self) -> None:
        """As it was before the second morning."""
        for saved in self._saved:
            saved.put_back()

    def connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._servers.url(name), autocommit=True)

    def both(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in (APP_DATABASE, HOTEL_DATABASE):
            with self.connect(name) as database:
                found |= content(database, name)
        return found

    def ask(self, query: str, *values: Any) -> Any:
        """The first column of the first row, of our own database."""
        with self.connect(APP_DATABASE) as database:
            row = database.execute(query.encode(), values).fetchone()
            return row[0] if row else None

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*self._manage, *arguments],
            env={**self._environment, **environment},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str) -> int:
        process = self.start(*arguments)
        process.communicate(timeout=90)
        return process.returncode

    def queue(self) -> int:
        """Starts today's pipeline as its button does; returns the run's number."""
        call = (
            "import json; from datetime import date; from pipeline import queue;"
            f"run = queue.start('pipeline_diario', business_date=date.fromisoformat('{self.date}'), trigger='admin');"
            "print(json.dumps(run.pk))"
        )
        out, _ = self.start("shell", "-v", "0", "-c", call).communicate(timeout=60)
        return int(json.loads(out.splitlines()[-1]))

    def restart_postgres(self, how: signal.Signals) -> None:
        """Returns once it answers again."""
        current = state.load(self._servers.local)
        assert current is not None
        place = find_place(self._servers.local)
        server = Postgres(place, current.secrets.superuser, throw_away=True)
        pid = int((place.cluster / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        for saved in self._saved:
            saved.close()
        os.kill(pid, how)
        assert wait_for(lambda: gone(pid), 30)
        assert server.start(current.postgres_port) == current.postgres_port
        self._saved = [saved.on(self.connect(saved.name)) for saved in self._saved]

    def restart_postgrest(self) -> None:
        current = state.load(self._servers.local)
        assert current is not None
        rest = self._servers._rest(current)
        rest.stop()
        assert rest.start(current.ports) == current.ports

    def quiet(self) -> None:
        """Nothing that a drill started is left."""
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self._started.clear()

    def close(self) -> None:
        self.quiet()
        for saved in self._saved:
            saved.close()
