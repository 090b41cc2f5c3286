import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from sistema_os.local.bootstrap import HOTEL_DATABASE
from tests import stack

HOTEL_TABLES = (
    "hospedes",
    "reservas",
    "listagem_hospedes",
    "hospedes_casa",
    "ordens_servico",
    "sugestoes_match",
    "inventario_uh",
    "rm_diario",
)


@pytest.fixture
def hotel_db() -> Iterator[psycopg.Connection]:
    """The hotel's Supabase seen from behind, as its superuser: autocommit, all tables empty, ids from 1."""
    assert stack.running is not None
    with stack.running.connect_hotel() as hotel:
        hotel.execute(f"truncate {', '.join(HOTEL_TABLES)} restart identity cascade".encode())
        yield hotel


@pytest.fixture
def supabase_settings() -> dict[str, Any]:
    """Keyword arguments for SupabaseClient: the suite's own PostgREST, with the service key."""
    return dict(settings.SUPABASE)


@pytest.fixture
def child_env(transactional_db: None) -> dict[str, str]:
    """The environment for a process that a test starts: the product's settings on the test's databases."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "sistema_os.settings", "DATABASE_URL": database.geturl()}


@pytest.fixture(scope="session")
def hotel_database_url() -> str:
    assert stack.running is not None
    return stack.running.url(HOTEL_DATABASE)
