"""The child processes of the demo. They die with it; where the system has no such signal, the next demo ends them."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.utils.translation import gettext as _

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import before_exec, end_group, exit_code, gone, read_pid, spawn, wait_for
from sistema_os.local.stack import PROJECT

# Exit codes of job commands: the run was partial; the run was refused, mostly because another one is active.
_PARTIAL, _REFUSED = 3, 2
_MANAGE = (sys.executable, str(PROJECT / "manage.py"))
_STOP_SECONDS = 8.0
_KILL = ((signal.SIGKILL, 5.0),)


class Refused(LocalStackError):
    """The command was refused; it may be repeated later."""


class Children:
    """Runs commands and servers. Each has a process group of its own: the terminal's Ctrl-C reaches only the demo,
    which ends them in order."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = env
        self._servers: dict[str, int] = {}
        self._commands: dict[str, Sequence[str]] = {}
        self._codes: dict[str, int] = {}

    def manage(self, *args: str, quiet: bool = True) -> str:
        """Runs a management command; returns its output if `quiet`.

        Raises Refused or LocalStackError with the last line of standard error.
        """
        process = subprocess.Popen(
            [*_MANAGE, *args],
            cwd=PROJECT,
            env=dict(self._env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before_exec(self._pid_file("command"), signal.SIGTERM),
        )
        try:
            out, errors = process.communicate()
        except BaseException:
            end_group(process.pid, (signal.SIGINT, 10.0), *_KILL)
            process.communicate()
            raise
        finally:
            self._pid_file("command").unlink(missing_ok=True)
        if process.returncode not in (0, _PARTIAL):
            kind = Refused if process.returncode == _REFUSED else LocalStackError
            raise kind(_last_line(errors) or f"`manage.py {args[0]}` failed.")
        return out or ""

    def serve(self, name: str, command: Sequence[str]) -> None:
        """Starts a server; its output is in `.local/NAME.log`."""
        self.log(name).unlink(missing_ok=True)
        self._commands[name] = command
        self._spawn(name)

    def restart(self, name: str) -> None:
        """Kills the rest of the server's process group and starts it again, with the same log."""
        end_group(self._servers[name], *_KILL)
        self._spawn(name)

    def _spawn(self, name: str) -> None:
        self._codes.pop(name, None)
        self._servers[name] = spawn(
            self._commands[name],
            log=self.log(name),
            env=self._env,
            pid_file=self._pid_file(name),
            on_parent_death=signal.SIGTERM,
            cwd=PROJECT,
        )

    def serve_manage(self, name: str, *args: str) -> None:
        self.serve(name, [*_MANAGE, *args])

    def log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def ended(self) -> dict[str, int]:
        """The servers that have ended, with their exit codes (of a signal, its negative number)."""
        for name in self._servers.keys() - self._codes.keys():
            code = exit_code(self._servers[name])
            if code is not None:
                self._codes[name] = code
        return dict(self._codes)

    def stop(self) -> None:
        """Sends SIGTERM to the first process of every server, which ends its workers in order; waits; then kills the
        rest of the process groups."""
        for pid in self._servers.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for name, pid in self._servers.items():
            wait_for(partial(gone, pid), _STOP_SECONDS)
            end_group(pid, *_KILL)
            self._pid_file(name).unlink(missing_ok=True)
        self._servers.clear()
        self.end_leftovers()

    def end_leftovers(self) -> None:
        """Ends servers that survived a killed demo or an interrupted start."""
        for file in self._folder.glob("*.server.pid"):
            if pid := read_pid(file, running=sys.executable):
                end_group(pid, (signal.SIGTERM, _STOP_SECONDS), *_KILL)
            file.unlink(missing_ok=True)

    def _pid_file(self, name: str) -> Path:
        return self._folder / f"{name}.server.pid"


def _last_line(errors: str) -> str:
    """The last line on standard error that is no log line, without the error's class."""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("{")]
    return lines[-1].removeprefix("CommandError: ") if lines else ""


QUEUE, WATCH = "queue", "watch"
# Exit code of the watch for a frozen queue (see pipeline.management.commands.jobwatch).
FROZEN = 4
_MOST_STARTS, _WITHIN_SECONDS = 5, 60.0


class Keeper:
    """Restarts the queue and its watch, as a service manager would; any other server that ends, ends the demo."""

    def __init__(self, children: Children, report: Callable[[str], None], *, watch_every: float = 10.0) -> None:
        self._children = children
        self._report = report
        self._watch = ("jobwatch", "--exit-when-frozen", f"--every={watch_every}")
        self._starts: deque[float] = deque(maxlen=_MOST_STARTS)

    def serve(self) -> None:
        self._children.serve_manage(QUEUE, "qcluster")
        self._children.serve_manage(WATCH, *self._watch)

    def check(self) -> None:
        """Restarts servers that have ended. Raises LocalStackError for servers that are not restarted, and if the queue
        ends again and again."""
        ended = self._children.ended()
        for name in ended.keys() - {QUEUE, WATCH}:
            raise LocalStackError(
                _("“%(name)s” has ended by itself; %(log)s says why.") % {"name": name, "log": self._children.log(name)}
            )
        if QUEUE in ended:
            self._restart(QUEUE, _("The queue had ended; it was started again."))
        elif ended.get(WATCH) == FROZEN:
            self._restart(QUEUE, _("The queue was frozen; it was started again."))
        if ended:
            self._children.restart(WATCH)  # it first returns the tasks that the previous cluster had fetched

    def _restart(self, name: str, sentence: str) -> None:
        now = time.monotonic()
        if len(self._starts) == _MOST_STARTS and now - self._starts[0] < _WITHIN_SECONDS:
            raise LocalStackError(
                _("“%(name)s” ends again and again; %(log)s says why.")
                % {"name": name, "log": self._children.log(name)}
            )
        self._starts.append(now)
        self._children.restart(name)
        self._report(sentence)
