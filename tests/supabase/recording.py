"""Records the requests of both clients in a comparable form."""

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx
from postgrest import AsyncPostgrestClient

from sistema_os.supabase import SupabaseClient

BASE = "http://hotel.test/rest/v1"
MATTERS = ("accept", "prefer", "content-type", "accept-profile", "content-profile")


class Sent(NamedTuple):
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: tuple[tuple[str, str], ...]
    body: Any


def _columns(value: str) -> str:
    return ",".join(sorted(value.split(",")))


def sent(request: httpx.Request) -> Sent:
    """The query sorted, as the server decodes it; the order of `columns` and of preferences means nothing."""
    pairs = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    query = sorted((key, _columns(value) if key == "columns" else value) for key, value in pairs)
    body = json.loads(request.content) if request.content else None
    return Sent(request.method, request.url.path, tuple(query), tuple(_headers(request)), body)


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    reading = request.method in ("GET", "HEAD")
    unread = "content-profile" if reading else "accept-profile"
    found = []
    for name in MATTERS:
        value = request.headers.get(name)
        if value is None or name == unread or (name == "content-type" and not request.content):
            continue
        found.append((name, ",".join(sorted(value.split(","))) if name == "prefer" else value))
    return found


class Recorder:
    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        text = "csv" in request.headers["accept"] or "plan+text" in request.headers["accept"]
        one = "vnd.pgrst.object" in request.headers["accept"]
        return httpx.Response(200, text="" if text else "{}" if one else "[]")

    @property
    def last(self) -> Sent:
        return sent(self.requests[-1])


async def official(build: Any, schema: str = "public") -> Sent:
    """What PyPI `postgrest` sends; `build` takes its client and answers a builder."""
    recorder = Recorder()
    async with httpx.AsyncClient(transport=httpx.MockTransport(recorder)) as http:
        client = AsyncPostgrestClient(BASE, schema=schema, http_client=http)
        await build(client).execute()
    return recorder.last


async def ours(build: Any, schema: str = "public") -> Sent:
    recorder = Recorder()
    transport = httpx.MockTransport(recorder)
    async with SupabaseClient("http://hotel.test", "key", schema=schema, transport=transport) as client:
        await build(client).execute()
    return recorder.last


def table(client: Any) -> Any:
    return client.from_("ordens_servico")
