"""Secrets of the local stack, valid only there and replaced by every reset."""

import secrets
from datetime import UTC, datetime

import jwt


def new_secret() -> str:
    return secrets.token_urlsafe(36)


def api_key(secret: str, role: str) -> str:
    """A JWT with the database role, as Supabase issues it. The same secret always gives the same key, so processes that
    have it keep working when the stack is restarted."""
    claims = {"iss": "supabase-local", "role": role, "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return jwt.encode(claims, secret, algorithm="HS256")
