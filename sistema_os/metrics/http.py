"""Requests by page, method and status, and how long they took.

With several workers PROMETHEUS_MULTIPROC_DIR names the folder in which they add up (docs/deploy/gunicorn_conf.py).
"""

import os
import time
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

_BEGAN: Final = "sistema_os.metrics_began"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_own = CollectorRegistry()
REQUESTS: Final = Counter("sistema_os_http_requests", "Requests answered.", ["view", "method", "status"], registry=_own)
SECONDS: Final = Histogram(
    "sistema_os_http_request_seconds",
    "Time until the answer was ready.",
    ["view"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=_own,
)


def http_registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return _own
    together = CollectorRegistry()
    add_up: Callable[[CollectorRegistry], Any] = MultiProcessCollector
    add_up(together)
    return together


class MetricsMiddleware(MiddlewareMixin):
    """The first of all, so that it sees every answer. Pages are counted by their view: addresses hold ids."""

    def process_request(self, request: HttpRequest) -> None:
        request.META[_BEGAN] = time.perf_counter()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        view = request.resolver_match.view_name if request.resolver_match else "other"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(view, method, response.status_code).inc()
        SECONDS.labels(view).observe(time.perf_counter() - request.META.get(_BEGAN, time.perf_counter()))
        return response
