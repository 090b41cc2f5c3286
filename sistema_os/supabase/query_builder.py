"""The query builders that people hold: asynchronous, and synchronous for scripts."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Generic, Literal, TypeVar, cast

from sistema_os.supabase import pagination
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.execution import Session
from sistema_os.supabase.filters import SINGLE, Modifiers, refuse_stripped
from sistema_os.supabase.types import APIResponse, Row

T = TypeVar("T")
Format = Literal["text", "json"]


def _plan_type(flags: dict[str, bool], kind: Format) -> str:
    if kind not in ("text", "json"):
        raise UsageError('explain() takes the format "text" or "json".')
    options = "|".join(name for name, wanted in flags.items() if wanted)
    return f"application/vnd.pgrst.plan+{kind}; options={options}"


class _Shapes(Modifiers):
    """Header changes behind single(), csv() and explain(); the public methods add the types."""

    __slots__ = ()

    def _maybe(self) -> Any:
        """A read counts the rows here. For a write the server does, and undoes it if there are several."""
        if self._head.method in ("GET", "HEAD"):
            return self._headed(shape="maybe")
        return self._headed(accept=SINGLE, shape="maybe")

    def _single(self) -> Any:
        return self._headed(accept=SINGLE, shape="single")

    def _csv(self) -> Any:
        refuse_stripped(self._head, "csv")
        return self._headed(accept="text/csv", shape="csv")

    def _explain(self, kind: Format, **flags: bool) -> Any:
        refuse_stripped(self._head, "explain")
        return self._headed(accept=_plan_type(flags, kind), shape="plan")


class AsyncQueryBuilder(_Shapes, Generic[T]):
    """Immutable; `await builder.execute()` sends it, as often as wanted."""

    __slots__ = ()
    _runner: Session

    async def execute(self) -> APIResponse[T]:
        """Raises SupabaseError within the client's deadline, retries included; safe to cancel at any moment."""
        return await self._runner.run(self)

    def single(self) -> "AsyncQueryBuilder[Row]":
        """Exactly one row, else NotSingleRow, and a write is undone."""
        return cast("AsyncQueryBuilder[Row]", self._single())

    def maybe_single(self) -> "AsyncQueryBuilder[Row | None]":
        """One row or none (`.data` is None), else NotSingleRow, and a write is undone."""
        return cast("AsyncQueryBuilder[Row | None]", self._maybe())

    def csv(self) -> "AsyncQueryBuilder[str]":
        return cast("AsyncQueryBuilder[str]", self._csv())

    def explain(
        self,
        analyze: bool = False,
        verbose: bool = False,
        settings: bool = False,
        buffers: bool = False,
        wal: bool = False,
        format: Format = "text",
    ) -> "AsyncQueryBuilder[Any]":
        """PostgreSQL's plan instead of rows (where the server permits it)."""
        flags = {"analyze": analyze, "verbose": verbose, "settings": settings, "buffers": buffers, "wal": wal}
        return cast("AsyncQueryBuilder[Any]", self._explain(format, **flags))

    def pages(
        self, key: str | Sequence[str] = "id", size: int = 1000, parallel: int = 4
    ) -> AsyncGenerator[list[Row], None]:
        """All matching rows in order of `key`, at most `size` at a time, past the server's row cap.

        `key` is a unique, never null column (or several, together unique) that must be selected.
        A numeric key is read ahead, `parallel` pages at once.
        """
        return pagination.walk(self, pagination.columns_of(key), size, parallel)

    async def stream(
        self, key: str | Sequence[str] = "id", size: int = 1000, parallel: int = 4
    ) -> AsyncGenerator[Row, None]:
        """The rows of pages(), one by one."""
        async with aclosing(pagination.walk(self, pagination.columns_of(key), size, parallel)) as walk:
            async for page in walk:
                for row in page:
                    yield row


class SyncQueryBuilder(_Shapes, Generic[T]):
    """For the shell and simple scripts: the same, blocking."""

    __slots__ = ()
    _runner: Session

    def execute(self) -> APIResponse[T]:
        """Raises SyncCallInLoop inside a running loop."""
        return self._runner.run_blocking(self)

    def single(self) -> "SyncQueryBuilder[Row]":
        return cast("SyncQueryBuilder[Row]", self._single())

    def maybe_single(self) -> "SyncQueryBuilder[Row | None]":
        return cast("SyncQueryBuilder[Row | None]", self._maybe())

    def csv(self) -> "SyncQueryBuilder[str]":
        return cast("SyncQueryBuilder[str]", self._csv())

    def explain(self, format: Format = "text", **flags: bool) -> "SyncQueryBuilder[Any]":
        return cast("SyncQueryBuilder[Any]", self._explain(format, **flags))
