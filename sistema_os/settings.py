"""Settings of Sistema OS: one file, every value typed and read from the environment.

The environment comes, in this order, from the process, from `.env` at the project's root, and from
`.local/stack.env`, which the local stack (`make demo`) writes. A value that is missing or malformed
stops the start with one sentence that names it.
"""

import math
import os
import re
import sys
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

# Two bring the local stack up before there is any database to name, the third only reads source text.
BRINGS_ITS_OWN_STACK = sys.argv[1:2] in (["demo"], ["supabase_local"], ["check_async"])

env = environ.Env()
_ASSIGNMENT = re.compile(r"\s*(#.*|(export\s+)?[A-Za-z_]\w*\s*=.*)?")


def _read(file: Path) -> None:
    """Fill in what the environment lacks; a damaged line is named by its number, for it may hold half a key."""
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
    """A Supabase of one's own brings its own key and path; the local one's never stand in for them."""
    if "SUPABASE_URL" in os.environ:
        os.environ.setdefault("SUPABASE_SERVICE_KEY", " ")
        os.environ.setdefault("SUPABASE_REST_PATH", "/rest/v1")
    _read(file)


# Naming a file (the tests name /dev/null) means that no other is read.
_read(Path(os.environ.get("SISTEMA_OS_ENV_FILE", BASE_DIR / ".env")))
if "SISTEMA_OS_ENV_FILE" not in os.environ and not BRINGS_ITS_OWN_STACK:
    _read_local_stack(BASE_DIR / ".local" / "stack.env")


def _required(name: str) -> str:
    value: str = env.str(name, "").strip()
    if not value and not BRINGS_ITS_OWN_STACK:
        raise ImproperlyConfigured(
            f"{name} is not set. Copy .env.example to .env and fill it in, or run `make demo` for a local hotel."
        )
    return value


def _whole(name: str, default: int, low: int, high: int) -> int:
    try:
        value = env.int(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value}; it must lie between {low} and {high}.")
    return int(value)


def _bounded(name: str, default: float, low: float, high: float) -> float:
    try:
        value: float = env.float(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number of seconds.") from error
    if not low <= value <= high:
        raise ImproperlyConfigured(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")
    return value


def _address(name: str, value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ImproperlyConfigured(f"{name} must hold addresses that begin with https:// (or http://).")
    return value


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = _required("SECRET_KEY") or "not-used-while-the-stack-starts"
# Keys the hashes of documents and rows; rotating it makes every snapshot row look changed once.
HASH_KEY = _required("HASH_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "sistema_os.apps.SistemaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "sistema_os.apps.SistemaOSConfig",
    "pipeline.apps.PipelineConfig",
    "matching.apps.MatchingConfig",
    "snapshots.apps.SnapshotsConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sistema_os.middleware.SecurityHeadersMiddleware",
    "sistema_os.middleware.NoNullMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sistema_os.middleware.LanguageCookieMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "sistema_os.urls"
WSGI_APPLICATION = "sistema_os.wsgi.application"
ASGI_APPLICATION = "sistema_os.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "sistema_os" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- the app's own database -------------------------------------------------------------------
_DATABASE_URL = _required("DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {}
if _DATABASE_URL:
    # Looked at first: for an address that it does not know, the parser warns with the whole address.
    _postgres = _DATABASE_URL.partition("://")[0] in ("postgres", "postgresql", "psql", "pgsql")
    try:
        _database: dict[str, Any] = env.db_url_config(_DATABASE_URL) if _postgres else {}
    except ValueError:
        _database = {}
    if not _database.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database (postgres://user:password@host/name).")
    DATABASES["default"] = {**_database, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}

# --- the hotel's Supabase ---------------------------------------------------------------------
QUERY_TIMEOUT = _bounded("QUERY_TIMEOUT", 30, 1, 600)
# Keyword arguments of sistema_os.supabase.SupabaseClient.
SUPABASE: dict[str, Any] = {
    "url": _required("SUPABASE_URL"),
    "key": _required("SUPABASE_SERVICE_KEY"),
    "rest_path": env.str("SUPABASE_REST_PATH", "/rest/v1"),
    "deadline": QUERY_TIMEOUT,
}
# How long a person waits for the write-back before the card says "a confirmar".
WRITEBACK_DEADLINE = _bounded("WRITEBACK_DEADLINE", 3, 0.5, 30)

# How far back a listing can be read as it was; what is older goes with the job retencao_dados.
SNAPSHOT_KEEP_DAYS = _whole("SNAPSHOT_KEEP_DAYS", 35, 8, 3650)
# From how many rows on a listing is compared by the database instead of in memory.
SNAPSHOT_STAGED_FROM = _whole("SNAPSHOT_STAGED_FROM", 300_000, 0, 100_000_000)
# How long after the departure a guest keeps a name in our copies. The engine asks about guests up to 31 days gone.
GUEST_KEEP_DAYS = _whole("GUEST_KEEP_DAYS", 90, 35, 3650)

# --- runs: each limit lies inside the next (sistema_os.checks refuses any other order) --------
HEARTBEAT_SECONDS = _bounded("HEARTBEAT_SECONDS", 30, 0.2, 300)
JOB_TIMEOUT = _bounded("JOB_TIMEOUT", 90 * 60, 5, 12 * 3600)
SUPERVISOR_TIMEOUT = _bounded("SUPERVISOR_TIMEOUT", JOB_TIMEOUT + 200, 10, 13 * 3600)
STALE_RUNNING_HOURS = _bounded("STALE_RUNNING_HOURS", 2, 0.01, 24)
QUEUE_FROZEN_SECONDS = _bounded("QUEUE_FROZEN_SECONDS", 120, 0.5, 3600)  # a start waits so long beside idle workers
# Modules that register jobs besides those of pipeline.jobs; the tests name theirs.
EXTRA_JOB_MODULES = env.list("EXTRA_JOB_MODULES", default=[])

# --- who hears of a run that failed; nobody unless named --------------------------------------
_MAIL = env.email_url("EMAIL_URL", "dummymail://")
EMAIL_BACKEND: str = _MAIL["EMAIL_BACKEND"]
EMAIL_HOST: str = _MAIL["EMAIL_HOST"] or "localhost"
EMAIL_PORT: int = _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER: str = _MAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD: str = _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = bool(_MAIL.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_MAIL.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.str("NOTIFY_FROM", "sistema-os@localhost")
NOTIFY_EMAILS: list[str] = env.list("NOTIFY_EMAILS", default=[])
NOTIFY_WEBHOOK = _address("NOTIFY_WEBHOOK", env.str("NOTIFY_WEBHOOK", ""))
# Of a job, the check of a dead man's switch (Healthchecks and its like): job=address, job=address.
PING_URLS: dict[str, str] = {
    job.strip(): _address("PING_URLS", url.strip())
    for job, _equals, url in (entry.partition("=") for entry in env.list("PING_URLS", default=[]))
}
# Where people open the admin; messages link to it.
PUBLIC_URL = _address("PUBLIC_URL", env.str("PUBLIC_URL", "")).rstrip("/")

_Q_WORKERS = _whole("Q_WORKERS", 4, 1, 64)
_Q_QUEUE_LIMIT = 8
_Q_TIMEOUT = math.ceil(JOB_TIMEOUT + 300)
Q_CLUSTER: dict[str, Any] = {
    "name": "sistema_os",
    "orm": "default",
    "workers": _Q_WORKERS,
    "queue_limit": _Q_QUEUE_LIMIT,
    "timeout": _Q_TIMEOUT,
    # The retry clock starts when a task is fetched, not when it starts: leave room for the queue before it.
    "retry": math.ceil((_Q_TIMEOUT + 3) * (1 + math.ceil((_Q_QUEUE_LIMIT + 1) / _Q_WORKERS))) + 60,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "bulk": 1,
    "poll": 0.2,
    "guard_cycle": 1,
    "save_limit": 500,
    "label": "django-q2",
}

# --- people, language, time -------------------------------------------------------------------
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "sistema_os" / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

STATIC_URL = "static/"
# From source, files are served where they stand and `collectstatic` has nowhere to put them.
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", DEBUG)
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"

# --- transport security -----------------------------------------------------------------------
HTTPS = env.bool("HTTPS", True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = _whole("HSTS_SECONDS", 31_536_000 if HTTPS else 0, 0, 63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "sistema_os.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "sistema_os.logs.OutputHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        # httpx logs whole URLs, and a filter's value may be a document.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
    },
}
