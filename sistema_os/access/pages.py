"""The pages of a sign-in: password, code, setup of a second factor, forgotten password."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_otp import login as mark_verified

from pipeline.models import SignIn
from sistema_os.access import forgotten, second_factor, single_sign_on, steps
from sistema_os.access.sign_in import Attempt, SignInForm

_NEW_KEY: Final = "second_factor_new_key"
_NEW_CODES: Final = "second_factor_new_codes"
_LONGEST: Final = 40


def urls(site: AdminSite) -> list[URLPattern]:
    """To be placed before the site's own addresses. All but the last are open to people who are not signed in."""
    return [
        path("login/code/", _open(site, code_page), name="sign_in_code"),
        path("login/setup/", _open(site, setup_page), name="sign_in_setup"),
        path("login/hotel/", single_sign_on.start, name="hotel_account"),
        path("login/hotel/back/", single_sign_on.come_back, name="hotel_account_back"),
        *forgotten.urls(site),
        path("second-factor/", site.admin_view(never_cache(partial(own_page, site=site))), name="second_factor"),
    ]


def _open(site: AdminSite, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    return never_cache(partial(view, site=site))


class SignInPage(LoginView):
    """As Django's, but the password alone signs nobody in who has, or needs, a second factor."""

    authentication_form = SignInForm
    template_name = "sistema_os/sign_in/password.html"
    next_page = "admin:index"

    def form_valid(self, form: Any) -> HttpResponse:
        return steps.proceed(self.request, form.get_user(), self.get_success_url())


@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    expected = steps.expected(request)
    if expected is None:
        return HttpResponseRedirect(reverse("admin:login"))
    user, following = expected
    if not second_factor.is_set_up(user):
        return HttpResponseRedirect(reverse("admin:sign_in_setup"))
    error = left = None
    if request.method == "POST":
        recovery = "spare" in request.POST
        device, error, left = _check(request, user, recovery=recovery)
        if device is not None:
            if recovery:
                _warn_of_recovery_code(request, user)
            return steps.finish(request, user, following, device=device)
    context = _context(request, site, _("Access code")) | {
        "name": user.get_username(),
        "error": error,
        "attempts_left": left,
        "recovery": "spare" in request.POST or "spare" in request.GET,
        "recovery_left": second_factor.recovery_codes_left(user),
        "recovery_most": second_factor.RECOVERY_CODES,
        "lock_minutes": settings.SIGN_IN_LOCK_MINUTES,
    }
    return TemplateResponse(request, "sistema_os/sign_in/code.html", context)


def _check(request: HttpRequest, user: User, *, recovery: bool = False) -> tuple[Any, str | None, int | None]:
    """(device that accepts the code, what is wrong with it, attempts left). Codes for one account wait for each
    other, so that a thousand at once are counted like a thousand in a row."""
    typed = request.POST.get("spare" if recovery else "code", "")[:_LONGEST]
    accepts = second_factor.accepts_recovery_code if recovery else second_factor.accepts_code
    attempt = Attempt(user.get_username(), request)
    with transaction.atomic():
        attempt.lock()
        refusal = attempt.refusal_of_codes()
        if refusal is not None:
            attempt.record(SignIn.Result.LOCKED)
            return None, str(refusal.message), 0
        device = accepts(user, typed)
        if device is None:
            attempt.record(SignIn.Result.CODE)
    if device is not None:
        return device, None, None
    return None, _refused_words(recovery=recovery), attempt.codes_left()


def _refused_words(*, recovery: bool) -> str:
    if recovery:
        return _("This recovery code is wrong or was used before.")
    return _("It changes every 30 seconds. Type the one that the app shows now.")


def _warn_of_recovery_code(request: HttpRequest, user: User) -> None:
    left = second_factor.recovery_codes_left(user)
    text = ngettext(
        "You signed in with a recovery code; %(count)d is left. Set up the new phone under “Second factor”.",
        "You signed in with a recovery code; %(count)d are left. Set up the new phone under “Second factor”.",
        left,
    )
    messages.warning(request, text % {"count": left})


@require_http_methods(["GET", "HEAD", "POST"])
def setup_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The first second factor of a user from whom one is required, between the password and the first page."""
    expected = steps.expected(request)
    if expected is None:
        return HttpResponseRedirect(reverse("admin:login"))
    user, following = expected
    if second_factor.is_set_up(user):
        return HttpResponseRedirect(reverse("admin:sign_in_code"))
    device, error = _set_up(request, user)
    if device is not None:
        steps.finish(request, user, following, device=device)
        return _show_new_codes(request, user, following)
    context = _context(request, site, _("Set up the second factor")) | _setup_context(request, user, error)
    return TemplateResponse(request, "sistema_os/sign_in/setup.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def own_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The second factor of the person who is signed in. Changes need a code of the present one."""
    user = User.objects.get(username=request.user.get_username())
    error = None
    step = request.POST.get("step", "")
    set_up = second_factor.is_set_up(user)
    if step == "app" and (not set_up or second_factor.was_used(request)):
        device, error = _set_up(request, user)
        if device is not None:
            mark_verified(request, device)
            return _show_new_codes(request, user, reverse("admin:second_factor"))
    elif step in ("codes", "remove") and set_up:
        device, error, _left = _check(request, user)
        if device is not None and step == "codes":
            return _show_new_codes(request, user, reverse("admin:second_factor"))
        if device is not None and not second_factor.is_required(user):
            second_factor.reset(user)
            messages.success(request, _("The second factor was removed."))
            return HttpResponseRedirect(reverse("admin:second_factor"))
    shown = request.session.pop(_NEW_CODES, None) or {}
    context = _context(request, site, _("Second factor")) | {
        "set_up": set_up,
        "required": second_factor.is_required(user),
        "error": error,
        "new_codes": shown.get("codes"),
        "following": shown.get("next"),
        "recovery_left": second_factor.recovery_codes_left(user),
        "replacing": set_up and second_factor.was_used(request) and "app" in request.GET,
    }
    if not set_up or context["replacing"]:
        context |= _setup_context(request, user, error)
    return TemplateResponse(request, "sistema_os/sign_in/own.html", context)


def _set_up(request: HttpRequest, user: User) -> tuple[Any, str | None]:
    """(the new device, what is wrong with the code)."""
    key = request.session.get(_NEW_KEY)
    if request.method != "POST" or key is None:
        request.session[_NEW_KEY] = key or second_factor.new_key()
        return None, None
    device = second_factor.set_up_app(user, key, request.POST.get("code", "")[:_LONGEST])
    if device is None:
        return None, _refused_words(recovery=False)
    del request.session[_NEW_KEY]
    return device, None


def _show_new_codes(request: HttpRequest, user: User, following: str) -> HttpResponse:
    request.session[_NEW_CODES] = {"codes": second_factor.new_recovery_codes(user), "next": following}
    return HttpResponseRedirect(reverse("admin:second_factor"))


def _setup_context(request: HttpRequest, user: User, error: str | None) -> dict[str, Any]:
    app = second_factor.unsaved_app(user, request.session.setdefault(_NEW_KEY, second_factor.new_key()))
    letters = app.config_url.partition("secret=")[2].partition("&")[0]
    return {
        "name": user.get_username(),
        "error": error,
        "qr": _qr(app.config_url),
        "letters": " ".join(letters[at : at + 4] for at in range(0, len(letters), 4)),
    }


def _qr(text: str) -> SafeString:
    # Paths and numbers that segno draws.
    return SafeString(segno.make(text, error="m").svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None))


def _context(request: HttpRequest, site: AdminSite, title: str) -> dict[str, Any]:
    return site.each_context(request) | {"title": title, "subtitle": None}
