"""Other ways to keep listings over time, each on the same rows: history committed and the day's changes known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

import orjson
import psycopg
import zstandard

from snapshots.canonical import Canonical, hash_key
from tests.benchmarks.snapshot_rows import COLUMNS, Row


class Rival(ABC):
    """`day` takes a kept listing and says how many rows it found new, gone and changed. Each has a schema of its own
    in the database, so that its table is simply called `kept`."""

    name = ""
    table = ""

    def __init__(self, url: str):
        schema = type(self).__name__.lower()
        # Joins of whole listings are given room.
        self.connection = psycopg.connect(url, autocommit=True, options=f"-c search_path={schema} -c work_mem=64MB")
        self.connection.execute(f"create schema {schema}".encode())
        self.connection.execute(self.table.encode())
        self.number = 0

    def collect(self, rows: list[Row]) -> tuple[int, int, int]:
        self.number += 1
        with self.connection.transaction():
            return self.day(rows)

    @abstractmethod
    def day(self, rows: list[Row]) -> tuple[int, int, int]:
        """Stores one day's listing; rows added, changed and removed."""

    def stored(self) -> int:
        """Bytes of rows, without indexes and free space."""
        return self.one("select coalesce(sum(pg_column_size(k.*)), 0) from kept k")

    def settle(self) -> None:
        """Statistics as autovacuum would have them by the next morning."""
        self.connection.execute("analyze kept")

    def one(self, statement: str, *params: Any) -> int:
        row = self.connection.execute(statement.encode(), params).fetchone()
        assert row is not None
        return int(row[0])

    def changed(self, statement: str, *params: Any) -> int:
        return self.connection.execute(statement.encode(), params).rowcount

    def copy(self, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"copy {target} from stdin".encode()) as copy:
            for row in rows:
                copy.write_row(row)


def text(row: Row) -> str:
    return orjson.dumps(row).decode()


class StagedHistory(Rival):
    """Slowly changing dimension of type 2; every payload staged and compared in the database."""

    name = "SCD2, full payload staged"
    table = """create table kept (key text not null, payload jsonb not null, since int not null, until int);
        create unique index on kept (key) where until is null"""

    def day(self, rows: list[Row]) -> tuple[int, int, int]:
        self.connection.execute("create temp table stage (key text primary key, payload jsonb) on commit drop")
        self.copy("stage (key, payload)", ((str(row["id"]), text(row)) for row in rows))
        self.connection.execute("analyze stage")
        return self.close_and_open()

    def close_and_open(self) -> tuple[int, int, int]:
        at = self.number
        gone = self.changed(
            "update kept h set until = %s where until is null and not exists (select from stage s where s.key = h.key)",
            at,
        )
        changed = self.changed(
            "update kept h set until = %s from stage s"
            " where h.until is null and s.key = h.key and s.payload <> h.payload",
            at,
        )
        opened = self.changed(
            "insert into kept select s.key, s.payload, %s, null from stage s"
            " where not exists (select from kept h where h.until is null and h.key = s.key)",
            at,
        )
        return opened - changed, gone, changed


class Snapshotting(StagedHistory):
    """As dbt's snapshot does it: a table of what differs, then update, then insert."""

    name = "dbt-like payload compare"

    def close_and_open(self) -> tuple[int, int, int]:
        at = self.number
        self.connection.execute(
            "create temp table differing on commit drop as select coalesce(s.key, h.key) as key, s.payload,"
            " h.key is null as fresh, s.key is null as gone from stage s"
            " full join (select * from kept where until is null) h on h.key = s.key"
            " where s.key is null or h.key is null or s.payload::text <> h.payload::text"
        )
        self.connection.execute(
            b"update kept h set until = %s from differing d where d.key = h.key and h.until is null and not d.fresh",
            (at,),
        )
        self.connection.execute(b"insert into kept select key, payload, %s, null from differing where not gone", (at,))
        fresh, gone = (
            self.one("select count(*) from differing where fresh"),
            self.one("select count(*) from differing where gone"),
        )
        return fresh, gone, self.one("select count(*) from differing") - fresh - gone


class HashedHistory(Rival):
    """SCD2 with the hash beside the row, compared in memory; only payloads that differ are written. Rows are equal as
    they are for us: by their canonical form."""

    name = "SCD2, hashes first"
    table = """create table kept (key text not null, hash bigint not null, payload jsonb not null, since int not null,
        until int); create unique index on kept (key) include (hash) where until is null"""

    def day(self, rows: list[Row]) -> tuple[int, int, int]:
        hashed = self.hashing()
        hashes = {str(row["id"]): hashed(row) for row in rows}
        found = self.connection.execute("select key, hash from kept where until is null").fetchall()
        known: dict[str, int] = dict(found)
        gone = [key for key in known if key not in hashes]
        changed = [key for key, number in known.items() if hashes.get(key, number) != number]
        touched = {key for key, number in hashes.items() if known.get(key) != number}
        self.connection.execute(
            b"update kept set until = %s where until is null and key = any(%s)", (self.number, gone + changed)
        )
        self.copy(
            "kept (key, hash, payload, since)",
            ((key, hashes[key], text(row), self.number) for row in rows if (key := str(row["id"])) in touched),
        )
        return len(touched) - len(changed), len(gone), len(changed)

    def hashing(self) -> Callable[[Row], int]:
        return Canonical(COLUMNS, {}, hash_key("bench")).hash


class PlainHashes(HashedHistory):
    """The same with a hash of the bytes alone: a space more or another form of an accent is a change."""

    name = "SCD2, hashes of bytes"

    def hashing(self) -> Callable[[Row], int]:
        return lambda row: int.from_bytes(
            blake2b(orjson.dumps(row, option=orjson.OPT_SORT_KEYS), digest_size=8).digest(), "big", signed=True
        )


class FullCopy(Rival):
    """Every listing kept, as jsonb."""

    name = "jsonb full copy"
    table = "create table kept (at int not null, key text not null, payload jsonb not null, primary key (at, key))"

    def day(self, rows: list[Row]) -> tuple[int, int, int]:
        self.copy("kept (at, key, payload)", ((self.number, str(row["id"]), text(row)) for row in rows))
        found = self.connection.execute(
            b"select count(*) filter (where o.at is null), count(*) filter (where n.at is null),"
            b" count(*) filter (where n.payload <> o.payload)"
            b" from (select * from kept where at = %s) n full join (select * from kept where at = %s) o using (key)",
            (self.number, self.number - 1),
        ).fetchone()
        assert found is not None
        return found[0], found[1], found[2]


class CompressedCopy(Rival):
    """Every listing kept, as one zstd blob."""

    name = "zstd full copy"
    table = """create table kept (at int primary key, blob bytea not null);
        alter table kept alter blob set storage external"""

    def day(self, rows: list[Row]) -> tuple[int, int, int]:
        found = self.connection.execute(b"select blob from kept where at = %s", (self.number - 1,)).fetchone()
        old: list[Row] = orjson.loads(zstandard.ZstdDecompressor().decompress(found[0])) if found else []
        before, after = ({row["id"]: row for row in side} for side in (old, rows))
        blob = zstandard.ZstdCompressor(level=3).compress(orjson.dumps(rows))
        self.connection.execute(b"insert into kept values (%s, %s)", (self.number, blob))
        both = before.keys() & after.keys()
        return len(after) - len(both), len(before) - len(both), sum(before[key] != after[key] for key in both)


RIVALS: tuple[type[Rival], ...] = (
    HashedHistory,
    PlainHashes,
    StagedHistory,
    Snapshotting,
    CompressedCopy,
    FullCopy,
)
