"""The declaration of a source. The pipeline owns the declarations; this app stores what it needs outside of a run
(columns, normalisation, thresholds)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snapshots.canonical import Canonical, Kinds, Row
from snapshots.guards import Thresholds

# A change's column mask is a signed bigint.
MAX_COLUMNS = 63


def _never(_row: Row) -> bool:
    return False


@dataclass(frozen=True)
class SourceSpec:
    """`name` is the slug of the source; `key` the column that identifies a row (stored as text). Only `columns` are
    stored and compared; `freshness` is a column that is read for the stale-export guard and never stored.
    `explained(row)` is true if a row with this last version may be missing from the next export."""

    name: str
    key: str
    columns: tuple[str, ...]
    explained: Callable[[Row], bool] = _never
    # Normalisation and masking of each column (canonical.Kind), "text" by default.
    kinds: Mapping[str, str] = field(default_factory=dict)
    freshness: str = ""
    # The columns that the screens show and search as room and name.
    room: str = ""
    label: str = ""
    # Columns that identify a person across rows: erasing one row erases every row with the same value.
    identity: tuple[str, ...] = ()
    # Columns with which a row is of a hidden person (a minor, a guest incognito), and those then not shown.
    hidden_if: tuple[str, ...] = ()
    hidden_columns: tuple[str, ...] = ()
    # Names of the source and of its columns in the admin: message ids (gettext_noop), translated for the reader.
    # A key "column=value" is the label of a value: {"status": "state", "status=saida": "checked out"}.
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    # The columns that tables show besides room and name.
    summary: tuple[str, ...] = ()
    # Used when the source is created; afterwards staff edit them in the admin.
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        if self.key not in self.columns:
            raise ValueError(f"{self.name}: the key column {self.key!r} must be one of the columns")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"{self.name}: a column is declared twice")


def tombstones(spec: SourceSpec, row: Row, key: bytes) -> set[int]:
    """The hashes that `Suppressed` has if the person of this row was erased."""
    named = {name: row[name] for name in spec.identity if row.get(name) not in (None, "")}
    if spec.key in row:
        named[spec.key] = str(row[spec.key])  # as it is stored: an erasure names the key as text
    return {tombstone(name, value, spec.kinds, key) for name, value in named.items()}


def tombstone(column: str, value: Any, kinds: Kinds, key: bytes) -> int:
    return Canonical((column,), kinds, key).hash({column: value})
