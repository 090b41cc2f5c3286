"""The async law at run time: a call that blocks a running loop is an error where it happens.

What source text does not show (a table of functions, a callable of a library, a descriptor) shows here, as soon as the
line is run. The test suite runs under this guard; a run does with ASYNC_GUARD=on, which is meant for a test
installation: the calls that are watched become a little slower in the whole process.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blockbuster import BlockBuster

PACKAGES = ("sistema_os", "pipeline", "matching", "snapshots")


@contextmanager
def guarded(
    packages: tuple[str | ModuleType, ...] = PACKAGES, *, active: bool = True
) -> Iterator["BlockBuster | None"]:
    """Raises blockbuster.BlockingError for a call that blocks while a loop runs in its thread, if code of `packages`
    is among those that led to it. Holds for the whole process.
    """
    if not active:
        yield None
        return
    from blockbuster import BlockBuster, BlockBusterFunction  # only where it is wanted: it patches the interpreter

    watched = BlockBuster(list(packages))
    for name in ("socket.getaddrinfo", "os.waitpid", "select.select"):
        watched.functions[name] = BlockBusterFunction(None, name, scanned_modules=list(packages))
    # Modules are searched for and read on their first import, which a coroutine may well be the first to ask for.
    for function in watched.functions.values():
        function.can_block_in("<frozen importlib._bootstrap>", {"_find_and_load"})
        function.can_block_in("<frozen importlib._bootstrap_external>", {"get_data", "path_stats"})
    watched.functions["os.waitpid"].can_block_in(f"asyncio{os.sep}unix_events.py", {"_do_waitpid", "_process_exited"})
    watched.activate()
    _forget_methods(watched)
    try:
        yield watched
    finally:
        watched.deactivate()
        _forget_methods(watched)


def _forget_methods(watched: "BlockBuster") -> None:
    """Makes the interpreter look up the methods of built-in types again, which it has cached where they were called."""
    for function in watched.functions.values():
        if isinstance(function.module, type):
            ctypes.pythonapi.PyType_Modified(ctypes.py_object(function.module))
