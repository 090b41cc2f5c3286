"""Signing in: wrong passwords and codes are counted and stopped, every attempt is recorded, an idle session ends.

Failures are counted for one account from one address, so that nobody can lock a colleague out from elsewhere; a wider
limit for an account and for an address stops guessing from many addresses and at many accounts.
"""

import hashlib
import hmac
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.models import SignIn

# How many times the limit of one account from one address an account, and an address, may fail.
OF_AN_ACCOUNT: Final = 10
OF_AN_ADDRESS: Final = 20
_SEEN: Final = "seen_at"
# The session is written at most so often, in seconds.
_STEP: Final = 30
# Pages that ask again by themselves are no activity of a person.
_POLLED: Final = frozenset({"pipeline_jobrun_live", "pipeline_jobrun_log"})


class SignInForm(AdminAuthenticationForm):
    """As Django's, but after too many failures no password is checked until the lock ends."""

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username") or "")
        attempt = Attempt(name, self.request)
        # Attempts on one account wait for each other: a thousand at once are counted like a thousand in a row.
        with transaction.atomic():
            attempt.lock()
            refusal = attempt.refusal()
            failure = refusal or self._failure()
            if failure is not None:
                attempt.record(SignIn.Result.LOCKED if refusal else SignIn.Result.FAILED)
        if failure is not None:
            raise failure
        return self.cleaned_data

    def _failure(self) -> ValidationError | None:
        try:
            super().clean()
        except ValidationError as error:
            return error
        return None


class Attempt:
    """One attempt on an account from an address. `lock` must be called in a transaction."""

    def __init__(self, name: str, request: HttpRequest | None) -> None:
        self.user = User.objects.filter(username=name).first()
        key = f"account:{name.casefold()}".encode()
        self.account = hmac.new(settings.HASH_KEY.encode(), key, hashlib.sha256).hexdigest()[:32]
        self.address = address_of(request) if request else None

    def lock(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {self.account}"])

    def refusal(self) -> ValidationError | None:
        since = timezone.now() - timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
        failures = SignIn.objects.filter(at__gte=since, result=SignIn.Result.FAILED)
        mine = failures.filter(account=self.account)
        succeeded = SignIn.objects.filter(account=self.account, address=self.address, result=SignIn.Result.IN)
        last = succeeded.order_by("-at").values_list("at", flat=True).first()
        here = mine.filter(address=self.address, **({"at__gt": last} if last else {}))
        limit = settings.SIGN_IN_FAILURES
        for rows, most in (
            (here, limit),
            (mine, limit * OF_AN_ACCOUNT),
            (failures.filter(address=self.address), limit * OF_AN_ADDRESS),
        ):
            # The lock ends when the oldest of the last `most` failures leaves the window.
            times = list(rows.order_by("-at").values_list("at", flat=True)[:most])
            if len(times) == most:
                return _locked(times[-1] + timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES))
        return None

    def codes_left(self) -> int:
        """Wrong codes that the account may still have before the lock, from any address: whoever sends codes knows the
        password."""
        return int(settings.SIGN_IN_FAILURES) - len(self._wrong_codes())

    def refusal_of_codes(self) -> ValidationError | None:
        times = self._wrong_codes()
        if len(times) < settings.SIGN_IN_FAILURES:
            return None
        return _locked(times[-1] + timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES))

    def _wrong_codes(self) -> list[datetime]:
        since = timezone.now() - timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
        mine = SignIn.objects.filter(account=self.account).order_by("-at")
        last = mine.filter(result=SignIn.Result.IN).values_list("at", flat=True).first()
        wrong = mine.filter(result=SignIn.Result.CODE, at__gte=max(since, last) if last else since)
        return list(wrong.values_list("at", flat=True)[: settings.SIGN_IN_FAILURES])

    def may_request_password(self) -> bool:
        """Whether another message may be sent: as many for an account, and from an address, as wrong passwords."""
        since = timezone.now() - timedelta(minutes=settings.SIGN_IN_LOCK_MINUTES)
        sent = SignIn.objects.filter(at__gte=since, result=SignIn.Result.RESET)
        here = sent.filter(address=self.address).count()
        return max(sent.filter(account=self.account).count(), here) < settings.SIGN_IN_FAILURES

    def record(self, result: str) -> None:
        SignIn.objects.create(user=self.user, account=self.account, address=self.address, result=result)


def _locked(until: datetime) -> ValidationError:
    minutes = max(1, math.ceil((until - timezone.now()).total_seconds() / 60))
    text = ngettext(
        "Too many wrong attempts. Try again in %(count)d minute, at %(time)s.",
        "Too many wrong attempts. Try again in %(count)d minutes, at %(time)s.",
        minutes,
    )
    time = timezone.localtime(timezone.now() + timedelta(minutes=minutes))
    return ValidationError(text % {"count": minutes, "time": f"{time:%H:%M}"}, code="locked")


def record_sign_out(request: HttpRequest) -> None:
    if not isinstance(request.user, AnonymousUser):
        Attempt(request.user.get_username(), request).record(SignIn.Result.OUT)


def address_of(request: HttpRequest) -> str | None:
    """Behind a proxy of ours, what the proxy saw: the last address it wrote."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or None


class IdleMiddleware:
    """Ends a session without activity for IDLE_MINUTES. Signing in again leads back to the same page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.IDLE_MINUTES or isinstance(request.user, AnonymousUser):
            return self._get_response(request)
        now = timezone.now().timestamp()
        seen = float(request.session.get(_SEEN, now))
        if now - seen > settings.IDLE_MINUTES * 60:
            record_sign_out(request)
            logout(request)
            messages.info(request, _("You were signed out because nobody used this screen. Sign in to go on."))
            back = request.get_full_path() if request.method == "GET" else str(request.META.get("HTTP_REFERER", ""))
            return redirect_to_login(back or request.path)
        response = self._get_response(request)
        match = request.resolver_match
        polled = match is not None and match.url_name in _POLLED
        if not polled and (_SEEN not in request.session or now - seen > _STEP):
            request.session[_SEEN] = now
        return response
