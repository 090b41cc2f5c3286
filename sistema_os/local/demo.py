"""`make demo`: a hotel's morning on this machine, from nothing to a page in the browser."""

import fcntl
import http.client
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from types import FrameType
from typing import NoReturn

from django.utils.translation import gettext as _

from sistema_os.local.children import Children, Keeper, Refused
from sistema_os.local.errors import LocalStackError
from sistema_os.local.processes import in_use, wait_for
from sistema_os.local.sample import Sample
from sistema_os.local.services import Services, open_services
from sistema_os.local.stack import Stack

_READY_SECONDS = 60.0
_WEB_WORKERS = 2
_LOST_SECONDS = 180.0
_ASK_AGAIN_SECONDS = 10.0
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


class Interrupted(BaseException):
    """Somebody pressed Ctrl-C or asked the process to end; everything that runs is to be stopped."""


class Demo:
    def __init__(self, port: int, say: Say) -> None:
        self._port = port
        self._say = say
        self._stack = Stack()
        self._folder = self._stack.local

    def run(self, *, reset: bool) -> None:
        """Until somebody ends it (Interrupted) or it cannot go on (LocalStackError); everything is stopped then."""
        started = time.monotonic()
        with ExitStack() as closing:
            closing.enter_context(self._only_one())
            closing.enter_context(_interruptible())
            Children(self._folder, {}).end_leftovers()
            self._check_port()
            if reset:
                self._reset()
            closing.callback(self._stack.stop)
            services = self._open()
            children = Children(self._folder, services.env)
            closing.callback(children.stop)
            closing.callback(_deaf)
            logins = self._prepare(children, services)
            self._work(children, services)
            keeper = Keeper(children, self._say)
            self._serve(children, keeper)
            self._say(self._welcome(logins, time.monotonic() - started))
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
        self._say(_("Forgetting what earlier demos left"))
        self._stack.reset()
        Sample(self._folder, self._stack).forget()

    def _open(self) -> Services:
        self._say(_("Starting the local Supabase"))
        services = open_services(self._stack)
        if services.own_database:
            self._say(_("DATABASE_URL is yours: no database of the demo's own."))
        if services.own_supabase:
            self._say(_("SUPABASE_URL is yours: no local Supabase, and the sample hotel is not loaded into yours."))
        return services

    def _prepare(self, children: Children, services: Services) -> list[str]:
        """Returns the demo users' logins, a line each; none where the database may be shared."""
        self._say(_("Preparing the database, the groups and the schedules"))
        children.manage("migrate", "--verbosity=0")
        people = ["--demo-users"] if services.known_passwords_are_harmless else []
        said = children.manage("setup_roles", *people).splitlines()
        children.manage("setup_schedules")
        return [line for line in said if " / " in line]

    def _work(self, children: Children, services: Services) -> None:
        """The real jobs by their real commands, a morning at a time; on a Supabase of one's own nothing is started."""
        if services.own_supabase:
            return
        sample = Sample(self._folder, self._stack)
        if sample.outdated:
            self._say(_("This version has another sample hotel; `make demo-reset` starts with it."))
        last = None
        for last in sample.mornings():
            self._say("")
            self._run_job(children, "pipeline_diario", last)
        if last is not None:
            for job in ("hospedes_casa", "rm_daily_collection"):
                self._run_job(children, job, last)

    def _run_job(self, children: Children, job: str, day: date) -> None:
        """Again while a run stands in the way that a killed demo left: it is declared lost when it stays silent."""
        give_up = time.monotonic() + _LOST_SECONDS
        while True:
            try:
                children.manage(job, "--date", day.isoformat(), quiet=False)
                return
            except Refused as refused:
                if time.monotonic() > give_up:
                    raise
                self._say(str(refused))
                time.sleep(_ASK_AGAIN_SECONDS)
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
        if not logins:
            lines.append(_("Your database may be shared, so it gets no demo users: `manage.py createsuperuser`."))
        return "\n".join([*lines, _("Ctrl-C ends it; the next `make demo` goes on from here.")])

    def _address(self) -> str:
        return f"http://127.0.0.1:{self._port}/admin/"

    def _watch(self, keeper: Keeper) -> None:
        """Until a signal comes, or the keeper gives up."""
        with _woken_by_children() as wake:
            while True:
                keeper.look()
                wake()


@contextmanager
def _woken_by_children() -> Iterator[Callable[[], None]]:
    """Yields a call that sleeps until a child ends. A pipe, not a lock: handlers may run inside one another."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    handler = signal.signal(signal.SIGCHLD, lambda *_: None)
    descriptor = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def sleep_until_one_ends() -> None:
        os.read(reading, 4096)

    try:
        yield sleep_until_one_ends
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGCHLD, handler)
        os.close(reading)
        os.close(writing)


def _deaf() -> None:
    """From here on no signal may end the tidying up."""
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _interruptible() -> Iterator[None]:
    """The first SIGINT, SIGTERM or SIGHUP ends what is under way."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        _deaf()
        raise Interrupted

    before = {number: signal.signal(number, interrupt) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
