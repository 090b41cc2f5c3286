"""Totals of a snapshot's rows. Pure: no Django."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from snapshots.canonical import Row, add_digest
from snapshots.guards import has_mojibake


@dataclass
class Totals:
    """Number of rows, their digest, rows that fill each column, rows with broken accents. Updated by the rows that
    change, so that the cost grows with the changes and not with the rows."""

    rows: int = 0
    digest: int = 0
    mojibake: int = 0
    filled: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row, number: int) -> None:
        """`number` is the row's hash."""
        self.rows += 1
        self.digest = add_digest(self.digest, number)
        self.mojibake += has_mojibake(orjson.dumps(row))
        self.filled.update(_filled(row))

    def subtract(self, row: Row, number: int) -> None:
        self.rows -= 1
        self.digest = add_digest(self.digest, -number)
        self.mojibake -= has_mojibake(orjson.dumps(row))
        self.filled.subtract(_filled(row))

    def fill(self, columns: Iterable[str]) -> Mapping[str, int]:
        return {name: max(0, self.filled[name]) for name in columns}


def _filled(row: Row) -> list[str]:
    return [name for name, value in row.items() if value is not None and value != ""]
