"""Secrets of the local stack. They are worth nothing elsewhere, and are made anew by every reset."""

import secrets
from datetime import UTC, datetime, timedelta

import jwt


def new_secret() -> str:
    return secrets.token_urlsafe(36)


def api_key(secret: str, role: str) -> str:
    """A key as Supabase issues it: a JWT that names the database role, good for ten years."""
    issued = datetime.now(UTC) - timedelta(minutes=1)
    claims = {"iss": "supabase-local", "role": role, "iat": issued, "exp": issued + timedelta(days=3650)}
    return jwt.encode(claims, secret, algorithm="HS256")
