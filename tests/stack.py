"""The suite's own PostgreSQL and PostgREST (pytest plugin, loaded with `-p tests.stack`).

Both start in a temporary directory before Django's settings are read, and the environment is theirs alone: nothing of
the developer's `.env`, `.local` or shell reaches a test.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import command_line
from sistema_os.local.stack import PROJECT, Stack

_PREFIX = "sistema-os-tests-"
running: Stack | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    global running
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    running = Stack(folder / "stack", throw_away=True)
    early_config.add_cleanup(lambda: _tear_down(running, folder))
    try:
        values = running.start()
    except LocalStackError as error:
        raise pytest.UsageError(str(error)) from error
    for name in settings_names():
        os.environ.pop(name, None)
    os.environ.update(values, SISTEMA_OS_ENV_FILE=os.devnull)
    return (yield)


def settings_names() -> list[str]:
    """Every name that `.env.example` explains, commented out or not."""
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return [name for line in lines if (name := line.lstrip("#").partition("=")[0]).isupper() and " " not in name]


def _tear_down(stack: Stack | None, folder: Path) -> None:
    if stack is not None:
        stack.reset()
    shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers() -> None:
    """Directories of runs that were killed; their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not command_line(int(pid)):
            with suppress(FileNotFoundError):  # another run, just started, clears up as well
                if folder.stat().st_uid == os.geteuid():
                    shutil.rmtree(folder, ignore_errors=True)
