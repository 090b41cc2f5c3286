from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from sistema_os.local import state
from sistema_os.supabase import AuthError, SupabaseClient
from tests import stack

pytestmark = pytest.mark.stack


def test_the_command_makes_a_key_with_the_rights_of_the_app(
    hotel_db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, supabase_settings: dict[str, Any]
) -> None:
    assert stack.running is not None
    current = state.load(stack.running.local)
    assert current is not None
    monkeypatch.setenv("JWT_SECRET", current.secrets.jwt)
    out = StringIO()
    call_command("supabase_key", stdout=out)
    options = {**supabase_settings, "key": out.getvalue().strip(), "api_key": "sb_publishable_x"}
    client = SupabaseClient(**options)
    assert client.table("ordens_servico").select("id").execute().data == []
    with pytest.raises(AuthError):
        client.table("ordens_servico").update({"status": "cancelada"}).eq("id", 1).execute()
    with pytest.raises(AuthError):
        client.table("sugestoes_match").delete().eq("os_id", 1).execute()


def test_a_secret_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "short")
    with pytest.raises(CommandError, match="32 characters"):
        call_command("supabase_key", stdout=StringIO())
