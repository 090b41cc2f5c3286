"""/metrics in Prometheus' text format: runs, queue, data and decisions from the database, HTTP from this server.

Closed unless METRICS_TOKEN or METRICS_ALLOWED is set.
"""

import hmac
from ipaddress import ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from sistema_os.metrics.database import DatabaseCollector
from sistema_os.metrics.http import http_registry

_BEARER: Final = "Bearer "
_registry = CollectorRegistry(auto_describe=False)
_registry.register(DatabaseCollector())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 for everybody while it is not set up, 403 for those who may not read it."""
    if not settings.METRICS_TOKEN and not settings.METRICS_ALLOWED:
        raise Http404
    if not (_has_token(request) or _comes_from_allowed_address(request)):
        return HttpResponse("METRICS_TOKEN or an address of METRICS_ALLOWED is needed.\n", "text/plain", status=403)
    return HttpResponse(generate_latest(_registry) + generate_latest(http_registry()), CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    return (
        bool(token)
        and given.startswith(_BEARER)
        and hmac.compare_digest(given[len(_BEARER) :].encode(), token.encode())
    )


def _comes_from_allowed_address(request: HttpRequest) -> bool:
    """Whoever comes through a proxy has the proxy's address: such a request needs the token."""
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a Unix socket has no address
        return False
    return any(address in ip_network(network) for network in settings.METRICS_ALLOWED)
