"""The three ways a message leaves the house. None raises: a notifier that fails must not harm what it speaks of.

Synchronous, for the watch: nothing here may be called from a job's loop. Addresses hold secrets, so no log names them.
"""

import json
import logging
import smtplib
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.mail import send_mail

_SECONDS = 5.0

logger = logging.getLogger(__name__)


def email(subject: str, body: str) -> bool:
    """To all of NOTIFY_EMAILS at once. Whether the mail server took it."""
    try:
        return bool(send_mail(subject, body, None, settings.NOTIFY_EMAILS))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        logger.warning("the e-mail could not be sent: %s", type(error).__name__)
        return False


def webhook(message: dict[str, Any]) -> bool:
    """Whether the receiver answered with 2xx."""
    return _post("webhook", settings.NOTIFY_WEBHOOK, json.dumps(message).encode(), "application/json")


def ping(url: str, text: str) -> bool:
    return _post("ping", url, text.encode(), "text/plain; charset=utf-8")


def _post(what: str, url: str, body: bytes, kind: str) -> bool:
    request = Request(url, body, {"Content-Type": kind, "User-Agent": "sistema-os"})  # noqa: S310  settings refuse other schemes
    try:
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  as above
            answer.read(1024)
    except (OSError, HTTPException, ValueError) as error:
        logger.warning("the %s could not be sent: %s", what, type(error).__name__)
        return False
    return True
