"""Filters and modifiers of a query, under the names of the official client."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from sistema_os.supabase import literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.query import Head, Param, Query

Range = tuple[Any, Any]
SINGLE = "application/vnd.pgrst.object+json"
_IS = {None: "null", True: "true", False: "false"}


class Filters(Query):
    """Each method answers a new query with one more condition; conditions are joined by AND."""

    __slots__ = ()

    def filter(self, column: str, operator: str, criteria: Any) -> Self:
        """The escape hatch: any operator, the criteria in PostgREST's own spelling."""
        return self._where(column, operator, literals.scalar(criteria))

    def _where(self, column: str, operator: str, operand: str, items: tuple[str, ...] = ()) -> Self:
        if self._negate:
            operator, items = f"not.{operator}", ()
        return self._with(Param("filter", literals.column(column), f"{operator}.{operand}", items))

    @property
    def not_(self) -> Self:
        """Negates the next filter."""
        return self._using(self._params, negate=True)

    def eq(self, column: str, value: Any) -> Self:
        return self._where(column, "eq", literals.scalar(value))

    def neq(self, column: str, value: Any) -> Self:
        return self._where(column, "neq", literals.scalar(value))

    def gt(self, column: str, value: Any) -> Self:
        return self._where(column, "gt", literals.scalar(value))

    def gte(self, column: str, value: Any) -> Self:
        return self._where(column, "gte", literals.scalar(value))

    def lt(self, column: str, value: Any) -> Self:
        return self._where(column, "lt", literals.scalar(value))

    def lte(self, column: str, value: Any) -> Self:
        return self._where(column, "lte", literals.scalar(value))

    def is_(self, column: str, value: bool | str | None) -> Self:
        """`None`, `True`, `False`, or "null", "not_null", "true", "false", "unknown"."""
        return self._where(column, "is", value if isinstance(value, str) else _IS[value])

    def in_(self, column: str, values: Iterable[Any]) -> Self:
        """Too many values for one address are spread over several requests, each value once.

        An update or delete is then several transactions, one after the other.
        """
        items = tuple(dict.fromkeys(map(literals.list_item, values)))
        if items == ('""',):
            items *= 2  # PostgREST takes a lone empty text for the empty list
        return self._where(column, "in", f"({','.join(items)})", items)

    def like(self, column: str, pattern: str) -> Self:
        return self._where(column, "like", pattern)

    def ilike(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike", pattern)

    def like_all_of(self, column: str, pattern: str) -> Self:
        """`pattern` is a comma-separated list of patterns, as are those of the next three."""
        return self._where(column, "like(all)", f"{{{pattern}}}")

    def like_any_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "like(any)", f"{{{pattern}}}")

    def ilike_all_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike(all)", f"{{{pattern}}}")

    def ilike_any_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike(any)", f"{{{pattern}}}")

    def match(self, query: Mapping[str, Any]) -> Self:
        """All of these columns equal these values."""
        if not query:
            raise UsageError("match() needs at least one column.")
        matched = self
        for column, value in query.items():
            matched = matched.eq(column, value)
        return matched

    def or_(self, filters: str, reference_table: str | None = None) -> Self:
        """`filters` in PostgREST's spelling: "status.eq.aberta,prioridade.eq.alta"."""
        return self._logic("or", filters, reference_table)

    def and_(self, filters: str, reference_table: str | None = None) -> Self:
        return self._logic("and", filters, reference_table)

    def _logic(self, operator: str, filters: str, table: str | None) -> Self:
        key = f"not.{operator}" if self._negate else operator
        if table:
            key = f"{literals.column(table)}.{key}"
        return self._with(Param("filter", key, f"({filters})"))

    def fts(self, column: str, query: Any) -> Self:
        return self._where(column, "fts", str(query))

    def plfts(self, column: str, query: Any) -> Self:
        return self._where(column, "plfts", str(query))

    def phfts(self, column: str, query: Any) -> Self:
        return self._where(column, "phfts", str(query))

    def wfts(self, column: str, query: Any) -> Self:
        return self._where(column, "wfts", str(query))

    def text_search(self, column: str, query: str, options: Mapping[str, Any] | None = None) -> Self:
        """`options`: `type` plain, phrase or web_search, and `config`, the text search configuration."""
        options = options or {}
        kind = {"plain": "pl", "phrase": "ph", "web_search": "w"}.get(str(options.get("type")), "")
        config = f"({options['config']})" if options.get("config") else ""
        return self._where(column, f"{kind}fts{config}", query)

    def contains(self, column: str, value: Iterable[Any] | str | dict[str, Any]) -> Self:
        return self._where(column, "cs", literals.container(value))

    def contained_by(self, column: str, value: Iterable[Any] | str | dict[str, Any]) -> Self:
        return self._where(column, "cd", literals.container(value))

    def overlaps(self, column: str, values: Iterable[Any] | str) -> Self:
        return self._where(column, "ov", literals.container(values))

    def cs(self, column: str, values: Iterable[Any]) -> Self:
        return self._where(column, "cs", literals.array(values))

    def cd(self, column: str, values: Iterable[Any]) -> Self:
        return self._where(column, "cd", literals.array(values))

    ov = overlaps

    def _range(self, column: str, operator: str, bounds: Range) -> Self:
        return self._where(column, operator, f"({bounds[0]},{bounds[1]})")

    def sl(self, column: str, range: Range) -> Self:
        return self._range(column, "sl", range)

    def sr(self, column: str, range: Range) -> Self:
        return self._range(column, "sr", range)

    def nxl(self, column: str, range: Range) -> Self:
        return self._range(column, "nxl", range)

    def nxr(self, column: str, range: Range) -> Self:
        return self._range(column, "nxr", range)

    def adj(self, column: str, range: Range) -> Self:
        return self._range(column, "adj", range)

    range_lt = sl
    range_gt = sr
    range_gte = nxl
    range_lte = nxr
    range_adjacent = adj


class Modifiers(Filters):
    """What shapes a response: columns, order, window, format."""

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
