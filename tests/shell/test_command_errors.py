"""Commands end in one sentence when the database, Supabase or a setting is wrong."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from sistema_os.management.command_errors import sentence_of
from sistema_os.supabase import SupabaseError


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OperationalError('connection failed: FATAL:  password authentication failed for user "x"'), "%40"),
        (OperationalError("failed to resolve host 'w/x': [Errno -2] Name or service not known"), "%23"),
        (OperationalError("connection to server at 10.0.0.9 failed: Connection refused\n\tIs the server"), "running"),
        (OperationalError('FATAL:  database "os" does not exist'), "Create the database"),
        (ProgrammingError('relation "pipeline_jobrun" does not exist\nLINE 1: SELECT'), "manage.py migrate"),
        (ProgrammingError("permission denied for schema public"), "own"),
        (OperationalError("FATAL:  sorry, too many clients already"), "max_connections"),
        (InterfaceError("the connection is closed"), "Check DATABASE_URL"),
        (DatabaseError(""), "no reason given"),
        (SupabaseError("Supabase refused the key."), "SUPABASE_SERVICE_KEY"),
        (ImproperlyConfigured("HASH_KEY is not set."), "HASH_KEY is not set."),
    ],
)
def test_the_sentence_says_what_to_do(error: Exception, hint: str) -> None:
    sentence = sentence_of(error)
    assert hint in sentence
    assert "\n" not in sentence


def test_the_sentence_holds_no_password() -> None:
    error = OperationalError("could not connect to postgres://os:hunter2@host/os")
    assert "hunter2" not in sentence_of(error)


@pytest.mark.parametrize("command", ["migrate", "qcluster"])
def test_a_command_without_its_database_prints_one_line(command: str) -> None:
    """Of a process, since it is manage.py that catches what Django's commands raise."""
    environment = {
        "SISTEMA_OS_ENV_FILE": "/dev/null",
        "SECRET_KEY": "x" * 50,
        "HASH_KEY": "y" * 50,
        "DATABASE_URL": "postgres://os:hunter2@127.0.0.1:1/os",
        "SUPABASE_URL": "https://example.supabase.co",
        "SUPABASE_SERVICE_KEY": "sb_secret_example",
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (ended.stdout + ended.stderr).strip().splitlines()
    assert ended.returncode == 1
    assert len(lines) == 1, lines
    assert "Is PostgreSQL running" in lines[0]
    assert "hunter2" not in lines[0]
