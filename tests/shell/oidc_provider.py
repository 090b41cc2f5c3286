"""A small OpenID provider on loopback: discovery, keys and tokens with real signatures; PKCE is checked."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "sistema-os"


class Provider:
    """`claims` are those of the person who signs in; `extra` replaces claims of the token; `key` signs it."""

    def __init__(self) -> None:
        self.published = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.key = self.published
        self.claims: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.down = False
        self.issuer = ""
        self._asked: dict[str, dict[str, str]] = {}

    def authorize(self, url: str) -> str:
        """What the browser does at the provider: the query string with which it comes back."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self._asked)}"
        self._asked[code] = asked
        return f"code={code}&state={asked['state']}"

    def answer(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        if self.down:
            return None
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        if path == "/keys":
            return {"keys": [self.published.as_dict(private=False)]}
        return self._token(form) if path == "/token" else None

    def _token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self._asked.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.claims | self.extra, self.key)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": token}


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send({name: values[0] for name, values in parse_qs(text).items()})

        def _send(self, form: dict[str, str]) -> None:
            answer = provider.answer(urlsplit(self.path).path, form)
            self.send_response(200 if answer is not None else 503)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer or {"error": "server_error"}).encode())

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
