"""Proxies of the environment, and one given by an argument."""

import asyncio

import httpx
import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.transport import proxy_for
from tests.supabase.servers import Server, answer, read_request, scripted, serving

pytestmark = pytest.mark.anyio
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("environment", "url", "expected"),
    [
        ({}, "https://x.supabase.co", None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://x.supabase.co", "http://proxy:3128"),
        ({"HTTPS_PROXY": "proxy:3128"}, "https://x.supabase.co", "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "https://x.supabase.co", None),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://hotel.test", "http://proxy:3128"),
        ({"ALL_PROXY": "http://proxy:3128"}, "https://x.supabase.co", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "supabase.co"}, "https://x.supabase.co", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "https://x.supabase.co", None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "other.co"}, "https://x.supabase.co", "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://127.0.0.1:3000", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, expected: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = proxy_for(httpx.URL(url), None, True)
    assert (str(found.url) if found else None) == expected
    assert proxy_for(httpx.URL(url), None, False) is None
    assert proxy_for(httpx.URL(url), "", True) is None


def test_an_unsupported_proxy_scheme_is_refused_without_showing_the_password() -> None:
    with pytest.raises(sb.UsageError) as caught:
        SupabaseClient("https://x.supabase.co", "key", proxy="ftp://user:secret@proxy")
    assert "secret" not in repr(caught.value)


async def test_requests_go_through_the_proxy_that_is_given() -> None:
    async with (
        scripted(answer(body=b'[{"id":1}]')) as proxy,
        SupabaseClient("http://hotel.test", "key", proxy=proxy.url.replace("//", "//user:secret@")) as supabase,
    ):
        assert (await supabase.async_table("t").select().execute()).data == [{"id": 1}]
        assert "secret" not in repr(supabase) + repr(vars(supabase))
    head = proxy.requests[0]
    assert head.startswith("GET http://hotel.test/rest/v1/t?select=*")
    assert "proxy-authorization: basic" in head.lower()


async def test_a_tunnel_that_is_refused_leaves_a_write_unsent() -> None:
    server = Server()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            writer.write(answer("407 Proxy Authentication Required", b""))

    async with serving(refuse, server), SupabaseClient("https://x.supabase.co", "key", proxy=server.url) as supabase:
        with pytest.raises(sb.ConnectionFailed, match="proxy") as caught:
            await supabase.async_table("t").insert({"a": 1}).retry(False).execute()
    assert caught.value.sent is False
