"""Secrets of the local stack. They are worth nothing elsewhere, and are made anew by every reset."""

import secrets
from datetime import UTC, datetime

import jwt


def new_secret() -> str:
    return secrets.token_urlsafe(36)


def api_key(secret: str, role: str) -> str:
    """A key as Supabase issues it: a JWT that names the database role. One secret gives one key for good, so a process
    that was started with it keeps working across restarts of the stack."""
    claims = {"iss": "supabase-local", "role": role, "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return jwt.encode(claims, secret, algorithm="HS256")
