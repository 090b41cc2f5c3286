"""One HTTP exchange over aiohttp's connections, or over an httpx transport that the caller brings.

httpx's own pool leaks slots when a request is cancelled, aiohttp's does not. Neither httpx.AsyncClient nor aiohttp's
defaults are used: nothing follows redirects with the key, keeps cookies or logs addresses.
"""

import asyncio
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from functools import cache
from typing import NamedTuple
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from sistema_os.supabase.codec import Inflater
from sistema_os.supabase.errors import ConnectionFailed, TransportError, UsageError
from sistema_os.supabase.types import Secret

KEEP_ALIVE = 15.0
# For requests that cannot be repeated: a connection that idled longer may be dead without anybody knowing.
KEEP_ALIVE_OF_WRITES = 1.0
# Of one connection; aiohttp's own 64 KiB stops and starts the socket several times within a page of a thousand rows.
READ_AHEAD = 256 * 1024
# PostgREST echoes the address in a header, with three bytes for many a one; aiohttp reads 8 KiB by default.
LONGEST_HEADER = 256 * 1024
PIECE = 512 * 1024
# The deadline of a query is a deadline; time-outs of single reads and writes have none of their own.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Reply(NamedTuple):
    """`damage` says why the body is not whole, if it is not: too large, or not the gzip it claims to be."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    damage: str = ""

    def __repr__(self) -> str:
        return f"<Reply {self.status} {len(self.body)} bytes>"


class Request(NamedTuple):
    """One HTTP request; `headers` hold the key."""

    method: str
    url: str
    headers: Secret[dict[str, str]]
    content: bytes

    def __repr__(self) -> str:
        return f"<Request {self.method} {len(self.content)} bytes>"


@cache
def _tls() -> object:
    return httpx.create_ssl_context()


def proxy_for(url: httpx.URL, proxy: str | None, trust_env: bool) -> httpx.Proxy | None:
    """The proxy on the way to `url`: the one given, else HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

    An empty text means none. A server on this machine is never looked for behind the environment's proxy.
    """
    found = proxy
    if proxy is None and trust_env and url.host not in _LOOPBACK:
        proxies = getproxies_environment()
        host = f"{url.host}:{url.port}" if url.port else url.host
        if not proxy_bypass(host):
            found = proxies.get(url.scheme) or proxies.get("all")
    if not found:
        return None
    try:
        parsed = httpx.Proxy(found if "://" in found else f"http://{found}")
        # aiohttp turns this header into Proxy-Authorization, for plain requests and for tunnels.
        login = {"Authorization": aiohttp.encode_basic_auth(*parsed.auth)} if parsed.auth else None
        return httpx.Proxy(parsed.url, headers=login)
    except (ValueError, httpx.InvalidURL):
        pass
    raise UsageError("The proxy's address must look like http://proxy.example:3128; it is not shown here.")


def open_transport(
    url: httpx.URL, max_connections: int, proxy: httpx.Proxy | None = None, keep_alive: float = KEEP_ALIVE
) -> AiohttpTransport:
    """Connections open with the first request, in the loop that sends it."""
    verify = _tls() if url.scheme == "https" else False

    def session() -> aiohttp.ClientSession:
        tls = transport.ssl_context if url.scheme == "https" else False
        connector = aiohttp.TCPConnector(limit=max_connections, keepalive_timeout=keep_alive, ssl=tls)
        opened = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_AHEAD,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )
        # aiohttp would quietly send a GET or DELETE again after a broken keep-alive; retry.py decides that.
        opened._retry_connection = False
        return opened

    transport = AiohttpTransport(verify=verify, client=session, proxy=proxy)  # type: ignore[arg-type]  # cached context
    return transport


def content(body: bytes) -> bytes | AsyncIterator[bytes] | None:
    """A large body is handed over in pieces, between which the loop goes on."""
    return _pieces(body) if len(body) > PIECE else body or None


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


async def exchange(transport: httpx.AsyncBaseTransport, request: Request, limit: int) -> Reply | TransportError:
    """The failure is answered, not raised: nothing of the HTTP library's exception stays chained to it."""
    try:
        if isinstance(transport, AiohttpTransport):
            return await _straight(transport, request, limit)
        return await _through(transport, request, limit)
    except (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError, UnicodeError) as error:
        return _failure(error)
    except RuntimeError as error:
        if not is_closed(transport):
            raise
        return _failure(error)


async def _straight(transport: AiohttpTransport, request: Request, limit: int) -> Reply:
    """Over the connections of our own transport, without an httpx.Request and an httpx.Response around each exchange:
    to build them takes longer than everything else that the client does.
    """
    if not isinstance(transport.client, aiohttp.ClientSession):
        transport.client = transport.get_client()
    proxy = transport.proxy
    async with transport.client.request(
        request.method,
        URL(request.url, encoded=True),
        headers=request.headers.reveal(),
        data=content(request.content),
        allow_redirects=False,
        auto_decompress=False,
        timeout=_NO_TIMEOUT,
        proxy=str(proxy.url) if proxy else None,
        proxy_headers=proxy.headers if proxy else None,
    ) as response:
        return await _read(response.status, response.headers, response.content.iter_any(), limit)


async def _through(transport: httpx.AsyncBaseTransport, request: Request, limit: int) -> Reply:
    """Over a transport that was handed to the client."""
    sent = httpx.Request(
        request.method, request.url, headers=request.headers.reveal(), content=content(request.content)
    )
    response = await transport.handle_async_request(sent)
    try:
        if not isinstance(response.stream, httpx.AsyncByteStream):
            return Reply(response.status_code, response.headers, b"", "it cannot be read asynchronously")
        return await _read(response.status_code, response.headers, response.stream, limit)
    finally:
        await response.aclose()


def is_closed(transport: httpx.AsyncBaseTransport) -> bool:
    """Whether somebody closed the client while the request was under way."""
    return isinstance(transport, AiohttpTransport) and getattr(transport.client, "closed", False)


async def _read(status: int, headers: Mapping[str, str], chunks: AsyncIterable[bytes], limit: int) -> Reply:
    pieces, damage = [], ""
    try:
        inflater = Inflater(headers.get("content-encoding", ""), limit)
    except LookupError:
        return Reply(status, headers, b"", "it is compressed in a way that was not asked for")
    try:
        async for chunk in chunks:
            pieces.append(inflater.feed(chunk))  # noqa: PERF401 - what came before a fault is kept
        damage = "" if inflater.whole() or not pieces else "it is cut off"
    except OverflowError:
        damage = f"it is larger than {limit // 1024} KiB"
    except zlib.error:
        damage = "it is not the gzip that it claims to be"
    return Reply(status, headers, b"".join(pieces), damage)


def _failure(error: Exception) -> ConnectionFailed:
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    failure = ConnectionFailed(_reason(cause))
    failure.sent = not _never_sent(cause)
    return failure


def _never_sent(cause: BaseException) -> bool:
    """httpx-aiohttp calls several broken connections "connect timeout": only aiohttp's own class tells."""
    if isinstance(cause, aiohttp.ClientError):
        never = (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
            aiohttp.ClientHttpProxyError,
        )
        return isinstance(cause, never)
    return isinstance(cause, (UnicodeError, httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))


def _reason(cause: BaseException) -> str:
    """A few words without address, header or body."""
    match cause:
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "the proxy gives no connection"
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "its TLS certificate or protocol is not accepted"
        case aiohttp.ClientConnectorError() | httpx.ConnectError() | ConnectionRefusedError():
            return "no connection"
        case httpx.TimeoutException() | asyncio.TimeoutError():
            return "no answer in time"
        case _:
            return "the connection broke"
