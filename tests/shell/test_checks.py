"""Start-up checks: a wrong setting ends in one sentence that names it and quotes no secret."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from pytest_django import Settings

from sistema_os.checks import check_deployment, check_time_zone, supabase_problems

ROOT = Path(__file__).resolve().parents[2]


def _key(role: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"role": role}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2ln"


def _ids(problems: list[checks.CheckMessage]) -> list[str | None]:
    return [problem.id for problem in problems]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://abc.supabase.co", []),
        ("http://127.0.0.1:54321/", []),
        ("abc.supabase.co", ["sistema_os.E001"]),
        ("ftp://abc.supabase.co", ["sistema_os.E001"]),
        ("", ["sistema_os.E001"]),
        ("https://abc.supabase.co/rest/v1", ["sistema_os.E002"]),
    ],
)
def test_the_address_of_supabase_is_a_web_address_without_path(
    settings: Settings, url: str, expected: list[str]
) -> None:
    settings.SUPABASE = {"url": url, "key": "sb_secret_abc"}
    assert _ids(supabase_problems()) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (_key("service_role"), []),
        ("sb_secret_abc", []),
        ("", ["sistema_os.E003"]),
        (_key("anon"), ["sistema_os.E004"]),
        (_key("authenticated"), ["sistema_os.E004"]),
        ("sb_publishable_abc", ["sistema_os.E004"]),
        ("two words", ["sistema_os.E005"]),
        ("a.b.c", []),
        ("a.W10.c", []),
    ],
)
def test_a_key_that_sees_no_row_is_refused_and_never_quoted(settings: Settings, key: str, expected: list[str]) -> None:
    settings.SUPABASE = {"url": "https://abc.supabase.co", "key": key}
    problems = supabase_problems()
    assert _ids(problems) == expected
    assert not any(key and key in f"{problem.msg} {problem.hint}" for problem in problems)


def test_another_time_zone_is_refused(settings: Settings) -> None:
    assert check_time_zone() == []
    settings.TIME_ZONE = "UTC"
    assert _ids(check_time_zone()) == ["sistema_os.E006"]


def test_deployment_wants_encrypted_transport_and_a_long_hash_key(settings: Settings) -> None:
    settings.HTTPS, settings.HASH_KEY, settings.ALLOWED_HOSTS = False, "short", ["os.hotel.example"]
    settings.SUPABASE = {"url": "http://supabase.hotel", "key": "sb_secret_abc"}
    assert _ids(check_deployment()) == ["sistema_os.W001", "sistema_os.W002", "sistema_os.W003"]
    settings.HTTPS, settings.HASH_KEY, settings.SECRET_KEY = True, "x" * 40, "x" * 40
    settings.SUPABASE = {"url": "https://supabase.hotel", "key": "sb_secret_abc"}
    assert _ids(check_deployment()) == ["sistema_os.W004"]
    settings.SECRET_KEY = "y" * 60
    assert check_deployment() == []


@pytest.mark.parametrize(
    ("host", "options", "expected"),
    [
        ("db.hotel.example", {}, ["sistema_os.W006"]),
        ("db.hotel.example", {"sslmode": "prefer"}, ["sistema_os.W006"]),
        ("db.hotel.example", {"sslmode": "require"}, []),
        ("127.0.0.1", {}, []),
        ("/run/postgresql", {}, []),
        ("", {}, []),
    ],
)
def test_a_database_on_another_machine_wants_tls(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str, options: dict[str, str], expected: list[str]
) -> None:
    _sound(settings)
    monkeypatch.setitem(settings.DATABASES, "default", {"HOST": host, "OPTIONS": options})
    assert _ids(check_deployment()) == expected


def test_a_deployment_names_its_hosts(settings: Settings) -> None:
    _sound(settings)
    settings.ALLOWED_HOSTS = ["os.hotel.example", "*"]
    assert _ids(check_deployment()) == ["sistema_os.W005"]


def _sound(settings: Settings) -> None:
    settings.HTTPS, settings.HASH_KEY, settings.SECRET_KEY = True, "x" * 40, "y" * 60
    settings.SUPABASE = {"url": "https://supabase.hotel", "key": "sb_secret_abc"}
    settings.ALLOWED_HOSTS = ["os.hotel.example"]


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=_bare_environment() | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _bare_environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SISTEMA_OS_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "sistema_os.settings",
        "DATABASE_URL": "postgres://app:secret@127.0.0.1:1/os",
        "SUPABASE_URL": "https://abc.supabase.co",
        "SUPABASE_SERVICE_KEY": _key("service_role"),
        "SECRET_KEY": "k3y-" + "".join(chr(97 + i % 26) for i in range(60)),
        "HASH_KEY": "h" * 40,
        "ALLOWED_HOSTS": "os.hotel.com.br",
        "HTTPS": "on",
    }


def test_check_deploy_is_clean_in_an_environment_like_production() -> None:
    result = _manage("check", "--deploy", "--fail-level", "WARNING", "--tag", "security", "--tag", "sistema_os")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "HASH_KEY", "DATABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_KEY"])
def test_a_missing_setting_is_named_in_the_last_line_and_ends_the_start(name: str) -> None:
    result = _manage("check", **{name: ""})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr.strip().splitlines()[-1]
