"""Tables and functions for these tests; PostgREST reloads its schema before and after them."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.real.crowd import Options

SCHEMA = """
create table awkward (id bigint primary key, t text, "a b" text, "c.d" text, j jsonb, tags text[], period int4range,
  day date, n numeric, ok boolean default true, b bytea);
create table crowd (id bigint primary key, house int not null default 0, name text collate "C" unique);
create table guests (id bigint primary key, crowd_id bigint references crowd(id));
create table reserved (id bigint primary key, "limit" int, "order" text);
create table ambiguous (id bigint primary key);
alter table guests add first_id bigint references ambiguous(id), add second_id bigint references ambiguous(id);
alter table reserved enable row level security;
alter table ambiguous enable row level security;
alter table awkward enable row level security;
alter table crowd enable row level security;
alter table guests enable row level security;
revoke all on awkward, crowd, guests, reserved, ambiguous from anon, authenticated;
grant all on awkward, crowd, guests, reserved, ambiguous to service_role, sistema_os_app;
create function echo(value text) returns text language sql stable as 'select value';
create function crowd_from(low bigint) returns setof crowd language sql stable as 'select * from crowd where id >= low';
create function nothing() returns void language sql as 'select';
create function slow() returns void language sql set statement_timeout = '100ms' as 'select pg_sleep(5)';
create function twofold(value text) returns text language sql stable as 'select value';
create function twofold(value int) returns int language sql stable as 'select value';
grant execute on function twofold(text), twofold(int), echo, crowd_from, nothing, slow to service_role, sistema_os_app;
notify pgrst, 'reload schema';
"""
CLEAN = """
drop table if exists guests, crowd, awkward, reserved, ambiguous cascade;
drop function if exists echo, crowd_from, nothing, slow, twofold(text), twofold(int);
notify pgrst, 'reload schema';
"""


def _is_known() -> bool:
    """Only an embedding asks PostgREST's own memory; a plain read asks PostgreSQL."""
    try:
        SupabaseClient(**settings.SUPABASE).table("guests").select("id,crowd(id)").limit(1).execute()
    except sb.NotFound as error:
        return error.code != "PGRST200"
    return True


def _wait_until_known(known: bool) -> None:
    for _ in range(400):
        if _is_known() is known:
            return
        time.sleep(0.05)  # PostgREST reloads on its own time and reports to nobody
    raise AssertionError("PostgREST did not reload its schema")


@pytest.fixture(scope="module")
def own_tables(hotel_database_url: str) -> Iterator[None]:
    with psycopg.connect(hotel_database_url, autocommit=True) as hotel:
        hotel.execute(SCHEMA.encode())
        _wait_until_known(True)
        yield
        hotel.execute(CLEAN.encode())
        _wait_until_known(False)


@pytest.fixture
def ready(own_tables: None, hotel_db: psycopg.Connection, feed_settings: Options) -> Options:
    """Settings of a client whose tables are there, known to PostgREST and empty."""
    hotel_db.execute("truncate awkward, guests, crowd, reserved")
    return feed_settings
