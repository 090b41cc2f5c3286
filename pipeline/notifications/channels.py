"""Sending over the network within a deadline. Addresses hold secrets: no log has them.

The time-out of a socket starts anew with every byte, so a server that drips would hold the watch for hours. Sending
therefore happens in a thread that is given up at the deadline.
"""

import smtplib
import threading
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.core.mail import send_mail

from pipeline.models import Channel

DEADLINE_SECONDS: Final = 10.0
_SOCKET_SECONDS: Final = 5.0


class NotSent(Exception):
    """The message says why, without the address."""


# The last sending of each channel; one that was given up may still be waiting for its server.
_sending: dict[str, threading.Thread] = {}


def send_email(subject: str, body: str) -> None:
    """One message to all of NOTIFY_EMAILS. Raises NotSent."""
    _within_deadline(Channel.EMAIL, lambda: send_mail(subject, body, None, settings.NOTIFY_EMAILS))


def post(channel: str, url: str, body: bytes, content_type: str) -> None:
    """Raises NotSent, also for a redirect: urllib would follow it with a GET, and the message would be lost."""
    headers = {"Content-Type": content_type, "User-Agent": "sistema-os"}
    request = Request(url, body, headers)  # noqa: S310  settings refuse other schemes
    opener = build_opener(_NoRedirect)

    def send() -> None:
        try:
            with opener.open(request, timeout=_SOCKET_SECONDS) as answer:
                answer.read(1024)
        except HTTPError as error:
            error.close()
            raise

    _within_deadline(channel, send)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_redirect: Any) -> None:
        """None: the redirect is an error."""


def _within_deadline(channel: str, send: Callable[[], Any]) -> None:
    """One thread a channel at most: while a sending that was given up goes on, the next one does not begin."""
    before = _sending.get(channel)
    if before is not None and before.is_alive():
        raise NotSent("the sending before still hangs")
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            send()
        except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
            failures.append(error)

    thread = threading.Thread(target=attempt, name=f"notice-{channel}", daemon=True)
    _sending[channel] = thread
    thread.start()
    thread.join(DEADLINE_SECONDS)
    if thread.is_alive():
        raise NotSent(f"no answer within {DEADLINE_SECONDS:g} s")
    if failures:
        code = getattr(failures[0], "code", None)
        raise NotSent(type(failures[0]).__name__ + (f" {code}" if isinstance(code, int) else ""))
