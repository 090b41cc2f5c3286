"""What a source declares about itself. The pipeline owns the declarations; this app stores what it must
still know when no pipeline is running (columns, normalisation, thresholds)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from snapshots.canonical import Kinds, Row, canonical_bytes, keyed_hash
from snapshots.guards import Thresholds

# A change's column mask is a signed bigint.
MAX_COLUMNS = 63


def _never(_row: Row) -> bool:
    return False


@dataclass(frozen=True)
class SourceSpec:
    """`name` is the slug under which the source is kept; `key` the column that identifies a row (kept as text).
    Only `columns` are stored and compared; `freshness` is a column that is read for the stale-export guard
    and never stored. `explained(row)` says that a row with this last version may vanish without suspicion."""

    name: str
    key: str
    columns: tuple[str, ...]
    explained: Callable[[Row], bool] = _never
    # Normalisation and privacy of each column (canonical.Kind); what is not named is "text".
    kinds: Mapping[str, str] = field(default_factory=dict)
    freshness: str = ""
    # Which columns the screens call room and name.
    room: str = ""
    label: str = ""
    # Columns that identify a person across rows: erasing one row suppresses every row that shares their value.
    identity: tuple[str, ...] = ()
    # What the admin calls the source and its columns: message ids (gettext_noop), so that they follow the reader.
    # A label under "column=value" names a value: {"status": "state", "status=saida": "checked out"}.
    title: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    # The columns that a listing on the screen shows beside room and name.
    summary: tuple[str, ...] = ()
    # Used when the source is first seen; afterwards staff edit them in the admin.
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        if self.key not in self.columns:
            raise ValueError(f"{self.name}: the key column {self.key!r} must be one of the columns")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError(f"{self.name}: a column is declared twice")

    def row(self, received: Mapping[str, Any]) -> Row:
        """Only what is declared; columns that the export did not send stay absent."""
        return {name: received[name] for name in self.columns if name in received}


def tombstones(spec: SourceSpec, row: Row, key: bytes) -> set[int]:
    """The hashes under which this row would stand if its person had been erased."""
    named = {name: row[name] for name in spec.identity if row.get(name) not in (None, "")}
    if spec.key in row:
        named[spec.key] = str(row[spec.key])  # as rows are kept: an erasure is asked for by the key in words
    return {tombstone(name, value, spec.kinds, key) for name, value in named.items()}


def tombstone(column: str, value: Any, kinds: Kinds, key: bytes) -> int:
    return keyed_hash(canonical_bytes({column: value}, (column,), kinds), key)
