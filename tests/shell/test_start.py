"""What is wrong in the environment stops the start with one sentence that names it, and shows no secret."""

import os
import subprocess
import sys

import pytest
from django.conf import settings


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "sistema_os.settings", **changes},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("HASH_KEY", " "),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "very-secret-banana"),
        ("DATABASE_URL", "mysql://user:very-secret@host/name"),
        ("DATABASE_URL", "postgres://user:very-secret@host:port/name"),
        ("SUPABASE_URL", ""),
        ("SUPABASE_SERVICE_KEY", ""),
        ("HEARTBEAT_SECONDS", "0"),
        ("JOB_TIMEOUT", "ninety minutes"),
        ("Q_WORKERS", "four"),
        ("Q_WORKERS", "0"),
        ("SNAPSHOT_KEEP_DAYS", "-1"),
        ("HSTS_SECONDS", "a year"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(name: str, value: str) -> None:
    ended = start(**{name: value})
    assert ended.returncode != 0
    assert name in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "very-secret" not in ended.stderr


def test_the_environment_of_the_suite_itself_starts() -> None:
    ended = start()
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
def test_a_worker_loads_its_pages_and_hides_them_from_the_garbage_collector_before_the_first_request(
    server: str,
) -> None:
    said = "import gc, sys; print('sistema_os.urls' in sys.modules, gc.get_freeze_count() > 50_000)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sistema_os.{server}; {said}"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "sistema_os.settings"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
