"""SupabaseClient: one address, one key, one pool of connections."""

import asyncio
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from sistema_os.supabase import literals
from sistema_os.supabase.errors import SyncCallInLoop, UsageError
from sistema_os.supabase.execution import Limits, Session
from sistema_os.supabase.query import Head, Param, Query
from sistema_os.supabase.query_builder import AsyncQueryBuilder, SyncQueryBuilder
from sistema_os.supabase.responses import Answer
from sistema_os.supabase.tables import AsyncTable, SyncTable, count_preference
from sistema_os.supabase.transport import open_transport
from sistema_os.supabase.types import APIResponse, Secret


class SupabaseClient:
    """The hotel's Supabase, for one event loop.

        async with SupabaseClient(url, key) as supabase:
            rows = (await supabase.async_table("ordens_servico").select("*").eq("id", 1).execute()).data

    `deadline` (seconds) holds for each query as a whole. `transport` replaces the network in tests.
    `max_rows` is the server's row cap: an answer of exactly so many rows is checked for being cut.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        rest_path: str = "/rest/v1",
        schema: str = "public",
        deadline: float = 30.0,
        max_connections: int = 8,
        transport: httpx.AsyncBaseTransport | None = None,
        max_rows: int = 1000,
        max_body: int = 64 * 1024 * 1024,
    ) -> None:
        self._base = _address(url, rest_path)
        self._key = _checked(key)
        self._limits = Limits(deadline, max_connections, max_rows, max_body)
        self._given = transport
        self._schema = _header_value(schema)
        self._session = self._open()

    def __repr__(self) -> str:
        return f"<SupabaseClient {self._base.host} schema={self._schema}>"

    def _open(self) -> Session:
        transport = self._given or open_transport(self._base, self._limits.max_connections)
        return Session(str(self._base), self._key, self._limits, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections, of every schema() view too; later queries are refused."""
        if not self._session.closed:
            self._session.closed = True
            await self._session.transport.aclose()

    def async_table(self, name: str) -> AsyncTable:
        return AsyncTable(self, name)

    from_ = async_table

    def table(self, name: str) -> SyncTable:
        """For the shell and simple scripts; inside a running loop it raises, as it would stop the loop."""
        _refuse_in_loop()
        return SyncTable(self, name)

    def schema(self, schema: str) -> "SupabaseClient":
        """The same connections, another schema."""
        view = object.__new__(SupabaseClient)
        view.__dict__.update(self.__dict__, _schema=_header_value(schema))
        return view

    def rpc(
        self,
        func: str,
        params: dict[str, Any] | None = None,
        count: str | None = None,
        head: bool = False,
        get: bool = False,
    ) -> AsyncQueryBuilder[Any]:
        """Calls a function of the database. `get` promises that it only reads, so it may be repeated."""
        return AsyncQueryBuilder(self, *_function(func, params or {}, count, head, get))

    def sync_rpc(self, func: str, params: dict[str, Any] | None = None) -> SyncQueryBuilder[Any]:
        _refuse_in_loop()
        return SyncQueryBuilder(self, *_function(func, params or {}, None, False, False))

    @property
    def proven_rows(self) -> int:
        """The most rows that one answer has been seen to hold."""
        return self._session.proven_rows

    @property
    def max_rows(self) -> int:
        return self._limits.max_rows

    async def run(self, query: Query) -> APIResponse[Any]:
        return await self._working().run(query, self._schema)

    async def fetch(self, query: Query) -> list[Answer]:
        """What run() receives, before it is decoded."""
        return await self._working().fetch(query, self._schema)

    def _working(self) -> Session:
        if self._session.closed:
            raise UsageError("This SupabaseClient is closed.")
        return self._session

    def run_blocking(self, query: Query) -> APIResponse[Any]:
        """In a loop and with a connection of its own, which end with the query."""
        _refuse_in_loop()
        return asyncio.run(self._run_alone(query))

    async def _run_alone(self, query: Query) -> APIResponse[Any]:
        session = self._open()
        try:
            return await session.run(query, self._schema)
        finally:
            if self._given is None:
                await session.transport.aclose()


def _refuse_in_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise SyncCallInLoop(
        "table() blocks, and an event loop is running in this thread: "
        "use `await supabase.async_table(name)...execute()`."
    )


def _function(
    name: str, arguments: dict[str, Any], count: str | None, head: bool, get: bool
) -> tuple[Head, tuple[Param, ...]]:
    method = "HEAD" if head else "GET" if get else "POST"
    prefer = tuple(filter(None, [count_preference(count)]))
    path = f"rpc/{quote(name, safe='')}"
    body = arguments if method == "POST" else None
    asked = Head("call", method, name, path, prefer=prefer, body=body, shape="call", repeatable=method != "POST")
    if method == "POST":
        return asked, ()
    return asked, tuple(Param("other", key, literals.argument(value)) for key, value in arguments.items())


def _address(url: str, rest_path: str) -> httpx.URL:
    try:
        base = httpx.URL(url.rstrip("/") + "/" + rest_path.strip("/"))
    except (httpx.InvalidURL, AttributeError):
        base = httpx.URL()
    if base.scheme not in ("http", "https") or not base.host or base.userinfo or base.query or base.fragment:
        raise UsageError("The Supabase address must look like https://project.supabase.co, without key or query.")
    return base.copy_with(path=base.path.rstrip("/") + "/")


def _header_value(schema: str) -> str:
    if not schema.isascii() or not schema.isprintable():
        raise UsageError("A schema's name goes into a header, which carries printable ASCII only.")
    return schema


def _checked(key: str) -> Secret:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("The Supabase key is empty or holds characters that no key has; it is not shown here.")
    return Secret(key)
