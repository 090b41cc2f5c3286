"""Both databases as rows that can be compared, and put back as they were."""

from collections.abc import Iterator

import psycopg
from psycopg import sql

# The run's own record, and what Django and the queue keep, are new rows on purpose. A collection is one row a reading;
# what it published is compared through its rows.
_ASIDE = ("pipeline_", "django_", "auth_", "snapshots_snapshot")
# Numbers that an order of events gives, not the work: two undisturbed runs differ in them.
_GIVEN = ("id", "run_id", "decision_id", "snapshot_id", "source_id", "suggestion_id", "user_id")
_OF_EVENTS = ("timestamp with time zone", "uuid")
# A link whose writer was killed before the answer came is sent again: how often, and that the second time it stood
# there already, differs; that it stands once is compared in the hotel's own table.
_OF_SENDING = {"matching_writeback": ("attempts", "outcome")}


def content(database: psycopg.Connection, name: str) -> dict[str, list[str]]:
    """Every row of every table that a job writes, without the columns that differ from run to run."""
    found = {}
    for table in tables(database):
        if not table.startswith(_ASIDE):
            rows = database.execute(
                sql.SQL("select (to_jsonb(t) - %s::text[])::text from {} t order by 1").format(sql.Identifier(table)),
                [_left_out(database, table)],
            )
            found[f"{name}.{table}"] = [row[0] for row in rows]
    return found


def tables(database: psycopg.Connection) -> list[str]:
    rows = database.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
    return [row[0] for row in rows]


def _left_out(database: psycopg.Connection, table: str) -> list[str]:
    rows = database.execute(
        "select column_name, data_type from information_schema.columns where table_schema = 'public'"
        " and table_name = %s",
        [table],
    )
    ours = "_" in table and table.split("_")[0] in ("matching", "snapshots")
    aside = (*_OF_SENDING.get(table, ()), *(_GIVEN if ours else ()))
    return [name for name, kind in rows if kind in _OF_EVENTS or name in aside]


class Saved:
    """What stands in a database now, to be put back any number of times. The connection is a superuser's."""

    def __init__(self, database: psycopg.Connection) -> None:
        self._database = database
        self.name = database.info.dbname
        self._tables = {
            table: b"".join(self._copy(table)) for table in tables(database) if table != "django_migrations"
        }

    def _copy(self, table: str) -> Iterator[bytes]:
        query = sql.SQL("copy {} to stdout (format binary)").format(sql.Identifier(table))
        with self._database.cursor() as cursor, cursor.copy(query) as rows:
            yield from map(bytes, rows)

    def on(self, database: psycopg.Connection) -> "Saved":
        """The same rows, for another connection."""
        self._database = database
        return self

    def close(self) -> None:
        self._database.close()

    def put_back(self) -> None:
        """Without triggers and foreign keys: it is as it was, in whatever order."""
        with self._database.transaction():
            self._database.execute("set local session_replication_role = replica")
            names = sql.SQL(", ").join(map(sql.Identifier, self._tables))
            self._database.execute(sql.SQL("truncate {}").format(names))
            for table, rows in self._tables.items():
                query = sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(table))
                with self._database.cursor() as cursor, cursor.copy(query) as target:
                    target.write(rows)
