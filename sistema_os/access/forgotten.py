"""A new password by e-mail, where messages can be sent. The page answers alike whether an address is known or not."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pipeline.models import SignIn
from sistema_os.access.sign_in import Attempt

_FOLDER: Final = "sistema_os/sign_in"


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("login/forgotten/", _offered(site, request_page), name="forgotten"),
        path("login/forgotten/<uidb64>/<token>/", _offered(site, new_password_page), name="forgotten_new"),
        path("login/forgotten/done/", never_cache(done_page), name="forgotten_done"),
    ]


def _offered(site: AdminSite, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    def page(request: HttpRequest, **arguments: str) -> HttpResponseBase:
        if not settings.PASSWORD_BY_EMAIL:
            raise Http404
        return view(request, site, **arguments)

    return never_cache(page)


@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Sends the link, valid for an hour, to users with that address and a password of ours."""
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        attempt = Attempt(f"e-mail {form.cleaned_data['email']}", request)
        if attempt.may_request_password():
            attempt.record(SignIn.Result.RESET)
            public = urlsplit(settings.PUBLIC_URL)
            form.save(
                # The Host header of a request must not decide where the link leads, if we know better.
                domain_override=public.netloc or None,
                use_https=public.scheme == "https" if public.netloc else request.is_secure(),
                request=request,
                email_template_name=f"{_FOLDER}/forgotten_message.txt",
                subject_template_name=f"{_FOLDER}/forgotten_subject.txt",
            )
        messages.success(
            request, _("If a user has this address, a message is on its way. Its link is valid for one hour.")
        )
        return HttpResponseRedirect(reverse("admin:login"))
    context = site.each_context(request) | {"title": _("Forgotten password"), "subtitle": None, "form": form}
    return TemplateResponse(request, f"{_FOLDER}/forgotten.html", context)


def new_password_page(request: HttpRequest, site: AdminSite, uidb64: str, token: str) -> HttpResponseBase:
    view = PasswordResetConfirmView.as_view(
        template_name=f"{_FOLDER}/new_password.html",
        success_url=reverse_lazy("admin:forgotten_done"),
        extra_context=site.each_context(request) | {"subtitle": None},
    )
    return view(request, uidb64=uidb64, token=token)


def done_page(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("The new password is valid from now on. Sign in with it."))
    return HttpResponseRedirect(reverse("admin:login"))
