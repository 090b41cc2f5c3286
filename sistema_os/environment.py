"""Typed access to the environment. A missing or malformed value raises ImproperlyConfigured with its name.

Sources, the first one wins: the process, `.env` at the project's root, and `.local/stack.env`, which the local stack
(`make demo`) writes.
"""

import os
import re
import sys
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parent.parent

# Two start the local stack before there is a database, the third only reads source code.
BRINGS_ITS_OWN_STACK = sys.argv[1:2] in (["demo"], ["supabase_local"], ["check_async"])

env = environ.Env()
_ASSIGNMENT = re.compile(r"\s*(#.*|(export\s+)?[A-Za-z_]\w*\s*=.*)?")


def _read(file: Path) -> None:
    """Sets variables that are not set. A damaged line is reported by its number, since it may contain part of a key."""
    if not file.is_file():
        return
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not _ASSIGNMENT.fullmatch(line):
            raise ImproperlyConfigured(f"{file.name}, line {number}, is not NAME=value.")
    env.read_env(str(file))
    for name in ("SECRET_KEY", "HASH_KEY", "DATABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_KEY"):
        if not os.environ.get(name, "").strip():
            os.environ.pop(name, None)


def _read_local_stack(file: Path) -> None:
    """With an external SUPABASE_URL, the key and the path of the local stack are not used."""
    if "SUPABASE_URL" in os.environ:
        os.environ.setdefault("SUPABASE_SERVICE_KEY", " ")
        os.environ.setdefault("SUPABASE_REST_PATH", "/rest/v1")
    _read(file)


def read_files() -> None:
    """Sets variables that the process does not. With SISTEMA_OS_ENV_FILE (/dev/null in tests) no other file is read."""
    _read(Path(os.environ.get("SISTEMA_OS_ENV_FILE", PROJECT / ".env")))
    if "SISTEMA_OS_ENV_FILE" not in os.environ and not BRINGS_ITS_OWN_STACK:
        _read_local_stack(PROJECT / ".local" / "stack.env")


def required(name: str) -> str:
    value: str = env.str(name, "").strip()
    if not value and not BRINGS_ITS_OWN_STACK:
        raise ImproperlyConfigured(
            f"{name} is not set. Copy .env.example to .env and fill it in, or run `make demo` for a local hotel."
        )
    return value


def whole(name: str, default: int, low: int, high: int) -> int:
    try:
        value = env.int(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value}; it must lie between {low} and {high}.")
    return int(value)


def bounded(name: str, default: float, low: float, high: float) -> float:
    try:
        value: float = env.float(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number of seconds.") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")
    return value


def address(name: str, value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ImproperlyConfigured(f"{name} must hold addresses that begin with https:// (or http://).")
    return value


NOTICE_KINDS = ("failure", "partial", "overdue", "queue", "watch", "quarantine")
NOTICE_CHANNELS = ("email", "webhook", "none")


def routes(entries: list[str]) -> dict[str, str]:
    """Kind of notice -> channel, of entries such as "quarantine=email"."""
    found = {}
    for entry in entries:
        kind, _equals, channel = (part.strip() for part in entry.partition("="))
        if kind not in NOTICE_KINDS or channel not in NOTICE_CHANNELS:
            raise ImproperlyConfigured(
                f"NOTIFY_ROUTES has “{entry}”; write kind=channel with a kind of {', '.join(NOTICE_KINDS)}"
                f" and a channel of {', '.join(NOTICE_CHANNELS)}."
            )
        found[kind] = channel
    return found
