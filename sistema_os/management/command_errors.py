"""The sentence with which a command ends when the database, Supabase or a setting is wrong, in place of a traceback.

The messages of drivers may quote a password or a row: they are redacted, and of PostgreSQL's only the first line stays.
"""

import re
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from sistema_os.logs import redact
from sistema_os.supabase import SupabaseError

_ENCODE: Final = (
    "In DATABASE_URL the characters : / ? # [ ] @ % of a password are written percent-encoded"
    " (@ is %40, # is %23, % is %25)."
)
# What the server or the driver says -> what to do. The first that fits counts.
_HINTS: Final = (
    ("password authentication failed|no password supplied", f"User or password is wrong. {_ENCODE}"),
    ('role ".*" does not exist', "Create the role, or name another user in DATABASE_URL."),
    ('database ".*" does not exist', "Create the database, or name another one in DATABASE_URL."),
    (
        "name or service not known|could not translate host|resolve host|name resolution|nodename nor",
        f"The host is unknown. {_ENCODE}",
    ),
    (
        "connection refused|timeout expired|timed out|unreachable|no such file",
        "Is PostgreSQL running, and does DATABASE_URL name its host and port?",
    ),
    (
        "no pg_hba.conf entry|ssl|certificate",
        "The server refuses this kind of connection: see its pg_hba.conf, and sslmode in DATABASE_URL.",
    ),
    (
        'relation ".*" does not exist|column .* does not exist',
        "The tables are missing or older than the program: run manage.py migrate.",
    ),
    (
        "permission denied|must be owner|insufficient",
        "The user of DATABASE_URL must own the database, or at least its schema public.",
    ),
    ("read-only", "DATABASE_URL names a replica, or the server was set to read only."),
    (
        "too many (?:clients|connections)|remaining connection slots",
        "Raise max_connections, or lower workers and threads (docs/scaling.md).",
    ),
    ("no space left|disk full", "Make room on the disk of the database."),
)
EXPECTED: Final = (DatabaseError, InterfaceError, SupabaseError, ImproperlyConfigured)


def sentence_of(error: Exception) -> str:
    """For an error of EXPECTED."""
    if isinstance(error, SupabaseError):
        return f"Supabase: {redact(str(error))} Check SUPABASE_URL and SUPABASE_SERVICE_KEY (manage.py check)."
    if isinstance(error, ImproperlyConfigured):
        return redact(str(error))
    text = str(error)
    said = redact(_first_line(text))
    for pattern, hint in _HINTS:
        if re.search(pattern, text, re.IGNORECASE):
            return f"The app's own database: {said}. {hint}"
    if isinstance(error, OperationalError | InterfaceError | ProgrammingError):
        return f"The app's own database: {said}. Check DATABASE_URL and run manage.py migrate."
    return f"The app's own database: {said}."


def _first_line(text: str) -> str:
    """libpq repeats itself for every address of a host."""
    line = next(iter(text.strip().splitlines()), "no reason given").strip()
    return re.sub(r"^connection failed: ", "", line).rstrip(".")
