"""The servers of the demo: those of the local stack, or external ones from the environment or `.env`."""

import asyncio
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from sistema_os.local.errors import LocalStackError
from sistema_os.local.stack import Stack
from sistema_os.supabase import SupabaseClient, SupabaseError

# One column of each table of the jobs, to find missing tables and permissions before anything starts.
_TABLES = {
    "hospedes": "id",
    "reservas": "id",
    "listagem_hospedes": "id",
    "hospedes_casa": "uh",
    "ordens_servico": "id",
    "sugestoes_match": "app_id",
    "inventario_uh": "tipo_uh",
    "rm_diario": "tipo_uh",
}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PROBE_SECONDS = 10.0


@dataclass(frozen=True)
class Services:
    own_database: bool
    own_supabase: bool
    # The environment of the demo's processes.
    env: dict[str, str]

    @property
    def allows_demo_users(self) -> bool:
        """Demo users have a public password, so they are only created in a database on this machine."""
        return urlsplit(self.env["DATABASE_URL"]).hostname in _LOOPBACK


def open_services(stack: Stack) -> Services:
    """Starts the servers that are not external, and checks that the external ones answer."""
    own_database, own_supabase = "DATABASE_URL" in os.environ, "SUPABASE_URL" in os.environ
    if own_supabase and "SUPABASE_SERVICE_KEY" not in os.environ:
        raise LocalStackError("SUPABASE_URL is set and SUPABASE_SERVICE_KEY is not: set both, or neither.")
    values = stack.start(app=not own_database, hotel=not own_supabase)
    # External secrets are kept; the settings for serving pages on this machine are the demo's.
    env = {**values, **os.environ, "HTTPS": "off", "STATIC_FROM_SOURCE": "on", "ALLOWED_HOSTS": "127.0.0.1,localhost"}
    if not own_supabase:
        env |= {name: value for name, value in values.items() if name.startswith("SUPABASE_")}
    services = Services(own_database, own_supabase, env)
    if own_database:
        _try_database(env["DATABASE_URL"])
    if own_supabase:
        asyncio.run(_try_supabase(env))
    return services


def _try_database(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=int(_PROBE_SECONDS)).close()
    except psycopg.Error as error:
        reason = type(error).__name__
        raise LocalStackError(f"The database that DATABASE_URL names cannot be opened ({reason}).") from error


async def _try_supabase(env: dict[str, str]) -> None:
    client = SupabaseClient(
        env["SUPABASE_URL"],
        env["SUPABASE_SERVICE_KEY"],
        rest_path=env.get("SUPABASE_REST_PATH", "/rest/v1"),
        deadline=_PROBE_SECONDS,
    )
    try:
        async with client as supabase:
            for table, column in _TABLES.items():
                await supabase.async_table(table).select(column).limit(1).execute()
    except SupabaseError as error:
        raise LocalStackError(f"The Supabase that SUPABASE_URL names cannot be used: {error}") from error
