"""The demo's own processes. They die with it; where the system cannot promise that, the next demo ends them."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from django.utils.translation import gettext as _

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import before_exec, end_group, exit_code, gone, read_pid, spawn, wait_for
from sistema_os.local.stack import PROJECT

# Exit codes of the job commands: the run ended partial; the run was refused, mostly because another one is under way.
_PARTIAL, _REFUSED = 3, 2
_MANAGE = (sys.executable, str(PROJECT / "manage.py"))
_STOP_SECONDS = 8.0
_KILL = ((signal.SIGKILL, 5.0),)


class Refused(LocalStackError):
    """The command did not begin; it may do so later."""


class Children:
    """Commands that end by themselves, and servers that end when they are told. Each has a process group of its own:
    the terminal's Ctrl-C reaches the demo alone, which ends them in order."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = env
        self._servers: dict[str, int] = {}
        self._commands: dict[str, Sequence[str]] = {}
        self._codes: dict[str, int] = {}

    def manage(self, *args: str, quiet: bool = True) -> str:
        """Run a management command to its end; what a quiet one prints is returned.

        A command that fails says why on its last line, and that is the sentence of the error.
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
            out, said = process.communicate()
        except BaseException:
            end_group(process.pid, (signal.SIGINT, 10.0), *_KILL)
            process.communicate()
            raise
        finally:
            self._pid_file("command").unlink(missing_ok=True)
        if process.returncode not in (0, _PARTIAL):
            kind = Refused if process.returncode == _REFUSED else LocalStackError
            raise kind(_sentence(said) or f"`manage.py {args[0]}` failed.")
        return out or ""

    def serve(self, name: str, command: Sequence[str]) -> None:
        """Start a server; its output is in `.local/NAME.log`."""
        self.log(name).unlink(missing_ok=True)
        self._commands[name] = command
        self._spawn(name)

    def serve_again(self, name: str) -> None:
        """What is left of the server and of all that it started in its group is killed; the log goes on."""
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
        """The servers that are no longer there, by name, with their exit codes (of a signal, its number below zero)."""
        for name in self._servers.keys() - self._codes.keys():
            code = exit_code(self._servers[name])
            if code is not None:
                self._codes[name] = code
        return dict(self._codes)

    def stop(self) -> None:
        """All at once, then each gets its time. The signal goes to each server's first process, which ends its workers
        in order; what is left of a group afterwards is killed."""
        for pid in self._servers.values():
            _tell(pid, signal.SIGTERM)
        for name, pid in self._servers.items():
            wait_for(partial(gone, pid), _STOP_SECONDS)
            end_group(pid, *_KILL)
            self._pid_file(name).unlink(missing_ok=True)
        self._servers.clear()
        self.end_leftovers()

    def end_leftovers(self) -> None:
        """Servers of a demo that was killed with -9 and did not die with it, or of a start that was broken off."""
        for file in self._folder.glob("*.server.pid"):
            if pid := read_pid(file, running=sys.executable):
                end_group(pid, (signal.SIGTERM, _STOP_SECONDS), *_KILL)
            file.unlink(missing_ok=True)

    def _pid_file(self, name: str) -> Path:
        return self._folder / f"{name}.server.pid"


def _tell(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _sentence(said: str) -> str:
    """The last thing a command said, without the name of the error's class before it."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("{")]
    return lines[-1].removeprefix("CommandError: ") if lines else ""


QUEUE, WATCH = "queue", "watch"
# The exit code with which the watch says that the queue is frozen (see pipeline.management.commands.jobwatch).
FROZEN = 4
_MOST_STARTS, _WITHIN_SECONDS = 5, 60.0


class Keeper:
    """Looks after the servers; whatever is not the queue or its watch takes the demo with it when it ends."""

    def __init__(self, children: Children, say: Callable[[str], None], *, watch_every: float = 10.0) -> None:
        self._children = children
        self._say = say
        self._watch = ("jobwatch", "--exit-when-frozen", f"--every={watch_every}")
        self._starts: deque[float] = deque(maxlen=_MOST_STARTS)

    def serve(self) -> None:
        self._children.serve_manage(QUEUE, "qcluster")
        self._children.serve_manage(WATCH, *self._watch)

    def look(self) -> None:
        """Starts again what ended and may be started again. Raises LocalStackError, which names the server, for any
        other, and where starting again does not help."""
        ended = self._children.ended()
        for name in ended.keys() - {QUEUE, WATCH}:
            raise LocalStackError(
                _("“%(name)s” has ended by itself; %(log)s says why.") % {"name": name, "log": self._children.log(name)}
            )
        if QUEUE in ended:
            self._start_again(QUEUE, _("The queue had ended; it was started again."))
        elif ended.get(WATCH) == FROZEN:
            self._start_again(QUEUE, _("The queue was frozen; it was started again."))
        if ended:
            self._children.serve_again(WATCH)  # it begins with putting back what the cluster before had fetched

    def _start_again(self, name: str, sentence: str) -> None:
        now = time.monotonic()
        if len(self._starts) == _MOST_STARTS and now - self._starts[0] < _WITHIN_SECONDS:
            raise LocalStackError(
                _("“%(name)s” ends again and again; %(log)s says why.")
                % {"name": name, "log": self._children.log(name)}
            )
        self._starts.append(now)
        self._children.serve_again(name)
        self._say(sentence)
