"""The product's settings as the tests run them. `tests.stack` has set the environment; mypy imports this without."""

import os

os.environ.setdefault("SISTEMA_OS_ENV_FILE", os.devnull)
for _name, _value in {
    "SECRET_KEY": "tests-only",
    "HASH_KEY": "tests-only",
    "DATABASE_URL": "postgres://the-plugin-tests.stack-is-not-loaded@127.0.0.1:1/none",
    "SUPABASE_URL": "http://127.0.0.1:1",
    "SUPABASE_SERVICE_KEY": "tests-only",
    "HTTPS": "off",
    "STATIC_FROM_SOURCE": "on",
}.items():
    os.environ.setdefault(_name, _value)

from sistema_os.settings import *  # noqa: E402, F403 - the environment above must stand first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
