"""What shapes an answer: columns, order, window, format."""

from typing import Self

from sistema_os.supabase import literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.filters import Filters
from sistema_os.supabase.query import Head, Param

SINGLE = "application/vnd.pgrst.object+json"


class Modifiers(Filters):
    __slots__ = ()

    def select(self, *columns: str) -> Self:
        """After a write or on a function's rows: the columns to answer with."""
        prefer = [p for p in self._head.prefer if self._head.verb == "call" or not p.startswith("return=")]
        selected = self._set(Param("select", "select", literals.without_spaces(columns or ("*",))))
        return selected._headed(prefer=(*prefer, "return=representation"))

    def order(
        self, column: str, *, desc: bool = False, nullsfirst: bool | None = None, foreign_table: str | None = None
    ) -> Self:
        """Called again, it adds the next column to sort by."""
        key = f"{foreign_table}.order" if foreign_table else "order"
        term = f"{column}.{'desc' if desc else 'asc'}"
        if nullsfirst is not None:
            term += ".nullsfirst" if nullsfirst else ".nullslast"
        before = self._param(key)
        return self._set(Param("order", key, f"{before},{term}" if before else term))

    def limit(self, size: int, *, foreign_table: str | None = None) -> Self:
        return self._window("limit", size, foreign_table)

    def offset(self, size: int) -> Self:
        return self._window("offset", size, None)

    def range(self, start: int, end: int, foreign_table: str | None = None) -> Self:
        """Rows `start` to `end`, both included, counted from 0."""
        return self._window("offset", start, foreign_table)._window("limit", end - start + 1, foreign_table)

    def _window(self, name: str, size: int, table: str | None) -> Self:
        return self._set(Param("window", f"{table}.{name}" if table else name, str(size)))

    def max_affected(self, value: int) -> Self:
        """The server refuses an UPDATE or DELETE that reaches more rows (PostgREST 13 and later)."""
        kept = [p for p in self._head.prefer if not p.startswith(("handling=", "max-affected="))]
        return self._headed(prefer=(*kept, "handling=strict", f"max-affected={value}"))

    def strip_nulls(self) -> Self:
        if self._head.shape in ("csv", "plan"):
            raise UsageError("strip_nulls() does not go with csv() or explain().")
        return self._headed(strip_nulls=True)

    def retry(self, enabled: bool) -> Self:
        return self._headed(retry=enabled)


def refuse_stripped(head: Head, method: str) -> None:
    if head.strip_nulls:
        raise UsageError(f"strip_nulls() does not go with {method}().")
