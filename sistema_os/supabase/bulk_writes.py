"""Bulk upserts: rows are grouped by their columns, deduplicated by key and sent in chunks, each with an outcome."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from sistema_os.supabase import codec, literals
from sistema_os.supabase.errors import SupabaseError, UsageError
from sistema_os.supabase.execution import Session
from sistema_os.supabase.query import Head, Param, Query


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
class UpsertPlan:
    """How to divide the rows: `size` rows and `max_bytes` bytes of JSON a chunk at most. Raises UsageError."""

    on_conflict: str
    size: int
    max_bytes: int
    ignore_duplicates: bool

    def __post_init__(self) -> None:
        if not self.on_conflict:
            raise UsageError("upsert_many() needs on_conflict: the columns that tell rows apart.")
        literals.whole(self.size, "The size of upsert_many()", 1)
        literals.whole(self.max_bytes, "max_bytes of upsert_many()", 1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A body of `rows` rows that all have these columns; `duplicates` were merged into them."""

    columns: tuple[str, ...]
    rows: int
    duplicates: int
    body: bytes


def _merged(plan: UpsertPlan, rows: list[Mapping[str, Any]]) -> Iterable[tuple[Mapping[str, Any], int]]:
    """Each key once, with the values that upserting row after row would leave, and the number of duplicates."""
    keys = _keys(plan, rows)
    if len(set(keys)) == len(rows):
        return zip(rows, repeat(0), strict=False)
    merged: dict[Any, Mapping[str, Any]] = {}
    for key, row in zip(keys, rows, strict=True):
        old = merged.get(key, {})
        merged[key] = {**row, **old} if plan.ignore_duplicates else {**old, **row}
    counts = Counter(keys)
    return [(row, counts[key] - 1) for key, row in merged.items()]


def _keys(plan: UpsertPlan, rows: list[Mapping[str, Any]]) -> list[Any]:
    names = [name.strip().strip('"') for name in plan.on_conflict.split(",")]
    if not all(isinstance(row, Mapping) for row in rows):
        raise UsageError("upsert_many() takes mappings of columns to values.")
    try:
        if len(names) == 1:
            return [str(row[names[0]]) for row in rows]
        return [tuple([str(row[name]) for name in names]) for row in rows]
    except KeyError:
        raise UsageError(f"A row lacks a column of its key ({plan.on_conflict}).") from None
    except ValueError:  # an integer of more than 4300 digits
        raise UsageError(f"A value of the key ({plan.on_conflict}) has no text form.") from None


def chunks(plan: UpsertPlan, rows: Iterable[Mapping[str, Any]]) -> Iterator[Chunk]:
    """Chunks of rows with the same columns, within the plan's limits; a row above `max_bytes` is a chunk of its own."""
    filling: dict[frozenset[str], list[tuple[Mapping[str, Any], int]]] = {}
    sets: dict[tuple[str, ...], frozenset[str]] = {}
    for row, duplicates in _merged(plan, list(rows)):
        names = tuple(row)
        columns = sets.get(names) or sets.setdefault(names, frozenset(names))
        group = filling.setdefault(columns, [])
        group.append((row, duplicates))
        if len(group) == plan.size:
            yield from _encoded(plan, filling.pop(columns))
    for group in filling.values():
        yield from _encoded(plan, group)


def _encoded(plan: UpsertPlan, group: list[tuple[Mapping[str, Any], int]]) -> Iterator[Chunk]:
    """Encodes the whole group at once, several times faster than row by row, and divides it only if it is too large."""
    columns = tuple(group[0][0])
    body = codec.encode([row for row, _ in group])
    if len(body) <= plan.max_bytes or len(group) == 1:
        yield Chunk(columns, len(group), sum([duplicates for _, duplicates in group]), body)
        return
    pieces: list[bytes] = []
    weight = merged = 0
    for row, duplicates in group:
        piece = codec.encode(row)
        if pieces and weight + len(piece) + 2 > plan.max_bytes:
            yield Chunk(columns, len(pieces), merged, b"[" + b",".join(pieces) + b"]")
            pieces, weight, merged = [], 0, 0
        pieces.append(piece)
        weight += len(piece) + 1
        merged += duplicates
    yield Chunk(columns, len(pieces), merged, b"[" + b",".join(pieces) + b"]")


async def _prepared(plan: UpsertPlan, rows: Iterable[Mapping[str, Any]]) -> list[Chunk]:
    """All chunks; yields to the event loop after each."""
    waiting = []
    for chunk in chunks(plan, rows):
        waiting.append(chunk)
        await asyncio.sleep(0)
    return waiting


async def upsert_chunks(
    session: Session, target: Head, plan: UpsertPlan, rows: Iterable[Mapping[str, Any]], parallel: int
) -> Outcomes:
    """Sends every chunk, `parallel` at once. Raises UsageError, before anything is sent, for rows without a key."""
    literals.whole(parallel, "parallel of upsert_many()", 1)
    waiting = await _prepared(plan, literals.listed(rows, "upsert_many()"))
    outcomes: list[ChunkOutcome | None] = [None] * len(waiting)
    numbered = iter(enumerate(waiting))

    async def worker() -> None:
        for number, chunk in numbered:
            outcomes[number] = await _send(session, target, plan, chunk)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(parallel, len(waiting))):
            group.create_task(worker())
    return Outcomes(outcome for outcome in outcomes if outcome is not None)


async def _send(session: Session, target: Head, plan: UpsertPlan, chunk: Chunk) -> ChunkOutcome:
    resolution = "ignore" if plan.ignore_duplicates else "merge"
    head = target._replace(prefer=("return=minimal", f"resolution={resolution}-duplicates"), body=chunk.body)
    columns = ",".join([literals.quoted(literals.text(name, "A column's name")) for name in chunk.columns])
    params = (Param("other", "on_conflict", plan.on_conflict), Param("other", "columns", columns))
    try:
        await session.run(Query(session, head, params))
    except SupabaseError as error:
        return ChunkOutcome(chunk.rows, chunk.duplicates, error)
    return ChunkOutcome(chunk.rows, chunk.duplicates)
