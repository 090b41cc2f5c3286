"""Starting and ending the stack's processes, so that no kill -9 at any moment leaves one that nobody knows of."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def spawn(
    args: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    account: Account | None = None,
    pid_file: Path | None = None,
    on_parent_death: signal.Signals | None = None,
    cwd: Path = Path("/"),
) -> int:
    """Start a process in a session of its own, out of reach of the terminal's Ctrl-C; returns its pid.

    The pid file is written by the child before it becomes the program: a parent killed in between still leaves it.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(args),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_exec(pid_file, on_parent_death),
            **run_as(account),
        )
    process.returncode = 0  # It may outlive us; `gone` reaps it, and the object must not complain that it lives.
    return process.pid


def run_as(account: Account | None) -> dict[str, Any]:
    """What subprocess needs to become that account; nothing where there is none to become."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def before_exec(pid_file: Path | None, on_parent_death: signal.Signals | None) -> Callable[[], None]:
    """What a child does before it becomes the program: leave its pid, ask to be told when its parent dies (Linux)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if libc is not None and on_parent_death is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(on_parent_death))
        if pid_file is not None:
            pid_file.write_text(str(os.getpid()))

    return prepare


def command_line(pid: int) -> str:
    """The command line of a living process, or an empty string."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()


def read_pid(file: Path, *, running: str) -> int | None:
    """The pid on a pid file's first line, if that process lives and its command line still names `running`."""
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if pid > 1 and running in command_line(pid) else None


def gone(pid: int) -> bool:
    """True when the process no longer runs; reaps it when it was a child of ours."""
    return exit_code(pid) is not None


def exit_code(pid: int) -> int | None:
    """None while the process runs. Its exit code when it was a child of ours, once, for this reaps it; of a signal,
    the signal's number below zero. 0 of a process that nobody can ask any more."""
    try:
        reaped, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None if command_line(pid) else 0
    return os.waitstatus_to_exitcode(status) if reaped == pid else None


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until the condition holds; False when the seconds are over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def end(pid: int, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn and give it its seconds; True when the process is gone."""
    for number, seconds in steps:
        if gone(pid):
            return True
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        if wait_for(lambda: gone(pid), seconds):
            return True
    return False


def end_group(pid: int, *steps: tuple[signal.Signals, float]) -> bool:
    """The same for a process and everything that it started in its group; True when nobody of them is left."""
    for number, seconds in steps:
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return True
        if wait_for(lambda: _group_gone(pid), seconds):
            return True
    return False


def _group_gone(pid: int) -> bool:
    gone(pid)
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return True
    return False


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds at this moment; whoever takes it must still be ready to lose the race."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_use(port: int) -> bool:
    """Whether somebody listens there, asked in the way that a server would take it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
