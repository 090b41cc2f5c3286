"""System checks of `manage.py check`: wrong settings are reported at the start, not by the first job."""

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from sistema_os.environment import BRINGS_ITS_OWN_STACK

HOTEL_TIME_ZONE: Final = "America/Sao_Paulo"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SHORTEST_HASH_KEY: Final = 32


def supabase_problems() -> list[checks.CheckMessage]:
    """Errors in the address and the key, found without a query. No message contains the key."""
    return [*_url_problems(settings.SUPABASE["url"]), *_key_problems(settings.SUPABASE["key"])]


def _url_problems(url: str) -> Iterable[checks.CheckMessage]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield checks.Error(
            "SUPABASE_URL is not a web address.",
            hint="It looks like https://your-project.supabase.co, without a path.",
            id="sistema_os.E001",
        )
    elif parts.path.strip("/") or parts.query:
        yield checks.Error(
            "SUPABASE_URL has a path.",
            hint="Give the address alone; the path belongs into SUPABASE_REST_PATH (default /rest/v1).",
            id="sistema_os.E002",
        )


def _key_problems(key: str) -> Iterable[checks.CheckMessage]:
    if not key:
        yield checks.Error("SUPABASE_SERVICE_KEY is empty.", id="sistema_os.E003")
    elif key.startswith("sb_publishable_") or _role(key) in {"anon", "authenticated"}:
        yield checks.Error(
            "SUPABASE_SERVICE_KEY is a public key: row level security would hide every row from it.",
            hint="Use a token of the role sistema_os_app (manage.py supabase_key), or the project's service_role key.",
            id="sistema_os.E004",
        )
    elif not key.isascii() or any(character.isspace() for character in key):
        yield checks.Error("SUPABASE_SERVICE_KEY holds spaces or characters no key has.", id="sistema_os.E005")


def _role(key: str) -> str:
    """The role in a JWT, or "" if the key is not a JWT."""
    try:
        payload = key.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return ""
    return str(claims.get("role", "")) if isinstance(claims, dict) else ""


@checks.register("sistema_os")
def check_supabase(**_kwargs: Any) -> list[checks.CheckMessage]:
    return [] if BRINGS_ITS_OWN_STACK else supabase_problems()


@checks.register("sistema_os")
def check_time_zone(**_kwargs: Any) -> list[checks.CheckMessage]:
    if settings.USE_TZ and settings.TIME_ZONE == HOTEL_TIME_ZONE:
        return []
    return [
        checks.Error(
            f"The business date turns in {HOTEL_TIME_ZONE}: TIME_ZONE must say so and USE_TZ must be on.",
            id="sistema_os.E006",
        )
    ]


@checks.register("sistema_os", deploy=True)
def check_deployment(**_kwargs: Any) -> list[checks.CheckMessage]:
    return [] if BRINGS_ITS_OWN_STACK else [*_transport_problems(), *_hash_key_problems()]


def _transport_problems() -> Iterable[checks.CheckMessage]:
    parts = urlsplit(settings.SUPABASE["url"])
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield checks.Warning(
            "SUPABASE_URL is plain http: the service key would cross the network.", id="sistema_os.W001"
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield checks.Warning(
            "ALLOWED_HOSTS is *: links in e-mails and redirects could lead to any host that a request names.",
            hint="Name the hosts by which people open the site; probes by address are answered anyway.",
            id="sistema_os.W005",
        )
    if _is_remote_without_tls(settings.DATABASES.get("default", {})):
        yield checks.Warning(
            "The database is on another machine, and DATABASE_URL does not ask for TLS: guests' data would cross the"
            " network readable.",
            hint="Append ?sslmode=require, or better sslmode=verify-full with sslrootcert.",
            id="sistema_os.W006",
        )
    if not settings.HTTPS:
        yield checks.Warning("HTTPS is off: passwords and guests' names would cross the network.", id="sistema_os.W002")


def _is_remote_without_tls(database: dict[str, Any]) -> bool:
    """Without a host libpq uses a Unix socket; `prefer`, its default, gives up TLS without a word."""
    host = str(database.get("HOST") or "")
    remote = bool(host) and not host.startswith("/") and host not in LOOPBACK
    return remote and database.get("OPTIONS", {}).get("sslmode") not in {"require", "verify-ca", "verify-full"}


def _hash_key_problems() -> Iterable[checks.CheckMessage]:
    if len(settings.HASH_KEY) < _SHORTEST_HASH_KEY:
        yield checks.Warning(
            f"HASH_KEY is shorter than {_SHORTEST_HASH_KEY} characters: documents could be guessed from their hashes.",
            id="sistema_os.W003",
        )
    elif settings.HASH_KEY == settings.SECRET_KEY:
        yield checks.Warning("HASH_KEY equals SECRET_KEY: rotating one would rotate the other.", id="sistema_os.W004")
