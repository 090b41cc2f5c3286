"""Filters and modifiers of a query, under the names of the official client."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from sistema_os.supabase import literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.query import Head, Param, Query

Range = tuple[Any, Any]
Condition = tuple[str, str, Any]
SINGLE = "application/vnd.pgrst.object+json"


class Filters(Query):
    """Each method returns a new query with one more condition; conditions are joined by AND."""

    __slots__ = ()

    def filter(self, column: str, operator: str, criteria: Any) -> Self:
        """The escape hatch: any operator, the criteria in PostgREST's own spelling."""
        return self._where(column, literals.text(operator, "An operator"), literals.scalar(criteria))

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
        """`None`, `True`, `False`, or "null", "not_null", "true", "false", "unknown".

        "not_null" is sent as `not.is.null`: PostgREST knows the short form from version 13 on.
        """
        operand = literals.truth(value)
        if operand.lower() != "not_null":
            return self._where(column, "is", operand)
        return self._using(self._params, negate=not self._negate)._where(column, "is", "null")

    def in_(self, column: str, values: Iterable[Any]) -> Self:
        """Too many values for one address are spread over several requests, each value once.

        An update or delete is then several transactions, one after the other.
        """
        items = tuple(dict.fromkeys(map(literals.list_item, literals.listed(values, "in_()"))))
        if items == ('""',):
            items *= 2  # PostgREST takes a lone empty text for the empty list
        return self._where(column, "in", f"({','.join(items)})", items)

    def like(self, column: str, pattern: str) -> Self:
        return self._where(column, "like", literals.text(pattern, "A pattern"))

    def ilike(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike", literals.text(pattern, "A pattern"))

    def like_all_of(self, column: str, pattern: str) -> Self:
        """`pattern` is a comma-separated list of patterns, as are those of the next three."""
        return self._where(column, "like(all)", _patterns(pattern))

    def like_any_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "like(any)", _patterns(pattern))

    def ilike_all_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike(all)", _patterns(pattern))

    def ilike_any_of(self, column: str, pattern: str) -> Self:
        return self._where(column, "ilike(any)", _patterns(pattern))

    def match(self, query: Mapping[str, Any]) -> Self:
        """All of these columns equal these values."""
        if not query or not isinstance(query, Mapping):
            raise UsageError("match() needs at least one column and its value.")
        matched = self
        for column, value in query.items():
            matched = matched.eq(column, value)
        return matched

    def or_(self, filters: str | Iterable[Condition], reference_table: str | None = None) -> Self:
        """`filters` in PostgREST's spelling, "status.eq.aberta,prioridade.eq.alta", where nothing is quoted for you,
        or as conditions, `[("status", "eq", status), ("prioridade", "in", ["alta", "urgente"])]`, where it is.
        """
        return self._logic("or", filters, reference_table)

    def and_(self, filters: str | Iterable[Condition], reference_table: str | None = None) -> Self:
        return self._logic("and", filters, reference_table)

    def _logic(self, operator: str, filters: str | Iterable[Condition], table: str | None) -> Self:
        key = f"not.{operator}" if self._negate else operator
        if table:
            key = f"{literals.column(table)}.{key}"
        return self._with(Param("filter", key, f"({_conditions(filters, operator)})"))

    def fts(self, column: str, query: Any) -> Self:
        return self._where(column, "fts", literals.scalar(query))

    def plfts(self, column: str, query: Any) -> Self:
        return self._where(column, "plfts", literals.scalar(query))

    def phfts(self, column: str, query: Any) -> Self:
        return self._where(column, "phfts", literals.scalar(query))

    def wfts(self, column: str, query: Any) -> Self:
        return self._where(column, "wfts", literals.scalar(query))

    def text_search(self, column: str, query: str, options: Mapping[str, Any] | None = None) -> Self:
        """`options`: `type` plain, phrase or web_search, and `config`, the text search configuration."""
        options = {} if options is None else options
        if not isinstance(options, Mapping):
            raise UsageError("The options of text_search() are a mapping.")
        named = literals.text(options.get("type") or "", "A type of search")
        kind = {"plain": "pl", "phrase": "ph", "web_search": "w"}.get(named, "")
        config = f"({literals.text(options['config'], 'A configuration')})" if options.get("config") else ""
        return self._where(column, f"{kind}fts{config}", literals.text(query, "A text search"))

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
        return self._where(column, operator, literals.bounds(bounds))

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


def _table(name: Any) -> str:
    return literals.text(name, "An embedded table")


def _patterns(pattern: Any) -> str:
    return "{" + literals.text(pattern, "A list of patterns") + "}"


def _conditions(filters: str | Iterable[Condition], operator: str) -> str:
    if isinstance(filters, str):
        spelt = literals.text(filters, "A list of conditions")
    else:
        conditions = list(literals.listed(filters, f"{operator}_()"))
        if any(not isinstance(one, tuple) or len(one) != 3 for one in conditions):
            raise UsageError(f"A condition of {operator}_() is (column, operator, value).")
        spelt = ",".join([literals.condition(*one) for one in conditions])
    if not spelt.strip():
        raise UsageError(f"{operator}_() needs at least one condition.")
    return spelt


class Modifiers(Filters):
    """What shapes a response: columns, order, window, format."""

    __slots__ = ()

    def select(self, *columns: str) -> Self:
        """After a write or on a function's rows: the columns to return."""
        prefer = [p for p in self._head.prefer if self._head.verb == "call" or not p.startswith("return=")]
        selected = self._set(Param("select", "select", literals.without_spaces(columns or ("*",))))
        return selected._headed(prefer=(*prefer, "return=representation"))

    def order(
        self, column: str, *, desc: bool = False, nullsfirst: bool | None = None, foreign_table: str | None = None
    ) -> Self:
        """Called again, it adds the next column to sort by."""
        self._refuse_on_writes("order()", foreign_table)
        key = f"{_table(foreign_table)}.order" if foreign_table else "order"
        term = f"{literals.text(column, 'A column to sort by')}.{'desc' if desc else 'asc'}"
        if nullsfirst is not None:
            term += ".nullsfirst" if nullsfirst else ".nullslast"
        before = self._param(key)
        return self._set(Param("order", key, f"{before},{term}" if before else term))

    def limit(self, size: int, *, foreign_table: str | None = None) -> Self:
        return self._window("limit", literals.whole(size, "A limit"), foreign_table)

    def offset(self, size: int) -> Self:
        return self._window("offset", literals.whole(size, "An offset"), None)

    def range(self, start: int, end: int, foreign_table: str | None = None) -> Self:
        """Rows `start` to `end`, both included, counted from 0."""
        if literals.whole(end, "The end of a range") < literals.whole(start, "The start of a range"):
            raise UsageError("A range ends before it starts.")
        return self._window("offset", start, foreign_table)._window("limit", end - start + 1, foreign_table)

    def _window(self, name: str, size: int, table: str | None) -> Self:
        self._refuse_on_writes(f"{name}()", table)
        return self._set(Param("window", f"{_table(table)}.{name}" if table else name, str(size)))

    def _refuse_on_writes(self, method: str, table: str | None) -> None:
        head = self._head
        if head.verb not in ("read", "call") and not table:
            raise UsageError(
                f"{method} does not go with {head.verb}: PostgREST 13 and later ignore it and write every match. "
                "Read the keys first and name them with in_()."
            )

    def max_affected(self, value: int) -> Self:
        """The server refuses an update or delete that reaches more rows (PostgREST 12.2 and later; others refuse
        the whole request).
        """
        kept = [p for p in self._head.prefer if not p.startswith(("handling=", "max-affected="))]
        most = literals.whole(value, "The most rows to affect")
        return self._headed(prefer=(*kept, "handling=strict", f"max-affected={most}"))

    def strip_nulls(self) -> Self:
        if self._head.shape in ("csv", "plan"):
            raise UsageError("strip_nulls() does not go with csv() or explain().")
        return self._headed(strip_nulls=True)

    def exact(self) -> Self:
        """Numbers with a fraction, or beyond 64 bits, as Decimal and int of full precision; slower to decode."""
        return self._headed(exact=True)

    def retry(self, enabled: bool) -> Self:
        return self._headed(retry=enabled)


def refuse_stripped(head: Head, method: str) -> None:
    if head.strip_nulls:
        raise UsageError(f"strip_nulls() does not go with {method}().")
