"""Servers of one's own: what is wrong with them is one sentence, and the sample hotel never reaches them."""

import os
from pathlib import Path

import psycopg
import pytest

from sistema_os.local.errors import LocalStackError
from sistema_os.local.services import Services, open_services
from sistema_os.local.stack import Stack


@pytest.fixture
def nothing_runs(tmp_path: Path) -> Stack:
    return Stack(tmp_path / ".local")


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The suite's own servers play those of somebody who named them; returns their settings."""
    return {name: os.environ[name] for name in ("DATABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_KEY")}


def _refused(stack: Stack) -> str:
    with pytest.raises(LocalStackError) as caught:
        open_services(stack)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_with_both_servers_named_nothing_is_started(nothing_runs: Stack, own: dict[str, str]) -> None:
    services = open_services(nothing_runs)
    assert services.own_database
    assert services.own_supabase
    assert {name: services.env[name] for name in own} == own
    assert not (nothing_runs.local / "cluster").exists()
    assert services.env["SECRET_KEY"]
    assert services.env["HTTPS"] == "off"


def test_a_wrong_key_is_named_and_not_printed(nothing_runs: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_SERVICE_KEY", "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.wrong")
    sentence = _refused(nothing_runs)
    assert "SUPABASE_URL" in sentence
    assert "eyJ" not in sentence


def test_an_unreachable_supabase_is_named(nothing_runs: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "http://127.0.0.1:9")
    assert "SUPABASE_URL" in _refused(nothing_runs)


def test_a_missing_table_is_named(nothing_runs: Stack, hotel_db: psycopg.Connection) -> None:
    hotel_db.execute("alter table rm_diario rename to rm_diario_old")
    hotel_db.execute("notify pgrst, 'reload schema'")
    try:
        assert "rm_diario" in _refused(nothing_runs)
    finally:
        hotel_db.execute("alter table rm_diario_old rename to rm_diario")
        hotel_db.execute("notify pgrst, 'reload schema'")


def test_a_url_without_a_key_is_named(nothing_runs: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPABASE_SERVICE_KEY")
    assert _refused(nothing_runs) == "SUPABASE_URL is set and SUPABASE_SERVICE_KEY is not: set both, or neither."


@pytest.mark.parametrize(
    "url", ["postgres://app:secret-word@127.0.0.1:9/app", "postgres://sistema_os:secret-word@127.0.0.1:{port}/nowhere"]
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(
    nothing_runs: Stack, monkeypatch: pytest.MonkeyPatch, own: dict[str, str], url: str
) -> None:
    port = own["DATABASE_URL"].rpartition(":")[2].partition("/")[0]
    monkeypatch.setenv("DATABASE_URL", url.format(port=port))
    sentence = _refused(nothing_runs)
    assert "DATABASE_URL" in sentence
    assert "secret-word" not in sentence


@pytest.mark.parametrize(
    ("host", "harmless"), [("127.0.0.1", True), ("localhost", True), ("db.hotel.example", False), ("10.0.0.5", False)]
)
def test_known_passwords_go_only_into_a_database_of_this_machine(host: str, harmless: bool) -> None:
    services = Services(own_database=True, own_supabase=True, env={"DATABASE_URL": f"postgres://a:b@{host}:5432/c"})
    assert services.allows_demo_users is harmless
