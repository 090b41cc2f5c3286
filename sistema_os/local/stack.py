"""The local Supabase: start, stop, status, reset. It recovers from a kill at any moment."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psycopg

from sistema_os.local import bootstrap, state
from sistema_os.local.account import find_outside, find_place
from sistema_os.local.errors import LocalStackError
from sistema_os.local.keys import api_key
from sistema_os.local.postgres import Postgres
from sistema_os.local.postgrest import PostgREST
from sistema_os.local.processes import wait_for

_REMOVE_SECONDS = 10.0
# The database role of the app, which a migration makes.
APP_ROLE = "sistema_os_app"
PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Status:
    postgres: bool
    postgrest: bool
    address: str

    @property
    def running(self) -> bool:
        return self.postgres and self.postgrest


class Stack:
    """`throw_away` is for tests: nothing is synced to disk, and on Linux the servers die with the process that started
    them."""

    def __init__(self, local: Path = PROJECT / ".local", *, throw_away: bool = False) -> None:
        self.local = local
        self._throw_away = throw_away

    def start(self, *, app: bool = True, hotel: bool = True) -> dict[str, str]:
        """Starts the servers and returns their settings.

        Without `app`, Django's own database is external; without `hotel`, the hotel's Supabase is. Without both,
        nothing is started, and the settings are only the secrets of the installation.
        """
        with self._locked():
            current = state.load(self.local) or state.State()
            if not (app or hotel):
                state.save(self.local, current)
                return self._publish(current, app=False, hotel=False)
            state.save(self.local, current)
            postgres = Postgres(find_place(self.local), current.secrets.superuser, throw_away=self._throw_away)
            current = replace(current, postgres_port=postgres.start(current.postgres_port))
            state.save(self.local, current)
            bootstrap.prepare(lambda name: postgres.connect(current.postgres_port, name), current.secrets)
            if hotel:
                current = self._start_rest(current)
            return self._publish(current, app=app, hotel=hotel)

    def stop(self) -> None:
        with self._locked():
            self._stop()

    def reset(self) -> None:
        """Stops, and deletes everything: data, keys, ports."""
        with self._locked():
            self._stop()
            for path in (
                *(self.local / name for name in ("cluster", "stack.json", "stack.env")),
                find_outside(self.local),
            ):
                if path is not None:
                    _remove(path)

    def status(self) -> Status:
        current = state.load(self.local)
        if current is None:
            return Status(postgres=False, postgrest=False, address="")
        rest = self._rest(current)
        return Status(
            postgres=self._reaches_postgres(),
            postgrest=rest.running() and rest.ready(current.ports),
            address=f"http://127.0.0.1:{current.rest_port}",
        )

    def url(self, database: str) -> str:
        """The URL of a database for the superuser, for loading the hotel and for tests."""
        return _postgres_url("postgres", self._known().secrets.superuser, self._known().postgres_port, database)

    def key(self, role: str) -> str:
        """A key of the API for another database role than the app's, such as `service_role`."""
        return api_key(self._known().secrets.jwt, role)

    def connect_hotel(self) -> psycopg.Connection:
        return psycopg.connect(self.url(bootstrap.HOTEL_DATABASE), autocommit=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds a lock, since two starts at once would both create a cluster. It is released if the process dies."""
        self.local.mkdir(parents=True, exist_ok=True)
        self.local.chmod(0o711)
        with (self.local / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _known(self) -> state.State:
        current = state.load(self.local)
        if current is None:
            raise LocalStackError("The local Supabase has never been started; `manage.py supabase_local start` does.")
        return current

    def _reaches_postgres(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.Error:
            return False
        return True

    def _rest(self, current: state.State) -> PostgREST:
        return PostgREST(
            PROJECT,
            self.local,
            database_url=_postgres_url(
                "authenticator", current.secrets.authenticator, current.postgres_port, bootstrap.HOTEL_DATABASE
            ),
            jwt_secret=current.secrets.jwt,
            throw_away=self._throw_away,
        )

    def _start_rest(self, current: state.State) -> state.State:
        rest = self._rest(current)
        if rest.running() and rest.ready(current.ports):
            return current
        current = current.with_ports(current.postgres_port, rest.start(current.ports))
        state.save(self.local, current)
        return current

    def _stop(self) -> None:
        """Works without the stored state: servers must stop even if it is damaged."""
        self._rest(state.State()).stop()
        if (self.local / "cluster").exists() or find_outside(self.local):
            Postgres(find_place(self.local), password="").stop()

    def _publish(self, current: state.State, *, app: bool, hotel: bool) -> dict[str, str]:
        """Writes `.local/stack.env`, which settings.py reads after the process's environment and `.env`."""
        values = {
            "SECRET_KEY": current.secrets.django,
            "HASH_KEY": current.secrets.hashes,
            "HTTPS": "off",
            "STATIC_FROM_SOURCE": "on",
        }
        if app:
            values["DATABASE_URL"] = _postgres_url(
                "sistema_os", current.secrets.app, current.postgres_port, bootstrap.APP_DATABASE
            )
        if hotel:
            values["SUPABASE_URL"] = f"http://127.0.0.1:{current.rest_port}"
            values["SUPABASE_SERVICE_KEY"] = api_key(current.secrets.jwt, APP_ROLE)
            values["SUPABASE_REST_PATH"] = ""
        lines = ["# Written by the local stack at each start; edits are lost. Yours belong in .env."]
        lines += [f"{name}={value}" for name, value in values.items()]
        state.write_atomically(self.local / "stack.env", "\n".join(lines) + "\n")
        return values


def _postgres_url(user: str, password: str, port: int, database: str) -> str:
    return f"postgres://{user}:{password}@127.0.0.1:{port}/{database}"


def _remove(path: Path) -> None:
    """Retries, since a killed process may still be writing into the directory."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
    elif not wait_for(partial(_removed, path), _REMOVE_SECONDS):
        raise LocalStackError(f"{path} cannot be removed.")


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
