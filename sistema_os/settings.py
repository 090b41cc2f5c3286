"""Settings of Sistema OS: one file, every value typed and read from the environment (see `environment.py`)."""

import math
import os
from tempfile import gettempdir
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from sistema_os.environment import PROJECT, address, bounded, env, networks, read_files, required, routes, whole

read_files()
BASE_DIR = PROJECT

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = required("SECRET_KEY") or "not-used-while-the-stack-starts"
# Key of the hashes of documents and rows. After a rotation, every snapshot row is compared once.
HASH_KEY = required("HASH_KEY")
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
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "sistema_os.apps.SistemaOSConfig",
    "pipeline.apps.PipelineConfig",
    "matching.apps.MatchingConfig",
    "snapshots.apps.SnapshotsConfig",
]

MIDDLEWARE = [
    "sistema_os.metrics.http.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sistema_os.middleware.SecurityHeadersMiddleware",
    "sistema_os.middleware.NoNullMiddleware",
    "sistema_os.middleware.ProbeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "sistema_os.middleware.LanguageCookieMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "sistema_os.access.sign_in.IdleMiddleware",
    "sistema_os.access.access_log.AccessLogMiddleware",
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
_DATABASE_URL = required("DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {}
if _DATABASE_URL:
    # Checked first: for an unknown scheme, the parser prints a warning with the whole URL.
    _postgres = _DATABASE_URL.partition("://")[0] in ("postgres", "postgresql", "psql", "pgsql")
    try:
        _database: dict[str, Any] = env.db_url_config(_DATABASE_URL) if _postgres else {}
    except ValueError:
        _database = {}
    if not _database.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must name a PostgreSQL database (postgres://user:password@host/name); in a password the"
            " characters : / ? # [ ] @ % are written percent-encoded (@ is %40, # is %23, % is %25)."
        )
    # A connection that went dead without a reset must end: at the start, while it waits, and while it sends.
    _dead_connections = {
        "connect_timeout": 10,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }
    DATABASES["default"] = {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # What the query string of DATABASE_URL says comes first.
        "OPTIONS": _dead_connections | _database.get("OPTIONS", {}),
    }
# A pooler that gives each transaction another connection to the server, as Supabase's on port 6543: nothing may be set
# for a session, listened to, or fetched from a cursor after its transaction.
DATABASE_TRANSACTION_POOLER = env.bool(
    "DATABASE_TRANSACTION_POOLER", str(DATABASES.get("default", {}).get("PORT")) == "6543"
)
if DATABASES:
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_TRANSACTION_POOLER

# --- the hotel's Supabase ---------------------------------------------------------------------
QUERY_TIMEOUT = bounded("QUERY_TIMEOUT", 30, 1, 600)
# Keyword arguments of sistema_os.supabase.SupabaseClient.
SUPABASE: dict[str, Any] = {
    "url": required("SUPABASE_URL"),
    "key": required("SUPABASE_SERVICE_KEY"),
    "api_key": env.str("SUPABASE_API_KEY", ""),
    "rest_path": env.str("SUPABASE_REST_PATH", "/rest/v1"),
    "deadline": QUERY_TIMEOUT,
    "max_rows": int(bounded("SUPABASE_MAX_ROWS", 1000, 1, 1_000_000)),
}
# The PostgREST that the installation was tried with ("12.2" stands for any 12.2.x); empty for any.
SUPABASE_VERSION = env.str("SUPABASE_VERSION", "")
# Seconds for which a decision waits for the write-back before the card shows "a confirmar".
WRITEBACK_DEADLINE = bounded("WRITEBACK_DEADLINE", 3, 0.5, 30)

# Days for which old versions can be read; older ones are deleted by the job retencao_dados.
SNAPSHOT_KEEP_DAYS = whole("SNAPSHOT_KEEP_DAYS", 35, 8, 3650)
# From this number of rows on, an export is compared by the database instead of in memory.
SNAPSHOT_STAGED_FROM = whole("SNAPSHOT_STAGED_FROM", 300_000, 0, 100_000_000)
# Days after the departure for which names are kept in our copies. The engine uses guests up to 31 days gone.
GUEST_KEEP_DAYS = whole("GUEST_KEEP_DAYS", 90, 35, 3650)
# Days after an order was closed for which our copy keeps what staff typed into it; the hotel's own row is not changed.
ORDER_KEEP_DAYS = whole("ORDER_KEEP_DAYS", 365, 35, 3650)
# Days for which reads of personal data and sign-ins are kept.
ACCESS_KEEP_DAYS = whole("ACCESS_KEEP_DAYS", 365, 30, 3650)
# File to which every erasure is appended, kept apart from the backups of the database; empty for none.
ERASURE_LIST = env.str("ERASURE_LIST", "")
# Files on their way into the hotel's tables wait in this private folder, which the pages and the jobs share.
IMPORT_FOLDER = env.str("IMPORT_FOLDER", "") or f"{gettempdir()}/sistema-os-imports-{os.getuid()}"
IMPORT_MAX_BYTES = whole("IMPORT_MAX_BYTES", 20_000_000, 1_000, 200_000_000)
# Of a file sent on the screen, which is read while its sender waits; commands and jobs read up to 100,000.
IMPORT_MAX_ROWS = whole("IMPORT_MAX_ROWS", 20_000, 10, 100_000)
# The hotel as its system writes it on reports; empty compares no file with it.
HOTEL_NAME = env.str("HOTEL_NAME", "")
# Where the job receber_arquivos looks for new files; nowhere by default.
IMPORT_WATCH_FOLDERS: list[str] = env.list("IMPORT_WATCH_FOLDERS", default=[])
IMPORT_SHEETS: list[str] = [address("IMPORT_SHEETS", url) for url in env.list("IMPORT_SHEETS", default=[])]
IMPORT_MAILBOX = env.str("IMPORT_MAILBOX", "")
FILE_UPLOAD_HANDLERS = [
    "pipeline.imports.spool.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Targets in percent, drawn as lines on the manager's page; 0 for none.
TARGET_LINKED = whole("TARGET_LINKED", 0, 0, 100)
TARGET_PRECISION = whole("TARGET_PRECISION", 0, 0, 100)

# --- runs: each limit is shorter than the next (the system checks refuse any other order) -----
HEARTBEAT_SECONDS = bounded("HEARTBEAT_SECONDS", 30, 0.2, 300)
# A blocking call in a coroutine of a run is an error: for a test installation.
ASYNC_GUARD = env.bool("ASYNC_GUARD", False)
JOB_TIMEOUT = bounded("JOB_TIMEOUT", 90 * 60, 5, 12 * 3600)
SUPERVISOR_TIMEOUT = bounded("SUPERVISOR_TIMEOUT", JOB_TIMEOUT + 200, 10, 13 * 3600)
STALE_RUNNING_HOURS = bounded("STALE_RUNNING_HOURS", 2, 0.01, 24)
QUEUE_FROZEN_SECONDS = bounded(
    "QUEUE_FROZEN_SECONDS", 120, 0.5, 3600
)  # a queued start that waits longer beside idle workers means a frozen queue
# Modules that register jobs besides those of pipeline.jobs, such as those of the tests.
EXTRA_JOB_MODULES = env.list("EXTRA_JOB_MODULES", default=[])

# --- notices to operators; none by default ----------------------------------------------------
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
NOTIFY_WEBHOOK = address("NOTIFY_WEBHOOK", env.str("NOTIFY_WEBHOOK", ""))
# Kind of notice -> the one channel that it takes; every other kind takes all that are configured.
NOTIFY_ROUTES = routes(env.list("NOTIFY_ROUTES", default=[]))
# URLs of a dead man's switch such as Healthchecks, pinged by each job: job=address, job=address.
PING_URLS: dict[str, str] = {
    job.strip(): address("PING_URLS", url.strip())
    for job, _equals, url in (entry.partition("=") for entry in env.list("PING_URLS", default=[]))
}
# Whether "forgotten password" is offered: where messages can be sent.
PASSWORD_BY_EMAIL = EMAIL_BACKEND != "django.core.mail.backends.dummy.EmailBackend"
PASSWORD_RESET_TIMEOUT = 3600
# Public address of the admin, for links in messages.
PUBLIC_URL = address("PUBLIC_URL", env.str("PUBLIC_URL", "")).rstrip("/")

# Who may read /metrics: whoever sends this token, and these addresses and networks. Without either, nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
METRICS_ALLOWED = networks("METRICS_ALLOWED", env.list("METRICS_ALLOWED", default=[]))

_Q_WORKERS = whole("Q_WORKERS", 4, 1, 64)
_Q_QUEUE_LIMIT = 8
_Q_TIMEOUT = math.ceil(JOB_TIMEOUT + 300)
Q_CLUSTER: dict[str, Any] = {
    "name": "sistema_os",
    "orm": "default",
    "workers": _Q_WORKERS,
    "queue_limit": _Q_QUEUE_LIMIT,
    "timeout": _Q_TIMEOUT,
    # The retry time counts from when a task is fetched, not from its start: it includes the tasks before it.
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

# --- users, language, time --------------------------------------------------------------------
LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "sistema_os" / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Older hashes are replaced when their owners sign in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "admin:login"
# Wrong passwords for one account from one address, after which it is locked, and for how long.
SIGN_IN_FAILURES = whole("SIGN_IN_FAILURES", 5, 3, 100)
SIGN_IN_LOCK_MINUTES = whole("SIGN_IN_LOCK_MINUTES", 15, 1, 24 * 60)
# Who signs in with a second factor: nobody by force ("off"), who supervises or administers ("supervisors"), "everyone".
# Who has set one up is always asked for it.
SECOND_FACTOR = env.str("SECOND_FACTOR", "off")
if SECOND_FACTOR not in ("off", "supervisors", "everyone"):
    raise ImproperlyConfigured('SECOND_FACTOR must be "off", "supervisors" or "everyone".')
OTP_TOTP_ISSUER = "Sistema OS"
# Wrong codes are counted like wrong passwords (sistema_os.access), for all devices of a user together.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
# Sign-in with the hotel's own accounts (OpenID Connect); off without an issuer.
OIDC_ISSUER = address("OIDC_ISSUER", env.str("OIDC_ISSUER", "")).rstrip("/")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
# The claim that decides the roles, and which of its values gives which role: value=role, value=role.
OIDC_CLAIM = env.str("OIDC_CLAIM", "groups")
OIDC_ROLES: dict[str, str] = {
    value.strip(): role.strip()
    for value, _equals, role in (entry.rpartition("=") for entry in env.list("OIDC_ROLES", default=[]))
}
# Whether a user of ours with the same verified e-mail address may be signed in; never an administrator.
OIDC_LINK_BY_EMAIL = env.bool("OIDC_LINK_BY_EMAIL", False)
# Whether the hotel's account system asks for a second factor itself, so that ours is not requested.
OIDC_SECOND_FACTOR = env.bool("OIDC_SECOND_FACTOR", False)
# Minutes without activity after which a session ends, for a computer that several people use; 0 for never.
IDLE_MINUTES = whole("IDLE_MINUTES", 0, 0, 12 * 60)
# Whether a session ends when the browser is closed.
SESSION_EXPIRE_AT_BROWSER_CLOSE = env.bool("SESSION_ENDS_WITH_BROWSER", False)

STATIC_URL = "static/"
# From source, files are served from the packages, and there is no directory for `collectstatic`.
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", DEBUG)
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"

# --- transport security -----------------------------------------------------------------------
HTTPS = env.bool("HTTPS", True)
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = whole("HSTS_SECONDS", 31_536_000 if HTTPS else 0, 0, 63_072_000)
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
        # httpx logs whole URLs, and the value of a filter may be a document.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django.server": {"level": "WARNING"},
    },
}
