"""What every benchmark stands on: a line at a time to the terminal, and servers of its own."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sistema_os.local.stack import Stack


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say_pace() -> None:
    """How fast the machine is just now. Times of one run are compared with another's by this line: on shared hosts the
    same program takes half as long again from one hour to the next."""
    started = time.process_time()
    sum(number * number % 7 for number in range(5_000_000))
    say(f"the machine: a fixed piece of Python takes {(time.process_time() - started) * 1000:.0f} ms")


@contextmanager
def private_stack() -> Iterator[Stack]:
    """PostgreSQL and PostgREST in a folder of their own, with Django set up on them and its tables; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sistema-os-bench-"))
    folder.chmod(0o711)
    stack = Stack(folder / "stack", throw_away=True)
    try:
        os.environ.update(stack.start(), SISTEMA_OS_ENV_FILE=os.devnull, LOG_LEVEL="ERROR")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield stack
    finally:
        stack.reset()
        shutil.rmtree(folder, ignore_errors=True)
