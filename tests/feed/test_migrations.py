"""The migrations on a project that lives: Supabase's database linter, rights, default privileges, foreign tables.

The rules are those of the published linter (https://supabase.github.io/splinter/), reimplemented on the catalogue for
the schema `public`; each names its lint.
"""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from sistema_os.local import bootstrap
from sistema_os.local.stack import APP_ROLE
from tests import stack
from tests.conftest import HOTEL_TABLES

pytestmark = pytest.mark.stack

# The tables and the functions of the schema; PostgreSQL's catalogue names both by oid.
OURS = """
with c as (
  select * from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
), p as (
  select * from pg_proc f where pronamespace = 'public'::regnamespace
     and not exists (select from pg_depend d where d.objid = f.oid and d.deptype = 'e')
)
"""
LINTS = {
    "0001_unindexed_foreign_keys": """
        select c.relname || '.' || k.conname from pg_constraint k join c on c.oid = k.conrelid
         where k.contype = 'f' and not exists (
           select from pg_index i where i.indrelid = k.conrelid
              and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)""",
    "0004_no_primary_key": """
        select c.relname from c
         where not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)""",
    "0006_multiple_permissive_policies": """
        select tablename || ' ' || r || ' ' || a from pg_policies, unnest(roles) r,
          unnest(case cmd when 'ALL' then array['SELECT', 'INSERT', 'UPDATE', 'DELETE'] else array[cmd] end) a
         where schemaname = 'public' and permissive = 'PERMISSIVE' group by tablename, r, a having count(*) > 1""",
    "0007_policy_exists_rls_disabled": """
        select c.relname from pg_policy join c on c.oid = polrelid where not c.relrowsecurity""",
    "0008_rls_enabled_no_policy": """
        select c.relname from c where c.relrowsecurity and not exists (select from pg_policy where polrelid = c.oid)""",
    "0009_duplicate_index": """
        select c.relname from pg_index i join c on c.oid = i.indrelid
         group by c.relname, i.indrelid, i.indkey, i.indpred::text, i.indexprs::text, i.indclass having count(*) > 1""",
    "0010_security_definer_view": """
        select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'
           and not coalesce(reloptions::text ~ 'security_invoker=(true|on|1|yes)', false)""",
    "0011_function_search_path_mutable": """
        select p.proname from p where not exists (select from unnest(p.proconfig) s where s like 'search_path=%')""",
    "0013_rls_disabled_in_public": "select c.relname from c where not c.relrowsecurity",
    "0014_extension_in_public": "select extname from pg_extension where extnamespace = 'public'::regnamespace",
    "0016_materialized_view_in_api": """
        select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'm'""",
    "0024_permissive_rls_policy": """
        select tablename || '.' || policyname from pg_policies
         where schemaname = 'public' and roles && '{public,anon,authenticated}'::name[]""",
    "0028_and_0029_security_definer_function_executable": """
        select p.proname || ' ' || r from p, unnest(array['anon', 'authenticated']) r
         where p.prosecdef and has_function_privilege(r, p.oid, 'execute')""",
}
READ, WRITE = {"SELECT"}, {"SELECT", "INSERT", "UPDATE"}
RIGHTS = dict.fromkeys(HOTEL_TABLES, READ) | {
    "hospedes_casa": WRITE | {"DELETE"},
    "sugestoes_match": WRITE,
    "rm_diario": WRITE,
}
FUNCTIONS = {
    *("receber_listagem", "receber_ordens", "vincular_os", "desvincular_os"),
    *("vincular_hospede_os", "desvincular_hospede_os"),
}


@pytest.fixture
def project() -> Iterator[psycopg.Connection]:
    """A database as Supabase hands it out, without our migrations."""
    assert stack.running is not None
    with psycopg.connect(stack.running.url("postgres"), autocommit=True) as server:
        server.execute("drop database if exists living with (force)")
        server.execute("create database living")
        with psycopg.connect(stack.running.url("living"), autocommit=True) as connection:
            connection.execute((bootstrap.SQL / "privileges.sql").read_bytes())
            yield connection
        server.execute("drop database living with (force)")


@pytest.mark.parametrize("lint", LINTS)
def test_the_database_linter_finds_nothing(hotel_db: psycopg.Connection, lint: str) -> None:
    assert hotel_db.execute((OURS + LINTS[lint]).encode()).fetchall() == []


@pytest.mark.parametrize(
    ("lint", "bad"),
    [
        ("0001_unindexed_foreign_keys", "create table b (id int primary key, o bigint references hospedes)"),
        ("0004_no_primary_key", "create table b (id int)"),
        ("0009_duplicate_index", "create index on hospedes (nome); create index on hospedes (nome)"),
        ("0008_rls_enabled_no_policy", "create table b (id int); alter table b enable row level security"),
        ("0010_security_definer_view", "create view b as select 1"),
        ("0011_function_search_path_mutable", "create function b() returns int language sql as 'select 1'"),
        ("0013_rls_disabled_in_public", "create table b (id int)"),
        ("0014_extension_in_public", "create extension citext schema public"),
        ("0024_permissive_rls_policy", "create policy b on hospedes using (true)"),
        (
            "0028_and_0029_security_definer_function_executable",
            "create function b() returns int language sql security definer as 'select 1'",
        ),
    ],
)
def test_the_rules_find_what_they_are_for(hotel_db: psycopg.Connection, lint: str, bad: str) -> None:
    with hotel_db.transaction(force_rollback=True):
        hotel_db.execute(bad.encode())
        assert len(hotel_db.execute((OURS + LINTS[lint]).encode()).fetchall()) >= 1


def test_the_app_has_exactly_the_rights_it_needs(hotel_db: psycopg.Connection) -> None:
    rights = """
        select c.relname, r from c, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
          'TRIGGER']) r where has_table_privilege(%s, c.oid, r)"""
    held = hotel_db.execute((OURS + rights).encode(), (APP_ROLE,)).fetchall()
    assert set(held) == {(table, right) for table, rights in RIGHTS.items() for right in rights}
    callable_ = hotel_db.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace "
        "and has_function_privilege(%s, oid, 'execute')",
        (APP_ROLE,),
    ).fetchall()
    assert {name for (name,) in callable_} == FUNCTIONS
    role = hotel_db.execute(
        "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, pg_has_role('authenticator', oid, 'member') "
        "from pg_roles where rolname = %s",
        (APP_ROLE,),
    )
    assert role.fetchone() == (False, False, False, False, True)


def test_the_public_may_nothing(hotel_db: psycopg.Connection) -> None:
    """Supabase's default privileges give the public all rights on what a migration makes: each has to close it."""
    rights = """
        select c.relname from c where has_table_privilege(%(role)s, c.oid, 'select, insert, update, delete, truncate')
        union all select p.proname from p where has_function_privilege(%(role)s, p.oid, 'execute')"""
    for role in ("anon", "authenticated"):
        assert hotel_db.execute((OURS + rights).encode(), {"role": role}).fetchall() == []


@pytest.mark.parametrize("table", HOTEL_TABLES)
def test_nobody_but_the_owner_deletes_the_hotels_rows(hotel_db: psycopg.Connection, table: str) -> None:
    for role in ("anon", "authenticated", "service_role", APP_ROLE):
        may = hotel_db.execute("select has_table_privilege(%s, %s, 'delete, truncate')", (role, table)).fetchone()
        assert may == (table == "hospedes_casa" and role in ("service_role", APP_ROLE),), role


def test_the_projects_default_privileges_stay(project: psycopg.Connection) -> None:
    query = "select defaclrole, defaclnamespace, defaclobjtype, defaclacl::text from pg_default_acl order by 1, 2, 3"
    before = project.execute(query).fetchall()
    bootstrap.migrate(project)
    assert project.execute(query).fetchall() == before
    extensions = (
        "select distinct extnamespace::regnamespace::text from pg_extension where extname in ('pg_trgm', 'unaccent')"
    )
    assert project.execute(extensions).fetchall() == [("extensions",)]


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("create table public.reservas (codigo text primary key, hospede text)", "reservas"),
        ("create view public.hospedes as select 1 as id", "hospedes"),
        ("create function public.toca() returns int language sql as 'select 1'", "toca()"),
    ],
)
def test_what_the_project_already_has_is_left_alone(project: psycopg.Connection, own: str, name: str) -> None:
    project.execute(own.encode())
    with pytest.raises(errors.DuplicateTable) as refused:
        bootstrap.migrate(project)
    assert refused.value.diag.message_primary == (
        f"Este projeto já tem: {name}. Nada foi alterado. / This project already has: {name}. Nothing was changed."
    )
    assert "integracao.md" in str(refused.value.diag.message_hint)
    left = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname = 'ordens_servico'"
    assert project.execute(left).fetchone() == (0,)


def test_old_tables_can_move_aside(project: psycopg.Connection) -> None:
    """The way that docs/integracao.md describes: a schema of their own, then the migrations."""
    project.execute("create table public.reservas (codigo text primary key, hospede text)")
    project.execute("insert into reservas values ('1', 'Ana')")
    project.execute("create schema pms")
    project.execute("alter table public.reservas set schema pms")
    assert bootstrap.migrate(project)
    assert project.execute("select hospede from pms.reservas").fetchone() == ("Ana",)


def test_a_project_that_applied_the_first_migration_long_ago_can_go_on(project: psycopg.Connection) -> None:
    """Its extensions are in `public`, and its first migration had no guard."""
    project.execute("create extension pg_trgm schema public")
    project.execute("create extension unaccent schema public")
    assert len(bootstrap.migrate(project)) >= 2
    answer = project.execute(
        'select receber_listagem(\'[{"name": "Ana", "arrival": "2026-03-10", "departure": "2026-03-12"}]\', '
        "'2026-03-10', 'casa') ->> 'novas'"
    )
    assert answer.fetchone() == ("1",)
