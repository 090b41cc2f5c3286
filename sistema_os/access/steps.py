"""The steps of a sign-in: password or hotel account, then the second factor, then the page that was asked for.

Between the first and the second nobody is signed in: the session only names who is expected, for ten minutes.
"""

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django_otp import login as mark_verified

from pipeline.models import SignIn
from sistema_os.access import second_factor
from sistema_os.access.sign_in import Attempt

_EXPECTED: Final = "sign_in_expected"
_SECONDS: Final = 600


def proceed(request: HttpRequest, user: User, following: str, *, trusted: bool = False) -> HttpResponse:
    """The step after the password or the hotel account: the page that was asked for, the code, or its setup.
    `trusted`: the hotel's account system has asked for a second factor."""
    set_up, required = second_factor.is_set_up(user), second_factor.is_required(user)
    if trusted or not (set_up or required):
        return finish(request, user, following, trusted=trusted)
    if request.session.get(SESSION_KEY) is not None:
        logout(request)
    request.session.cycle_key()
    request.session[_EXPECTED] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "backend": getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0]),
        "next": following,
        "at": time.time(),
    }
    Attempt(user.get_username(), request).record(SignIn.Result.PASSWORD)
    return HttpResponseRedirect(reverse("admin:sign_in_code" if set_up else "admin:sign_in_setup"))


def finish(
    request: HttpRequest, user: User, following: str, *, device: Any = None, trusted: bool = False
) -> HttpResponse:
    entry = request.session.pop(_EXPECTED, None) or {}
    Attempt(user.get_username(), request).record(SignIn.Result.IN)
    login(request, user, entry.get("backend") or getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0]))
    if device is not None:
        mark_verified(request, device)
    if trusted:
        request.session[second_factor.TRUSTED] = True
    return HttpResponseRedirect(following)


def expected(request: HttpRequest) -> tuple[User, str] | None:
    """Who has given a right password in this session, and the page to show afterwards."""
    entry = request.session.get(_EXPECTED)
    if not entry or time.time() - entry["at"] > _SECONDS:
        return None
    user = User.objects.filter(pk=entry["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), entry["password"]):
        return None
    return user, entry["next"]
