"""Security headers, requests without null characters, and the language cookie."""

import re
from typing import Any, Final, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)


PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})

# Django's change form looks for a column of that name.
_EMPTY_TO_FIELD: Final = re.compile(r"(?:^|(?<=&))_to_field=(?:&|$)")


class SecurityHeadersMiddleware(MiddlewareMixin):
    """Sets the headers that Django does not: pages load and run only files of this site, and cannot be framed."""

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


class NoNullMiddleware(MiddlewareMixin):
    """PostgreSQL has no null character in texts: %00 is removed from the query string and from a form, and a path with
    it is the address of no page."""

    def process_request(self, request: HttpRequest) -> None:
        if "\x00" in request.path_info:
            raise Http404
        query = request.META.get("QUERY_STRING", "")
        while "%00" in query:
            query = query.replace("%00", "")
        request.META["QUERY_STRING"] = _EMPTY_TO_FIELD.sub("", query)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """After CSRF has read the form: reading it here costs nothing."""
        if request.method != "POST" or not any(
            "\x00" in text for _name, texts in request.POST.lists() for text in texts
        ):
            return
        clean = request.POST.copy()
        for name, texts in request.POST.lists():
            clean.setlist(name, [text.replace("\x00", "") for text in texts])
        cast(Any, request).POST = clean


class ProbeMiddleware(MiddlewareMixin):
    """Answers probes whatever name they call us by: a load balancer, a container's health check and Prometheus ask by
    address, which is in no ALLOWED_HOSTS."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info not in PROBES:
            return None
        match = resolve(request.path_info)
        request.resolver_match = match
        return cast(HttpResponse, match.func(request))


class LanguageCookieMiddleware(MiddlewareMixin):
    """Portuguese unless the user chose English; the language of the browser is ignored."""

    def process_request(self, request: HttpRequest) -> None:
        code = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        translation.activate(code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response
