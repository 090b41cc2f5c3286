"""The suite's own PostgreSQL and PostgREST (pytest plugin, loaded with `-p tests.stack`).

Both start in a temporary directory before Django's settings are read, and the environment is theirs alone: nothing of
the developer's `.env`, `.local` or shell reaches a test.

Under pytest-xdist each worker process loads this plugin and starts servers of its own, so a worker shares nothing with
the others; the controller, which runs no test, starts none.
"""

import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import command_line
from sistema_os.local.stack import PROJECT, Stack

_PREFIX = "sistema-os-tests-"
_PR_SET_PDEATHSIG = 1
# Set by pytest-xdist in its workers: the worker's name, which ends the name of its test database.
WORKER = "PYTEST_XDIST_WORKER"
running: Stack | None = None
_folder: Path | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    if _is_controller(early_config):
        return (yield)
    global running, _folder
    _die_with_the_controller()
    _remove_leftovers()
    _folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    _folder.chmod(0o711)
    running = Stack(_folder / "stack", throw_away=True)
    early_config.add_cleanup(_tear_down)
    try:
        values = running.start()
    except LocalStackError as error:
        raise pytest.UsageError(str(error)) from error
    for name in settings_names():
        os.environ.pop(name, None)
    os.environ.update(values, SISTEMA_OS_ENV_FILE=os.devnull)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Before a worker reports that it has finished: from then on the controller waits only seconds for it to exit."""
    _tear_down()


def _is_controller(config: pytest.Config) -> bool:
    distributed = getattr(config.known_args_namespace, "numprocesses", None)
    return bool(distributed) and WORKER not in os.environ


def _die_with_the_controller() -> None:
    """A worker whose controller was killed ends at once (Linux), and its servers with it."""
    if WORKER in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def settings_names() -> list[str]:
    """Every name that `.env.example` explains, commented out or not."""
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return [name for line in lines if (name := line.lstrip("#").partition("=")[0]).isupper() and " " not in name]


def _tear_down() -> None:
    global running, _folder
    if running is not None:
        running.reset()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
    running = _folder = None


def _remove_leftovers() -> None:
    """Directories of runs that were killed; their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not command_line(int(pid)):
            with suppress(FileNotFoundError):  # another run, just started, clears up as well
                if folder.stat().st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
