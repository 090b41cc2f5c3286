"""The client without a server: interface, secrets, refusals. respx replaces HTTP."""

import asyncio
import pickle
import re
import subprocess
import sys

import httpx
import pytest
import respx

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient, errors
from sistema_os.supabase.query import Query
from sistema_os.supabase.types import Secret
from tests.supabase.answering import KEY, URL, connected

pytestmark = pytest.mark.anyio


async def test_the_documented_example_reads_rows() -> None:
    router = respx.Router()
    route = router.get(f"{URL}/rest/v1/ordens_servico", params={"select": "*", "id": "eq.1"})
    route.respond(200, json=[{"id": 1}], headers={"Content-Range": "0-0/*"})
    async with connected(router) as supabase:
        response = await supabase.async_table("ordens_servico").select("*").eq("id", 1).execute()
    assert (response.data, response.count) == ([{"id": 1}], None)
    headers = route.calls.last.request.headers
    assert headers["apikey"] == KEY
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("key", "bearer"),
    [("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2ln_-A", True), ("sb_secret_a.b", False), ("sb_secret_abc", False)],
)
async def test_only_a_token_goes_into_the_authorization_header(key: str, bearer: bool) -> None:
    router = respx.Router()
    route = router.get().respond(200, json=[])
    async with SupabaseClient(URL, key, transport=httpx.MockTransport(router.async_handler)) as supabase:
        await supabase.async_table("t").select().execute()
    headers = route.calls.last.request.headers
    assert (headers["apikey"], headers.get("authorization")) == (key, f"Bearer {key}" if bearer else None)


@pytest.mark.parametrize(
    ("rest_path", "path"), [("/rest/v1", "/rest/v1/t"), ("", "/t"), ("/", "/t"), ("rest/v1/", "/rest/v1/t")]
)
async def test_the_rest_path_tells_supabase_from_bare_postgrest(rest_path: str, path: str) -> None:
    router = respx.Router()
    route = router.get(path=path).respond(200, json=[])
    async with connected(router, rest_path=rest_path) as supabase:
        await supabase.from_("t").select().execute()
    assert route.called


async def test_every_exported_name_exists_and_every_error_stands_in_the_tree() -> None:
    for name in sb.__all__:
        assert getattr(sb, name).__name__ == {"Row": "dict"}.get(name, name)
    classes = [n for n in vars(errors).values() if isinstance(n, type) and issubclass(n, sb.SupabaseError)]
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"^ *[│├└─ ]*([A-Z]\w+)", errors.__doc__, re.MULTILINE))
    assert {cls.__name__ for cls in classes} <= drawn
    assert all(cls.__name__ in sb.__all__ for cls in classes)


def test_the_client_is_importable_without_django() -> None:
    code = "import sys, sistema_os.supabase; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_builders_are_immutable() -> None:
    async with connected(respx.Router()) as supabase:
        base = supabase.async_table("t").select("*").eq("a", 1)
        one, other = base.eq("b", 1), base.not_.eq("b", 2)
        assert [len(query._params) for query in (base, one, other)] == [2, 3, 3]
        assert other._params[-1].value == "not.eq.2"
        assert base.not_ is not base
        assert base.eq("c", 3)._params[-1].value == "eq.3"


async def test_no_repr_shows_a_value_or_the_key() -> None:
    async with connected(respx.Router()) as supabase:
        table = supabase.async_table("hospedes")
        written = table.insert({"nome": "Maria"})
        filtered = table.select("*").eq("nome", "Maria")
        shown = [supabase, table, written, filtered, written._head, Secret(KEY), supabase._session, supabase.__dict__]
        assert not [text for text in map(repr, shown) if "Maria" in text or KEY in text]
        assert "Maria" not in repr(sb.APIResponse([{"nome": "Maria"}]))
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize("key", ["", "has space", "line\nbreak", "ção", "tab\t"])
def test_a_key_with_invalid_header_characters_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(sb.UsageError) as caught:
        SupabaseClient(URL, key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "hotel.supabase.co", "ftp://x", "https://", "https://u:p@x.co", "https://x.co?k=1"]
)
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(sb.UsageError, match="must look like"):
        SupabaseClient(url, KEY)


async def test_synchronous_calls_are_refused_inside_a_loop_by_name() -> None:
    async with connected(respx.Router()) as supabase:
        for call in (lambda: supabase.table("t"), lambda: supabase.sync_rpc("f")):
            with pytest.raises(sb.SyncCallInLoop, match=r"async_table\(name\)"):
                call()


def test_a_synchronous_builder_made_outside_is_refused_inside_a_loop_too() -> None:
    query = connected(respx.Router()).table("t").select()

    async def inside() -> None:
        query.execute()

    with pytest.raises(sb.SyncCallInLoop):
        asyncio.run(inside())


async def test_a_closed_client_refuses_queries_of_its_views_as_well() -> None:
    supabase = connected(respx.Router())
    view = supabase.schema("outro")
    await supabase.aclose()
    await supabase.aclose()
    for client in (supabase, view):
        with pytest.raises(sb.UsageError, match="closed"):
            await client.async_table("t").select().execute()


def test_a_client_is_refused_in_a_second_loop() -> None:
    router = respx.Router()
    router.get().respond(200, json=[])
    supabase = connected(router)

    async def read() -> None:
        await supabase.async_table("t").select().execute()

    asyncio.run(read())
    with pytest.raises(sb.UsageError, match="another event loop"):
        asyncio.run(read())


async def test_misspelt_preferences_and_names_are_refused_before_sending() -> None:
    async with connected(respx.Router()) as supabase:
        for call in (
            lambda: supabase.async_table("t").select(count="all"),
            lambda: supabase.async_table("t").insert({}, returning="nothing"),
            lambda: supabase.rpc("f", {}, count="exact\r\nX: y"),
            lambda: supabase.schema("ção"),
            lambda: supabase.async_table("t").select().match({}),
            lambda: supabase.async_table("t").select().csv().strip_nulls(),
            lambda: supabase.async_table("t").select().strip_nulls().csv(),
            lambda: supabase.async_table("t").select().strip_nulls().explain(),
        ):
            with pytest.raises(sb.UsageError):
                call()
        with pytest.raises(sb.UsageError, match="address of"):
            await supabase.async_table("t").select().or_("a.eq.1," * 20_000).execute()


async def test_names_cannot_inject_a_path_or_query() -> None:
    router = respx.Router()
    route = router.get().respond(200, json=[])
    async with connected(router) as supabase:
        await supabase.async_table("../rpc/x?a=b#c").select("a&limit=1").eq("a=b&c", "d&e=f").execute()
    url = route.calls.last.request.url
    assert url.raw_path.startswith(b"/rest/v1/..%2Frpc%2Fx%3Fa%3Db%23c?")
    assert sorted(url.params.keys()) == ["a=b&c", "select"]


async def test_rows_cut_inside_an_embedding_are_noticed() -> None:
    router = respx.Router()
    many = [{"id": n} for n in range(3)]
    body = [{"id": 1, "reservas": {"hospedes": many}, "motivos": [1, 2, 3]}]
    router.get().respond(200, json=body, headers={"Content-Range": "0-0/*"})
    async with connected(router, max_rows=3) as supabase:
        table = supabase.async_table("t")
        with pytest.raises(sb.TruncatedResult, match="embedded h"):
            await table.select("id,motivos,reservas(h:hospedes(id))".replace("h:", "")).execute()
        few = table.select("id,reservas(hospedes(id))").limit(3, foreign_table="hospedes")
        assert (await few.execute()).data == body
        assert (await table.select("id,motivos").execute()).data == body


async def test_a_response_of_exactly_the_row_cap_is_complete_if_no_row_follows() -> None:
    router = respx.Router()
    router.get(params__contains={"offset": "3", "limit": "1"}).respond(200, json=[], headers={"Content-Range": "*/*"})
    router.get().respond(200, json=[{}, {}, {}], headers={"Content-Range": "0-2/*"})
    async with connected(router, max_rows=3) as supabase:
        assert len((await supabase.async_table("t").select().execute()).data) == 3
        assert router.calls.call_count == 2


async def test_pages_are_complete_when_the_row_cap_is_lower_than_configured() -> None:
    rows = [{"id": n} for n in range(1, 12)]

    def serve(request: httpx.Request) -> httpx.Response:
        above = max(
            (int(v.removeprefix("gt.")) for v in request.url.params.get_list("id") if v[:3] == "gt."), default=0
        )
        upto = min(
            (int(v.removeprefix("lte.")) for v in request.url.params.get_list("id") if v[:3] == "lte"), default=99
        )
        found = [row for row in rows if above < row["id"] <= upto]
        found = found[::-1] if request.url.params["order"] == "id.desc" else found
        found = found[: min(4, int(request.url.params["limit"]))]
        return httpx.Response(200, json=found, headers={"Content-Range": f"0-{len(found) - 1}/*" if found else "*/*"})

    async with SupabaseClient(URL, KEY, transport=httpx.MockTransport(serve)) as supabase:
        for parallel in (1, 4):
            seen = [row async for row in supabase.async_table("t").stream(parallel=parallel)]
            assert seen == rows


async def test_a_value_that_looks_like_a_schema_name_is_not_shown() -> None:
    router = respx.Router()
    message = 'invalid input syntax for type integer: "column Maria "'
    router.get().respond(400, json={"code": "22P02", "message": message, "hint": "Maria", "details": "Maria"})
    async with connected(router) as supabase:
        with pytest.raises(sb.BadQuery) as caught:
            await supabase.async_table("hospedes").select("*").execute()
    assert "Maria" not in str(caught.value) + str(vars(caught.value))


async def test_an_unfiltered_write_is_refused_whatever_other_parameters_it_has() -> None:
    async with connected(respx.Router()) as supabase:
        table = supabase.async_table("t")
        for query in (
            table.delete(),
            table.update({"a": 1}).order("id", foreign_table="u"),
            table.delete().select("id"),
        ):
            assert isinstance(query, Query)
            with pytest.raises(sb.UnfilteredWrite, match="every row"):
                await query.execute()
