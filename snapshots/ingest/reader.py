"""Arriving rows, a page at a time: the columns seen, and the key, mark and line of each row. Pure: no Django.

A mark is a keyed hash of the row exactly as it arrives. Nearly every row arrives as it did the day before, which its
mark shows without normalising a single value; only the others are made canonical and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from operator import itemgetter
from struct import unpack
from typing import Any, NamedTuple

import orjson

from snapshots.canonical import Row, moment_of
from snapshots.source_spec import SourceSpec

PAGE = 1000
Values = tuple[Any, ...]
_NEWLINE = orjson.Fragment(b"\n")


class Page(NamedTuple):
    """Up to PAGE rows. A line has the row's values in the order of the declaration, as a JSON array."""

    keys: list[Any]
    marks: list[int]
    lines: list[bytes]


class Reader:
    """Reads any number of pages for one declaration; counts rows, columns and the newest freshness before `until`: one
    row from a clock that is ahead must not make every later listing look old."""

    def __init__(self, spec: SourceSpec, key: bytes, until: datetime | None = None):
        self.spec, self.columns = spec, spec.columns
        self._until = until
        self.received = 0
        self.seen: set[str] = set()
        self.freshness = ""
        self._newest: datetime | None = None
        self._place = spec.columns.index(spec.key)
        self._values = _getter(spec.columns)
        # The columns are part of the key: in another order the same values are another line.
        secret = blake2b(orjson.dumps(spec.columns), digest_size=32, key=key).digest()
        self._salt, self._person = secret[:16], secret[16:]

    def read(self, rows: Sequence[Mapping[str, Any]]) -> Page:
        self.received += len(rows)
        values = self._all_values(rows)
        self._update_freshness(rows)
        lines = as_lines(values)
        return Page([value[self._place] for value in values], self.marks(lines), lines)

    def marks(self, lines: Sequence[bytes]) -> list[int]:
        """Signed 64 bits each, as PostgreSQL's bigint holds them."""
        salt, person = self._salt, self._person
        digests = [blake2b(line, digest_size=8, salt=salt, person=person).digest() for line in lines]
        return list(unpack(f">{len(digests)}q", b"".join(digests)))

    def row(self, line: bytes, columns: Sequence[str] | None = None) -> Row:
        """The row of a line, with only those columns if they are given."""
        whole = dict(zip(self.columns, orjson.loads(line), strict=True))
        return whole if columns is None else {name: whole[name] for name in columns}

    def key_of(self, line: bytes) -> str:
        return str(orjson.loads(line)[self._place])

    def _all_values(self, rows: Sequence[Mapping[str, Any]]) -> list[Values]:
        """A column that a row lacks is null, as in comparisons."""
        try:
            values = [*map(self._values, rows)]
        except KeyError:
            values = [tuple([row.get(name) for name in self.columns]) for row in rows]
            self.seen.update(*rows)
            return values
        if not self._has_declared_only(rows):
            self.seen.update(*rows)
        self.seen.update(self.columns if rows else ())
        return values

    def _has_declared_only(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether these rows, which have every declared column, have no other: nearly always, found by counting."""
        fresh = self.spec.freshness
        expected = len(self.columns) + (fresh not in self.columns and all(fresh in row for row in rows))
        return {*map(len, rows)} <= {expected}

    def _update_freshness(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if name := self.spec.freshness:
            for text in {str(moment) for row in rows if (moment := row.get(name))}:
                moment = moment_of(text)
                if moment is None or (self._until is not None and moment >= self._until):
                    continue
                if self._newest is None or moment > self._newest:
                    self.freshness, self._newest = text, moment


def as_lines(values: Sequence[Values]) -> list[bytes]:
    """Each row as a JSON array, serialised by one call: JSON has no newlines inside, so they separate the rows."""
    mixed: list[Any] = [_NEWLINE] * (2 * len(values))
    mixed[::2] = values
    return orjson.dumps(mixed)[1:-3].split(b",\n,") if values else []


def _getter(columns: Sequence[str]) -> Callable[[Mapping[str, Any]], Values]:
    if len(columns) > 1:
        return itemgetter(*columns)
    (only,) = columns
    return lambda row: (row[only],)
