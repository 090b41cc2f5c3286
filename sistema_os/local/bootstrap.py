"""Creates the roles, the two databases and the hotel's tables. Every step is idempotent, also after a kill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from sistema_os.local.state import Secrets

APP_DATABASE = "sistema_os"
HOTEL_DATABASE = "supabase"
SQL = Path(__file__).parent / "sql"
_MIGRATIONS = Path(__file__).parent.parent / "supabase" / "migrations"

Connect = Callable[[str], psycopg.Connection]


def prepare(connect: Connect, secrets: Secrets) -> None:
    with _locked(connect, "postgres") as connection:
        _run(connection, SQL / "roles.sql")
        _set_password(connection, "authenticator", secrets.authenticator)
        _set_password(connection, "sistema_os", secrets.app)
        _create_database(connection, APP_DATABASE, owner="sistema_os")
        _create_database(connection, HOTEL_DATABASE, owner="postgres")
    with _locked(connect, HOTEL_DATABASE) as connection:
        _run(connection, SQL / "privileges.sql")
        if migrate(connection):
            connection.execute("notify pgrst, 'reload schema'")


@contextmanager
def _locked(connect: Connect, database: str) -> Iterator[psycopg.Connection]:
    """Holds an advisory lock: the last statement of a killed client may still be running on the server."""
    with connect(database) as connection:
        connection.execute("select pg_advisory_lock(20260101)")
        yield connection


def migrate(connection: psycopg.Connection) -> list[str]:
    """Applies the missing migrations, a transaction each; returns their versions."""
    known = {row[0] for row in connection.execute("select version from supabase_migrations.schema_migrations")}
    ran = []
    for file in sorted(_MIGRATIONS.glob("*.sql")):
        version, _, name = file.stem.partition("_")
        if version not in known:
            with connection.transaction():
                _run(connection, file)
                connection.execute(
                    "insert into supabase_migrations.schema_migrations (version, name) values (%s, %s)", (version, name)
                )
            ran.append(version)
    return ran


def _run(connection: psycopg.Connection, file: Path) -> None:
    connection.execute(file.read_bytes())


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password)))


def _create_database(connection: psycopg.Connection, name: str, *, owner: str) -> None:
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
        statement = sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner))
        connection.execute(statement)
        connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name)))
        if name == HOTEL_DATABASE:
            connection.execute("grant connect on database supabase to authenticator")
