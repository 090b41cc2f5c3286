"""Who looked: every page with personal data that was shown is recorded with the user, its kind and the row.

The entry is one insert that does not wait for the disk, about a millisecond: a crash of the database server may lose
the reads of its last second. Pages that were refused, redirected or not found showed nothing and leave no entry.
"""

import logging
import re
from collections.abc import Callable
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from pipeline.models import AccessKind

log = logging.getLogger(__name__)
# By the name of the address in the admin site.
KINDS: Final[dict[str, AccessKind]] = {
    "matching_matchsuggestion_change": AccessKind.CARD,
    "matching_matchsuggestion_review": AccessKind.CARD,
    "matching_matchsuggestion_bulk": AccessKind.SUGGESTIONS,
    "matching_matchsuggestion_bulk_plan": AccessKind.SUGGESTIONS,
    "matching_matchsuggestion_changelist": AccessKind.SUGGESTIONS,
    "matching_alert_changelist": AccessKind.SUGGESTIONS,
    "matching_decision_changelist": AccessKind.SUGGESTIONS,
    "matching_alert_change": AccessKind.CARD,
    "snapshots_row": AccessKind.GUEST,
    "snapshots_listing": AccessKind.LISTING,
    "snapshots_compare": AccessKind.LISTING,
    "snapshots_snapshot_change": AccessKind.LISTING,
    "rooms": AccessKind.ROOM,
    "guest": AccessKind.GUEST,
    "find": AccessKind.SEARCH,
    "handover": AccessKind.HANDOVER,
    "audit": AccessKind.SUGGESTIONS,
    "data_request": AccessKind.SEARCH,
}
_SEARCHED: Final = ("q", "search")
_ROOM: Final = re.compile(r"[0-9]{1,4}[A-Za-z]?")
_LONGEST: Final = 64
# One round trip: the setting holds for the transaction of this statement, which then does not wait for the disk.
_INSERT: Final = """
insert into pipeline_accessentry (at, user_id, kind, "row")
select clock_timestamp(), %s, %s, %s from set_config('synchronous_commit', 'off', true)
"""


class AccessLogMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        kind = kind_of(request, response)
        if kind is not None and not isinstance(request.user, AnonymousUser):
            _store(request.user.pk, kind, row_of(request))
        return response


def kind_of(request: HttpRequest, response: HttpResponseBase) -> AccessKind | None:
    """What the response showed; None for pages without personal data."""
    match = request.resolver_match
    if match is None or response.status_code != 200:
        return None
    kind = KINDS.get(match.url_name or "")
    if kind is None:
        return None
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        return AccessKind.EXPORT
    if kind in (AccessKind.SUGGESTIONS, AccessKind.LISTING) and any(request.GET.get(name) for name in _SEARCHED):
        return AccessKind.SEARCH
    return kind


def row_of(request: HttpRequest) -> str:
    """Primary keys of the address, or a room; what was typed into a search may be a name and is left out."""
    match = request.resolver_match
    keys = [str(value) for value in match.kwargs.values()] if match else []
    room = str(request.GET.get("q", "")).strip()
    if match and match.url_name == "rooms" and _ROOM.fullmatch(room):
        keys = [room]
    return "/".join(keys)[:_LONGEST]


def _store(user: int, kind: AccessKind, row: str) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [user, kind, row])
    except Error:
        log.exception("a read of personal data was not recorded")
