import http.client
import os
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from sistema_os.local.stack import PROJECT
from tests import stack
from tests.conftest import HOTEL_TABLES
from tests.stack import WORKER


def test_the_suite_has_servers_of_its_own() -> None:
    assert stack.running is not None
    assert not stack.running.local.is_relative_to(PROJECT)
    assert stack.running.status().running


def test_no_setting_comes_from_the_developers_files(settings_sources: dict[str, str]) -> None:
    assert os.environ["SISTEMA_OS_ENV_FILE"] == os.devnull
    for name in ("DATABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_KEY", "SECRET_KEY"):
        assert os.environ[name] != settings_sources.get(name)


@pytest.fixture
def settings_sources() -> dict[str, str]:
    """What the developer's own `.env` and `.local/stack.env` hold, if they exist."""
    found: dict[str, str] = {}
    for file in (PROJECT / ".env", PROJECT / ".local" / "stack.env"):
        if file.is_file():
            found |= dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return found


@pytest.mark.django_db
def test_django_works_on_a_test_database_of_the_suites_cluster() -> None:
    assert connection.settings_dict["NAME"] in ("test_sistema_os", f"test_sistema_os_{os.environ.get(WORKER)}")
    assert str(connection.settings_dict["PORT"]) == str(urlsplit(os.environ["DATABASE_URL"]).port)
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def test_the_hotel_answers_at_its_rest_address(hotel_db: psycopg.Connection, supabase_settings: dict[str, Any]) -> None:
    hotel_db.execute("insert into inventario_uh (tipo_uh, desde, uh_total) values ('STD', '2026-01-01', 70)")
    assert _get("/inventario_uh?select=uh_total", supabase_settings["key"]) == b'[{"uh_total":70}]'


@pytest.mark.parametrize("table", HOTEL_TABLES)
def test_row_level_security_is_on_and_the_public_may_not_read(hotel_db: psycopg.Connection, table: str) -> None:
    row = hotel_db.execute("select relrowsecurity from pg_class where oid = %s::regclass", (table,)).fetchone()
    assert row == (True,)
    for role in ("anon", "authenticated"):
        held = hotel_db.execute("select has_table_privilege(%s, %s, 'select')", (role, table)).fetchone()
        assert held == (False,)


@pytest.mark.parametrize("function", ["vincular_os", "desvincular_os"])
def test_only_the_app_and_the_service_role_may_link(hotel_db: psycopg.Connection, function: str) -> None:
    rights = hotel_db.execute(
        "select r, has_function_privilege(r, p.oid, 'execute') from pg_proc p, "
        "unnest(array['anon', 'authenticated', 'service_role', 'sistema_os_app']) r where p.proname = %s",
        (function,),
    ).fetchall()
    assert dict(rights) == {
        "anon": False,
        "authenticated": False,
        "service_role": True,
        "sistema_os_app": True,
    }


def test_one_answer_holds_at_most_a_thousand_rows(
    hotel_db: psycopg.Connection, supabase_settings: dict[str, Any]
) -> None:
    hotel_db.execute(
        "insert into inventario_uh (tipo_uh, desde, uh_total) "
        "select 'T' || n, '2026-01-01', 1 from generate_series(1, 1100) n"
    )
    body = _get("/inventario_uh?select=uh_total&limit=1100", supabase_settings["key"])
    assert body.count(b"uh_total") == 1000


def test_a_query_is_ended_by_the_server_after_30_seconds(hotel_db: psycopg.Connection) -> None:
    rows = hotel_db.execute(
        "select rolname, rolconfig from pg_roles where rolname in ('authenticator', 'service_role', 'sistema_os_app')"
    )
    assert dict(rows.fetchall()) == {
        "authenticator": ["statement_timeout=30s"],
        "service_role": ["statement_timeout=30s"],
        "sistema_os_app": ["statement_timeout=30s"],
    }


def _get(path: str, key: str) -> bytes:
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}
    hotel = http.client.HTTPConnection(urlsplit(settings.SUPABASE["url"]).netloc, timeout=10)
    try:
        hotel.request("GET", path, headers=headers)
        return hotel.getresponse().read()
    finally:
        hotel.close()
