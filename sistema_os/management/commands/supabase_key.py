import base64
import hashlib
import hmac
import json
import os
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

APP_ROLE: Final = "sistema_os_app"
_SHORTEST_SECRET: Final = 32


class Command(BaseCommand):
    help = (
        "Prints a key of the app's database role: a token signed with the project's JWT secret, which JWT_SECRET holds."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        secret = os.environ.get("JWT_SECRET", "")
        if len(secret) < _SHORTEST_SECRET:
            raise CommandError(f"JWT_SECRET holds no JWT secret: it has at least {_SHORTEST_SECRET} characters.")
        self.stdout.write(role_token(secret, APP_ROLE))


def role_token(secret: str, role: str) -> str:
    """A JWT (HS256) with the database role, valid until 2100. The same secret always gives the same token."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "sistema-os", "role": role, "exp": 4_102_444_800})
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{_encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
