"""SupabaseClient: one address, one key, one pool of connections."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from sistema_os.supabase import literals
from sistema_os.supabase.errors import UsageError
from sistema_os.supabase.execution import Limits, Session, refuse_in_loop
from sistema_os.supabase.query import Head, Param, escaped
from sistema_os.supabase.query_builder import AsyncQueryBuilder, SyncQueryBuilder
from sistema_os.supabase.tables import AsyncTable, SyncTable, count_preference
from sistema_os.supabase.transport import proxy_for
from sistema_os.supabase.types import Secret, ServerInfo

# What the official client has and this one has not, on purpose.
_ABSENT = {
    "auth": "sign people in with Django, or call the Auth API with httpx",
    "storage": "use an S3 client on Supabase's S3 address, or the Storage API with httpx",
    "realtime": "read what changed by a column such as updated_at",
    "channel": "read what changed by a column such as updated_at",
    "functions": "call a function of the database with rpc(), an Edge Function with httpx",
}


class SupabaseClient:
    """The hotel's Supabase, for one event loop.

        async with SupabaseClient(url, key) as supabase:
            rows = (await supabase.async_table("ordens_servico").select("*").eq("id", 1).execute()).data

    Builders do not change: `query.eq(...)` returns a new one, and has no effect unless it is assigned or sent.

    `deadline` (seconds) holds for each query as a whole. `max_rows` is the server's row cap as configured: the client
    notices when the server's own is another one. `proxy` overrides HTTP_PROXY, HTTPS_PROXY and NO_PROXY, which
    `trust_env=False` ignores. `exact` reads fractions as Decimal. `api_key` goes into the `apikey` header in place of
    `key`, which is then a token of a database role of its own. `transport` replaces the network in tests.
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
        proxy: str | None = None,
        trust_env: bool = True,
        exact: bool = False,
        api_key: str = "",
    ) -> None:
        base = _address(url, rest_path)
        limits = Limits(deadline, max_connections, max_rows, max_body)
        self._schema = _header_value(schema)
        gateway = _checked(api_key) if api_key else None
        proxied = proxy_for(base, proxy, trust_env)
        self._session = Session(base, _checked(key), limits, transport, proxied, exact, gateway)

    def __repr__(self) -> str:
        return f"<SupabaseClient {self._session.base.host} schema={self._schema}>"

    def __getattr__(self, name: str) -> Any:
        if name in _ABSENT:
            raise AttributeError(f"This client has no {name}: {_ABSENT[name]}. See docs/supabase.md.")
        raise AttributeError(f"SupabaseClient has no attribute {name!r}.")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections, of every schema() view too; later queries are refused."""
        await self._session.aclose()

    def async_table(self, name: str) -> AsyncTable:
        return AsyncTable(self._session, name, self._schema)

    from_ = async_table
    from_table = async_table

    def table(self, name: str) -> SyncTable:
        """For the shell and simple scripts; inside a running loop it raises, as it would stop the loop."""
        refuse_in_loop()
        return SyncTable(self._session, name, self._schema)

    def schema(self, schema: str) -> "SupabaseClient":
        """The same connections, another schema."""
        view = object.__new__(SupabaseClient)
        view._session = self._session
        view._schema = _header_value(schema)
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
        return AsyncQueryBuilder(self._session, *self._function(func, params or {}, count, head, get))

    def sync_rpc(self, func: str, params: dict[str, Any] | None = None) -> SyncQueryBuilder[Any]:
        refuse_in_loop()
        return SyncQueryBuilder(self._session, *self._function(func, params or {}, None, False, False))

    async def learn_server(self, table: str) -> ServerInfo:
        """The server's version, and its row cap if `table` has more rows than that; asked once per process.

        Where `max_rows` of the answer stays None, the cap is at least `proven_rows`.
        """
        session = self._session
        await session.learn_version()
        if session.server.max_rows is None and session.server.proven_rows <= session.limits.max_rows:
            await session.learn_cap(table, session.limits.max_rows, self._schema)
        return session.server

    def _function(
        self, func: str, arguments: dict[str, Any], count: str | None, head: bool, get: bool
    ) -> tuple[Head, tuple[Param, ...]]:
        name = literals.text(func, "A function's name")
        method = "HEAD" if head else "GET" if get else "POST"
        prefer = tuple(filter(None, [count_preference(count)]))
        called = Head(
            "call",
            method,
            name,
            f"rpc/{escaped(name)}",
            self._schema,
            prefer,
            body=arguments if method == "POST" else None,
            shape="call",
            repeatable=method != "POST",
            exact=self._session.exact,
        )
        if method == "POST":
            return called, ()
        if not isinstance(arguments, Mapping):
            raise UsageError("rpc() takes a mapping of arguments to values.")
        named = [(literals.text(key, "An argument's name"), value) for key, value in arguments.items()]
        return called, tuple(Param("other", key, literals.argument(key, value)) for key, value in named)


def _address(url: str, rest_path: str) -> httpx.URL:
    try:
        base = httpx.URL(url.rstrip("/") + "/" + rest_path.strip("/"))
        well = 0 < (base.port or 80) < 65536
    except (httpx.InvalidURL, AttributeError, TypeError):
        base, well = httpx.URL(), False
    if (
        base.scheme not in ("http", "https")
        or not base.host
        or base.userinfo
        or base.query
        or base.fragment
        or not well
    ):
        raise UsageError("The Supabase address must look like https://project.supabase.co, without key or query.")
    return base.copy_with(path=base.path.rstrip("/") + "/")


def _header_value(schema: str) -> str:
    name = literals.text(schema, "A schema's name")
    if not name.isascii() or not name.isprintable():
        raise UsageError("A schema's name goes into a header, which carries printable ASCII only.")
    return name


def _checked(key: str) -> Secret[str]:
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("The Supabase key is empty or holds characters that no key has; it is not shown here.")
    return Secret(key)
