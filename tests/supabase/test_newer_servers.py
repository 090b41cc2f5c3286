"""Responses of PostgREST 13, 14 and 16 that differ from 12, by their changelogs, from a server on loopback.

No release newer than 12.0.2 can be installed by the project's own means. The suites of `tests/supabase/real` run on a
newer one where POSTGREST_BINARY names its program.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.local.errors import LocalStackError
from sistema_os.local.postgrest import program
from sistema_os.supabase import SupabaseClient
from tests.supabase.servers import Server, answer, scripted

pytestmark = pytest.mark.anyio
KEY = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"


def reply(version: str, status: str, body: bytes, *headers: str) -> bytes:
    return answer(status, body, f"Server: postgrest/{version}", "Vary: Accept, Prefer, Range", *headers)


def error(code: str, message: str = "", details: str = "null", hint: str = "null") -> bytes:
    return f'{{"code":"{code}","details":{details},"hint":{hint},"message":"{message}"}}'.encode()


Ask = Callable[[SupabaseClient], Awaitable[Any]]


async def refused(replied: bytes, ask: Ask) -> tuple[sb.SupabaseError, Server]:
    async with scripted(replied) as server, SupabaseClient(server.url, KEY, deadline=5) as supabase:
        with pytest.raises(sb.SupabaseError) as caught:
            await ask(supabase)
    return caught.value, server


async def test_13_reports_a_missing_table_with_its_own_code() -> None:
    body = error("PGRST205", "Could not find the table 'public.nova' in the schema cache", hint='"Perhaps nova_b"')
    caught, _ = await refused(
        reply("13.0.0", "404 Not Found", body), lambda s: s.async_table("nova").select().execute()
    )
    assert (type(caught), caught.code, caught.hint) == (sb.NotFound, "PGRST205", "Perhaps nova_b")


async def test_13_reports_the_error_of_a_head_request_in_a_header() -> None:
    gone = reply("13.0.0", "404 Not Found", b"", "Proxy-Status: PostgREST; error=PGRST205")
    caught, _ = await refused(gone, lambda s: s.async_table("nova").select(count="exact", head=True).execute())
    assert (type(caught), caught.code) == (sb.NotFound, "PGRST205")


@pytest.mark.parametrize("code", ["PGRST301", "PGRST302", "PGRST303"])
async def test_13_has_three_error_codes_for_tokens(code: str) -> None:
    replied = reply("13.0.4", "401 Unauthorized", error(code, "JWT expired"))
    caught, _ = await refused(replied, lambda s: s.async_table("t").select().execute())
    assert (type(caught), caught.code) == (sb.AuthError, code)
    assert ("expired or its claims" in str(caught)) is (code == "PGRST303")


async def test_13_has_another_message_for_the_row_count_of_single() -> None:
    body = error("PGRST116", "Cannot coerce the result to a single JSON object", '"The result contains 0 rows"')
    none = reply("13.0.0", "406 Not Acceptable", body)
    async with scripted(none) as server, SupabaseClient(server.url, KEY) as supabase:
        assert (await supabase.async_table("t").delete().eq("id", 1).maybe_single().execute()).data is None
    many = reply("13.0.0", "406 Not Acceptable", body.replace(b"0 rows", b"4 rows"))
    caught, _ = await refused(many, lambda s: s.async_table("t").delete().gt("id", 1).maybe_single().execute())
    assert isinstance(caught, sb.NotSingleRow)
    assert caught.rows == 4


async def test_13_ignores_limit_on_writes_so_it_is_refused() -> None:
    caught, server = await refused(
        reply("13.0.0", "200 OK", b"[]"),
        lambda s: s.async_table("t").update({"a": 1}).gt("id", 0).order("id").limit(1).execute(),
    )
    assert (type(caught), server.requests) == (sb.UsageError, [])


async def test_13_enforces_max_affected() -> None:
    caught, server = await refused(
        reply(
            "13.0.0", "400 Bad Request", error("PGRST124", "Query result exceeds max-affected preference constraint")
        ),
        lambda s: s.async_table("t").delete().gt("id", 0).max_affected(1).execute(),
    )
    assert (type(caught), caught.code) == (sb.BadQuery, "PGRST124")
    assert "max-affected=1" in server.requests[0]


@pytest.mark.parametrize(("code", "status"), [("PGRST125", "404 Not Found"), ("PGRST126", "404 Not Found")])
async def test_13_has_codes_for_invalid_paths(code: str, status: str) -> None:
    caught, _ = await refused(reply("13.0.0", status, error(code)), lambda s: s.async_table("t").select().execute())
    assert isinstance(caught, sb.ResponseError)
    assert caught.status == 404


@pytest.mark.parametrize(
    ("version", "rows"), [("13.0.8", None), ("14.3", None), ("14.4", 2), ("14.17", 2), ("16.1", 2)]
)
async def test_14_4_returns_what_an_update_by_or_has_changed(version: str, rows: int | None) -> None:
    replied = reply(version, "200 OK", b'[{"id":1},{"id":2}]', "Content-Range: 0-1/*")
    async with scripted(replied) as server, SupabaseClient(server.url, KEY) as supabase:
        await supabase.async_table("t").select().execute()
        query = supabase.async_table("t").update({"a": 1}).or_("a.eq.2,a.eq.3")
        if rows is None:
            with pytest.raises(sb.UsageError, match="minimal"):
                await query.execute()
            assert len(server.requests) == 1
        else:
            assert len((await query.execute()).data) == rows


async def test_14_sends_a_content_length_with_an_empty_insert_response() -> None:
    async with scripted(reply("14.2", "201 Created", b"")) as server, SupabaseClient(server.url, KEY) as supabase:
        assert (await supabase.async_table("t").insert({"a": 1}, returning="minimal").execute()).data == []


async def test_14_reports_an_offset_beyond_the_last_row() -> None:
    body = error("PGRST103", "Requested range not satisfiable", '"An offset of 9 was requested, but there are 3 rows."')
    caught, _ = await refused(
        reply("14.2", "416 Range Not Satisfiable", body, "Content-Range: */3"),
        lambda s: s.async_table("t").select("*", count="exact").offset(9).execute(),
    )
    assert (type(caught), "no row stands at that offset" in str(caught)) == (sb.BadQuery, True)


async def test_16_may_send_errors_with_only_a_code() -> None:
    caught, _ = await refused(
        reply("16.0", "409 Conflict", b'{"code":"23505"}'), lambda s: s.async_table("t").insert({"a": 1}).execute()
    )
    assert (type(caught), caught.code) == (sb.Conflict, "23505")


async def test_16_deprecation_warnings_about_embedded_tables_are_ignored() -> None:
    old = 'Warning: 299 PostgREST "Filtering by the table name of an aliased embedding is deprecated"'
    replied = reply("16.0", "200 OK", b'[{"id":1,"g":[]}]', "Content-Range: 0-0/*", old)
    async with scripted(replied) as server, SupabaseClient(server.url, KEY) as supabase:
        query = supabase.async_table("t").select("id,g:guests(id)").limit(5, foreign_table="g")
        assert (await query.execute()).data == [{"id": 1, "g": []}]


async def test_a_version_behind_a_gateway_is_read_from_the_schema() -> None:
    listed = answer("200 OK", b"", "Server: cloudflare", "Content-Range: */*")
    schema = answer("200 OK", b'{"swagger":"2.0","info":{"version":"14.17 (a1b2c3)"}}', "Server: cloudflare")
    async with scripted(schema, listed) as server, SupabaseClient(server.url, KEY) as supabase:
        learned = await supabase.learn_server("t")
        assert (learned.version, learned.max_rows) == ("14.17", None)
        assert "application/openapi+json" in server.requests[0]
        assert (learned.is_before(14, 4), learned.is_before(16, 0)) == (False, True)


def test_the_real_suites_run_on_the_postgrest_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = tmp_path / "postgrest"
    newer.touch(0o755)
    monkeypatch.setenv("POSTGREST_BINARY", str(newer))
    assert program(tmp_path) == newer.resolve()
    newer.chmod(0o644)
    for given in (newer, tmp_path / "absent"):
        monkeypatch.setenv("POSTGREST_BINARY", str(given))
        with pytest.raises(LocalStackError, match="POSTGREST_BINARY"):
            program(tmp_path)
