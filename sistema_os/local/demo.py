"""`make demo`: starts the local stack, loads the sample hotel, runs the jobs and serves the admin."""

import fcntl
import http.client
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn

from django.utils.translation import gettext as _

from sistema_os.local.children import Children, Keeper, Refused
from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import in_use, wait_for
from sistema_os.local.sample import Sample
from sistema_os.local.services import Services, open_services
from sistema_os.local.stack import PROJECT, Stack

_READY_SECONDS = 60.0
_WEB_WORKERS = 2
_LOST_SECONDS = 180.0
_RETRY_SECONDS = 10.0
_WHOLE_HOUSE = ("--scope", "casa", "--no-pipeline")
_FIRST_CARD = "matching/matchsuggestion/review/"
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Report = Callable[[str], None]


class Interrupted(BaseException):
    """A signal asked the demo to end."""


class Demo:
    def __init__(self, port: int, report: Report, files: Sequence[Path] = (), answers: Sequence[str] = ()) -> None:
        """With `files`, these are imported into an empty hotel of its own instead of the sample hotel."""
        self._port = port
        self._report = report
        self._answers = [word for answer in answers for word in ("--answer", answer)]
        self._files = [file.resolve() for file in files]
        self._stack = Stack(PROJECT / ".local" / "try") if files else Stack()
        self._folder = self._stack.local

    def run(self, *, reset: bool) -> None:
        """Runs until Interrupted or LocalStackError; then stops everything that it started."""
        started = time.monotonic()
        with ExitStack() as closing:
            closing.enter_context(self._only_one())
            closing.enter_context(_interruptible())
            Children(self._folder, {}).end_leftovers()
            self._check_port()
            if reset or self._files:
                self._reset()
            closing.callback(self._stack.stop)
            services = self._open()
            children = Children(self._folder, services.env)
            closing.callback(children.stop)
            closing.callback(_ignore_signals)
            logins = self._prepare(children, services)
            self._work(children, services)
            keeper = Keeper(children, self._report)
            self._serve(children, keeper)
            self._report(self._welcome(logins, time.monotonic() - started))
            self._watch(keeper)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "demo.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalStackError(_("A demo already runs from this folder; end it with Ctrl-C first.")) from error
            yield

    def _check_port(self) -> None:
        if in_use(self._port):
            raise LocalStackError(
                _("Port %(port)d is in use; choose another one with PORT=, as in `make demo PORT=8001`.")
                % {"port": self._port}
            )

    def _reset(self) -> None:
        self._report(_("Forgetting what earlier demos left"))
        self._stack.reset()
        Sample(self._folder, self._stack).forget()

    def _open(self) -> Services:
        self._report(_("Starting the local Supabase"))
        services = open_services(self._stack)
        if services.own_database:
            self._report(_("DATABASE_URL is yours: no database of the demo's own."))
        if services.own_supabase:
            self._report(_("SUPABASE_URL is yours: no local Supabase, and the sample hotel is not loaded into yours."))
        return services

    def _prepare(self, children: Children, services: Services) -> list[str]:
        """Migrates, creates groups and schedules; returns the logins of the demo users, if any were created."""
        self._report(_("Preparing the database, the groups and the schedules"))
        children.manage("migrate", "--verbosity=0")
        people = ["--demo-users"] if services.allows_demo_users else []
        output = children.manage("setup_roles", *people).splitlines()
        children.manage("setup_schedules")
        return [line for line in output if " / " in line]

    def _work(self, children: Children, services: Services) -> None:
        """Runs the jobs by their commands for each morning; not on an external Supabase. Imports the files, if any."""
        if self._files:
            children.manage("import_file", *map(str, self._files), *self._answers, quiet=False)
            return
        if services.own_supabase:
            return
        sample = Sample(self._folder, self._stack)
        if sample.outdated:
            self._report(_("This version has another sample hotel; `make demo-reset` starts with it."))
        last = None
        for morning in sample.mornings():
            self._report("")
            last = morning.day
            # A killed demo may have imported these files before: that they say nothing new is no reason to hold them.
            reason = ("--force", "make demo")
            self._run(children, "import_file", *map(str, morning.files), last, *_WHOLE_HOUSE, *reason)
            morning.complete()
            self._run(children, "pipeline_diario", last)
        if last is not None:
            for job in ("hospedes_casa", "rm_daily_collection"):
                self._run(children, job, last)

    def _run(self, children: Children, *command: str | date) -> None:
        """Retries while the run of a killed demo is active: without heartbeats it is declared lost after a while."""
        words = [f"--date={word.isoformat()}" if isinstance(word, date) else word for word in command]
        give_up = time.monotonic() + _LOST_SECONDS
        while True:
            try:
                children.manage(*words, quiet=False)
                return
            except Refused as refused:
                if time.monotonic() > give_up:
                    raise
                self._report(str(refused))
                time.sleep(_RETRY_SECONDS)
                children.manage("cleanup_stale_runs")

    def _serve(self, children: Children, keeper: Keeper) -> None:
        web = ["-m", "gunicorn", "sistema_os.wsgi", f"--bind=127.0.0.1:{self._port}", f"--workers={_WEB_WORKERS}"]
        children.serve("web", [sys.executable, *web])
        keeper.serve()
        if not wait_for(lambda: bool(children.ended()) or self._ready(), _READY_SECONDS) or children.ended():
            name = next(iter(children.ended()), "web")
            raise LocalStackError(
                _("“%(name)s” did not start; %(log)s says why.") % {"name": name, "log": children.log(name)}
            )

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _welcome(self, logins: list[str], seconds: float) -> str:
        lines = ["", _("Ready after %(seconds)d s: %(address)s") % {"seconds": seconds, "address": self._address()}]
        lines += [f"  {login}" for login in logins]
        if self._files:
            lines.append(_("The first card: %(address)s") % {"address": f"{self._address()}{_FIRST_CARD}"})
        if not logins:
            lines.append(_("Your database may be shared, so it gets no demo users: `manage.py createsuperuser`."))
        return "\n".join([*lines, _("Ctrl-C ends it; the next `make demo` goes on from here.")])

    def _address(self) -> str:
        return f"http://127.0.0.1:{self._port}/admin/"

    def _watch(self, keeper: Keeper) -> None:
        """Until a signal arrives or the keeper gives up."""
        with _woken_by_children() as wake:
            while True:
                keeper.check()
                wake()


@contextmanager
def _woken_by_children() -> Iterator[Callable[[], None]]:
    """Yields a function that sleeps until a child ends. A pipe and not a lock, since signal handlers may be nested."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    handler = signal.signal(signal.SIGCHLD, lambda *_: None)
    descriptor = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def sleep() -> None:
        os.read(reading, 4096)

    try:
        yield sleep
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGCHLD, handler)
        os.close(reading)
        os.close(writing)


def _ignore_signals() -> None:
    """No signal interrupts the cleanup."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _interruptible() -> Iterator[None]:
    """The first SIGINT, SIGTERM or SIGHUP raises Interrupted."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        _ignore_signals()
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
