"""Invalid arguments raise an error of the client's own that does not repeat the value."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import respx

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.answering import KEY, connected
from tests.supabase.servers import answer, scripted, silent

pytestmark = pytest.mark.anyio
PERSON = "Conceição-123.456.789-09"


def _deep() -> Any:
    value: Any = PERSON
    for _ in range(100_000):
        value = [value]
    return value


DEEP = _deep()
CALLS: dict[str, Callable[[Any], Any]] = {
    "is_ of a number": lambda t: t.select().is_("a", 12345678909),
    "is_ of a text": lambda t: t.select().is_("a", PERSON),
    "in_ of None": lambda t: t.select().in_("a", None),
    "in_ of a text": lambda t: t.select().in_("a", PERSON),
    "in_ with None": lambda t: t.select().in_("a", [PERSON, None]),
    "in_ of a mapping": lambda t: t.select().in_("a", {PERSON: 1}),
    "like None": lambda t: t.select().like("a", None),
    "like_any_of a list": lambda t: t.select().like_any_of("a", [PERSON]),
    "full text search for None": lambda t: t.select().fts("a", None),
    "text_search for None": lambda t: t.select().text_search("a", None),
    "half a character": lambda t: t.select().eq("a", f"\ud800{PERSON}"),
    "half a character in a pattern": lambda t: t.select().ilike("a", f"\ud800{PERSON}"),
    "half a character in a body": lambda t: t.insert({"a": f"\ud800{PERSON}"}),
    "half a character in a column": lambda t: t.select().eq(f"\ud800{PERSON}", 1),
    "a number of 5000 digits": lambda t: t.select().eq("a", 10**5000),
    "a set in a document": lambda t: t.select().contains("a", {"k": {PERSON}}),
    "NaN in a document": lambda t: t.select().contains("a", {"k": [PERSON, float("nan")]}),
    "contains None": lambda t: t.select().contains("a", None),
    "contains a number": lambda t: t.select().contains("a", 12345678909),
    "a range that is none": lambda t: t.select().sl("a", 12345678909),
    "a range with a null": lambda t: t.select().sl("a", (PERSON, None)),
    "a document that is too deep": lambda t: t.select().contains("a", {"k": DEEP}),
    "a body that is too deep": lambda t: t.insert({"a": DEEP}),
    "a body of numbers": lambda t: t.insert([12345678909]),
    "a body of None": lambda t: t.insert(None),
    "a body that is a text": lambda t: t.upsert(PERSON),
    "an update by a list": lambda t: t.update([{"a": PERSON}]),
    "an object in a body": lambda t: t.insert({"a": object()}),
    "a limit that is a text": lambda t: t.select().limit(PERSON),
    "a negative limit": lambda t: t.select().limit(-1),
    "a limit beyond 64 bits": lambda t: t.select().limit(10**5000),
    "options that are a text": lambda t: t.select().text_search("a", PERSON, PERSON),
    "a limit of None": lambda t: t.select().limit(None),
    "an offset that is a fraction": lambda t: t.select().offset(1.5),
    "a range that ends before it starts": lambda t: t.select().range(5, 2),
    "no column": lambda t: t.select().eq(None, PERSON),
    "a column that is a number": lambda t: t.select().eq(12345678909, 1),
    "an empty column": lambda t: t.select().eq("", PERSON),
    "order by None": lambda t: t.select().order(None),
    "select None": lambda t: t.select(None),
    "a header in max_affected": lambda t: t.update({"a": 1}).eq("a", 1).max_affected(f"1\r\nX: {PERSON}"),
    "a header in explain": lambda t: t.select().explain(format=f"text\r\nX: {PERSON}"),
    "an empty or_": lambda t: t.select().or_(""),
    "no conditions in or_": lambda t: t.select().or_([]),
    "a condition of two in or_": lambda t: t.select().or_([("a", PERSON)]),
    "or_ of None": lambda t: t.select().or_(None),
    "match without columns": lambda t: t.select().match([PERSON]),
    "an on_conflict that is none": lambda t: t.upsert({"a": PERSON}, on_conflict=12345678909),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_an_invalid_call_is_a_usage_error_that_does_not_repeat_the_value(call: Callable[[Any], Any]) -> None:
    async with connected(respx.Router()) as supabase:
        with pytest.raises(sb.UsageError) as caught:
            await call(supabase.async_table("t")).execute()
    shown = repr(caught.value) + str(vars(caught.value))
    assert not [secret for secret in (PERSON, "123.456", "12345678909", "\ud800") if secret in shown]
    assert caught.value.__cause__ is None


async def test_names_of_tables_and_functions_are_checked_as_well() -> None:
    async with connected(respx.Router()) as supabase:
        for call in (
            lambda: supabase.async_table(""),
            lambda: supabase.async_table(None),  # type: ignore[arg-type]  # the wrong type is the point
            lambda: supabase.rpc(7),  # type: ignore[arg-type]  # the wrong type is the point
            lambda: supabase.schema(None),  # type: ignore[arg-type]  # the wrong type is the point
            lambda: supabase.rpc("f", {"limit": 5}, get=True),
            lambda: supabase.rpc("f", [PERSON], get=True),  # type: ignore[arg-type]  # the wrong type is the point
        ):
            with pytest.raises(sb.UsageError):
                call()


@pytest.mark.parametrize(
    "options", [{"key": None}, {"key": [7]}, {"size": "x"}, {"size": 0}, {"parallel": 0}, {"parallel": None}]
)
async def test_invalid_options_of_pages_are_refused(options: dict[str, Any]) -> None:
    async with connected(respx.Router()) as supabase:
        with pytest.raises(sb.UsageError):
            async for _ in supabase.async_table("t").pages(**options):
                pass


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://127.0.0.1:0x", "http://[::1"])
def test_an_address_with_an_invalid_port_or_host_is_refused(url: str) -> None:
    with pytest.raises(sb.UsageError, match="must look like"):
        SupabaseClient(url, KEY)


async def test_an_invalid_host_name_raises_connection_failed() -> None:
    async with SupabaseClient("http://a..b", KEY, trust_env=False, deadline=5) as supabase:
        with pytest.raises(sb.ConnectionFailed, match="cannot be resolved") as caught:
            await supabase.async_table("t").select().retry(False).execute()
    assert caught.value.sent is False


async def test_closing_the_client_during_a_query_raises_a_supabase_error() -> None:
    async with silent() as server:
        supabase = SupabaseClient(server.url, KEY, deadline=20)
        query = asyncio.ensure_future(supabase.async_table("t").select().retry(False).execute())
        await asyncio.sleep(0.2)
        assert server.requests
        await supabase.aclose()
        with pytest.raises(sb.SupabaseError):
            await query


async def test_every_error_has_the_official_clients_attributes() -> None:
    errors = [sb.UsageError("a"), sb.ConnectionFailed("b"), sb.BadQuery("c", status=400, code="22P02", hint="d")]
    assert [(e.message, e.code, e.hint, e.details) for e in errors] == [
        ("a", "", "", ""),
        ("b", "", "", ""),
        ("c", "22P02", "d", ""),
    ]


async def test_absent_parts_name_their_replacement() -> None:
    async with connected(respx.Router()) as supabase:
        for name in ("auth", "storage", "realtime", "functions", "channel"):
            with pytest.raises(AttributeError, match=f"no {name}: "):
                getattr(supabase, name)
        with pytest.raises(AttributeError, match="no attribute 'tabel'"):
            getattr(supabase, "tabel" + "")
        assert supabase.from_table("t").name == supabase.from_("t").name == "t"


async def test_a_header_longer_than_eight_kilobytes_is_read() -> None:
    long = "Content-Location: /t?" + "a" * 60_000
    async with scripted(answer("200 OK", b"[]", long)) as server, SupabaseClient(server.url, KEY) as supabase:
        assert (await supabase.async_table("t").select().execute()).data == []
