"""Bulk upserts: grouped, without duplicates, in chunks, with an outcome for each."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sistema_os.supabase import codec, literals
from sistema_os.supabase.errors import SupabaseError, UsageError
from sistema_os.supabase.query import Head, Param

if TYPE_CHECKING:
    from sistema_os.supabase.tables import AsyncTable


@dataclass(frozen=True, slots=True)
class ChunkOutcome:
    """`rows` sent at once, all stored or none; `duplicates` were merged into them beforehand."""

    rows: int
    duplicates: int
    error: SupabaseError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


class Outcomes(list[ChunkOutcome]):
    """One outcome per chunk, in the order of sending."""

    @property
    def rows(self) -> int:
        """Rows that the server confirmed."""
        return sum(outcome.rows for outcome in self if outcome.ok)

    @property
    def duplicates(self) -> int:
        return sum(outcome.duplicates for outcome in self)

    @property
    def failed(self) -> list[ChunkOutcome]:
        return [outcome for outcome in self if not outcome.ok]

    def raise_for_failure(self) -> None:
        """Raises the first failed chunk's error."""
        for outcome in self:
            if outcome.error is not None:
                raise outcome.error


@dataclass(frozen=True, slots=True)
class Plan:
    on_conflict: str
    size: int
    max_bytes: int
    ignore_duplicates: bool

    def __post_init__(self) -> None:
        if not self.on_conflict:
            raise UsageError("upsert_many() needs on_conflict: the columns that tell rows apart.")
        if self.size < 1:
            raise UsageError("upsert_many() needs a size of at least 1.")


@dataclass(slots=True)
class _Chunk:
    columns: tuple[str, ...]
    pieces: list[bytes] = field(default_factory=list)
    weight: int = 0
    duplicates: int = 0

    def add(self, piece: bytes, duplicates: int) -> None:
        self.pieces.append(piece)
        self.weight += len(piece) + 1
        self.duplicates += duplicates


def _merged(plan: Plan, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Each stored row once, with what one upsert after the other would leave, and how many were merged away."""
    names = [name.strip().strip('"') for name in plan.on_conflict.split(",")]
    merged: dict[Any, Mapping[str, Any]] = {}
    repeats: dict[Any, int] = {}
    for row in rows:
        try:
            key = str(row[names[0]]) if len(names) == 1 else tuple([str(row[name]) for name in names])
        except KeyError:
            raise UsageError(f"A row lacks a column of its key ({plan.on_conflict}).") from None
        if key in merged:
            old = merged[key]
            merged[key] = {**row, **old} if plan.ignore_duplicates else {**old, **row}
            repeats[key] = repeats.get(key, 0) + 1
        else:
            merged[key] = row
    for key, merged_row in merged.items():
        yield merged_row, repeats.get(key, 0)


def chunks(plan: Plan, rows: Iterable[Mapping[str, Any]]) -> Iterator[_Chunk]:
    """Rows of one column set together, each chunk within the plan's limits (a huge row stands alone)."""
    filling: dict[frozenset[str], _Chunk] = {}
    sets: dict[tuple[str, ...], frozenset[str]] = {}
    for row, duplicates in _merged(plan, rows):
        names = tuple(row)
        columns = sets.get(names) or sets.setdefault(names, frozenset(names))
        piece = codec.encode(row)
        chunk = filling.get(columns)
        if chunk and (len(chunk.pieces) >= plan.size or chunk.weight + len(piece) + 1 > plan.max_bytes):
            yield chunk
            chunk = None
        if chunk is None:
            chunk = filling[columns] = _Chunk(names)
        chunk.add(piece, duplicates)
    yield from filling.values()


async def upsert_chunks(table: "AsyncTable", plan: Plan, rows: Iterable[Mapping[str, Any]], parallel: int) -> Outcomes:
    """Every chunk is tried once the rows as a whole have passed the checks that need no server."""
    waiting = list(chunks(plan, rows))
    outcomes: list[ChunkOutcome | None] = [None] * len(waiting)
    numbered = iter(enumerate(waiting))

    async def worker() -> None:
        for number, chunk in numbered:
            outcomes[number] = await _send(table, plan, chunk)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(parallel, len(waiting))):
            group.create_task(worker())
    return Outcomes(outcome for outcome in outcomes if outcome is not None)


async def _send(table: "AsyncTable", plan: Plan, chunk: _Chunk) -> ChunkOutcome:
    resolution = "ignore" if plan.ignore_duplicates else "merge"
    head = Head(
        "upsert",
        "POST",
        table.name,
        table._path,
        prefer=("return=minimal", f"resolution={resolution}-duplicates"),
        body=b"[" + b",".join(chunk.pieces) + b"]",
        repeatable=True,
    )
    columns = ",".join(map(literals.quoted, chunk.columns))
    params = (Param("other", "on_conflict", plan.on_conflict), Param("other", "columns", columns))
    try:
        await table._build(head, params).execute()
    except SupabaseError as error:
        return ChunkOutcome(len(chunk.pieces), chunk.duplicates, error)
    return ChunkOutcome(len(chunk.pieces), chunk.duplicates)
