"""`async_table(name)`: where a query begins."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sistema_os.supabase import bulk_writes, literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.execution import Session
from sistema_os.supabase.query import Head, Param, Verb, escaped, read_head
from sistema_os.supabase.query_builder import AsyncQueryBuilder, SyncQueryBuilder
from sistema_os.supabase.types import CountMethod, ReturnMethod, Row

B = TypeVar("B")
Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]
_ALL_COLUMNS = Param("select", "select", "*")


def count_preference(count: str | None) -> str | None:
    return f"count={_one_of(CountMethod, count)}" if count else None


def _one_of(kind: type[CountMethod] | type[ReturnMethod], value: str) -> str:
    plain = literals.text(value, kind.__name__)
    if plain not in list(kind):
        raise UsageError(f"{kind.__name__} is one of {', '.join(kind)}.")
    return plain


def _columns(rows: Body, *, mixed: bool) -> tuple[Param, ...]:
    """The `columns` parameter of a bulk write; rows with different keys only where `mixed` is harmless."""
    if isinstance(rows, Mapping) or not rows:
        return ()
    names = dict.fromkeys(rows[0])
    if any(row.keys() != names.keys() for row in rows):
        if not mixed:
            raise UsageError(
                "The rows of this upsert have different columns; stored values would be overwritten with NULL. "
                "Use upsert_many(), which groups them."
            )
        names = dict.fromkeys(name for row in rows for name in row)
    spelt = [literals.quoted(literals.text(name, "A column's name")) for name in names]
    return (Param("other", "columns", ",".join(spelt)),) if spelt else ()


def _body(json: Body, verb: str) -> Body:
    rows = [json] if isinstance(json, Mapping) else json
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise UsageError(f"{verb}() takes a mapping of columns to values, or a list of them.")
    return json


def _returning(returning: str) -> str:
    return f"return={_one_of(ReturnMethod, returning)}"


class TableVerbs(ABC, Generic[B]):
    """The five verbs; `_build` turns them into the builder of the asynchronous or the synchronous side."""

    def __init__(self, session: Session, name: str, schema: str = "public") -> None:
        self._session = session
        self.name = literals.text(name, "A table's name")
        if not self.name:
            raise UsageError("A table needs a name.")
        self._schema = schema

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _head(self, verb: Verb, method: str, *prefer: str | None, body: Any = None, repeatable: bool = False) -> Head:
        return Head(
            verb,
            method,
            self.name,
            escaped(self.name),
            self._schema,
            tuple(filter(None, prefer)),
            body=body,
            repeatable=repeatable,
            exact=self._session.exact,
        )

    @abstractmethod
    def _build(self, head: Head, params: tuple[Param, ...]) -> B: ...

    def select(self, *columns: str, count: str | None = None, head: bool | None = None) -> B:
        """`head=True` asks for the count alone."""
        prefer = (f"count={_one_of(CountMethod, count)}",) if count else ()
        asked = read_head("HEAD" if head else "GET", self.name, self._schema, prefer, self._session.exact)
        if columns in ((), ("*",)):
            return self._build(asked, (_ALL_COLUMNS,))
        return self._build(asked, (Param("select", "select", literals.without_spaces(columns)),))

    def insert(
        self,
        json: Body,
        *,
        count: str | None = None,
        returning: str = "representation",
        upsert: bool = False,
        default_to_null: bool = True,
    ) -> B:
        """Rows with different columns: what is missing becomes NULL, or the column's default if told so."""
        resolution = "resolution=merge-duplicates" if upsert else None
        return self._post("insert", json, count, returning, resolution, default_to_null, mixed=not upsert)

    def upsert(
        self,
        json: Body,
        *,
        count: str | None = None,
        returning: str = "representation",
        ignore_duplicates: bool = False,
        on_conflict: str = "",
        default_to_null: bool = True,
    ) -> B:
        """Rows must have the same columns unless duplicates are ignored; see upsert_many()."""
        resolution = f"resolution={'ignore' if ignore_duplicates else 'merge'}-duplicates"
        return self._post(
            "upsert", json, count, returning, resolution, default_to_null, mixed=ignore_duplicates, key=on_conflict
        )

    def _post(
        self,
        verb: Verb,
        json: Body,
        count: str | None,
        returning: str,
        resolution: str | None,
        default_to_null: bool,
        *,
        mixed: bool,
        key: str = "",
    ) -> B:
        missing = None if default_to_null else "missing=default"
        target = (Param("other", "on_conflict", literals.text(key, "on_conflict")),) if key else ()
        prefer = (_returning(returning), count_preference(count), resolution, missing)
        head = self._head(verb, "POST", *prefer, body=_body(json, verb), repeatable=bool(key))
        return self._build(head, (*target, *_columns(json, mixed=mixed)))

    def update(self, json: Mapping[str, Any], *, count: str | None = None, returning: str = "representation") -> B:
        """Refused at execute() (UnfilteredWrite) unless a filter follows."""
        if not isinstance(json, Mapping):
            raise UsageError("update() takes one mapping of columns to values.")
        return self._build(self._head("update", "PATCH", _returning(returning), count_preference(count), body=json), ())

    def delete(self, *, count: str | None = None, returning: str = "representation") -> B:
        """Refused at execute() (UnfilteredWrite) unless a filter follows."""
        return self._build(self._head("delete", "DELETE", _returning(returning), count_preference(count)), ())


class AsyncTable(TableVerbs[AsyncQueryBuilder[list[Row]]]):
    def _build(self, head: Head, params: tuple[Param, ...]) -> AsyncQueryBuilder[list[Row]]:
        return AsyncQueryBuilder(self._session, head, params)

    def pages(
        self, key: str | Sequence[str] = "id", size: int = 1000, parallel: int = 4
    ) -> AsyncGenerator[list[Row], None]:
        """The whole table; see AsyncQueryBuilder.pages()."""
        return self.select("*").pages(key, size, parallel)

    def stream(self, key: str | Sequence[str] = "id", size: int = 1000, parallel: int = 4) -> AsyncGenerator[Row, None]:
        return self.select("*").stream(key, size, parallel)

    async def upsert_many(
        self,
        rows: Iterable[Mapping[str, Any]],
        on_conflict: str,
        *,
        size: int = 1000,
        max_bytes: int = 256 * 1024,
        parallel: int = 4,
        ignore_duplicates: bool = False,
    ) -> bulk_writes.Outcomes:
        """Upserts any number of rows, `size` rows and `max_bytes` at most per request, `parallel` at once.

        Rows are grouped by their columns, so that a column one row lacks is left alone; rows that name
        the same `on_conflict` key twice are merged, the later value winning, and counted. A chunk that
        fails does not stop the others: look at the outcomes, or call their `raise_for_failure()`.
        """
        key = literals.text(on_conflict, "on_conflict")
        plan = bulk_writes.UpsertPlan(key, size, max_bytes, ignore_duplicates)
        target = self._head("upsert", "POST", repeatable=True)
        return await bulk_writes.upsert_chunks(self._session, target, plan, rows, parallel)


class SyncTable(TableVerbs[SyncQueryBuilder[list[Row]]]):
    def _build(self, head: Head, params: tuple[Param, ...]) -> SyncQueryBuilder[list[Row]]:
        return SyncQueryBuilder(self._session, head, params)
