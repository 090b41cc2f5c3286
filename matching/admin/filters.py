"""Filters of the suggestion list. Without one it shows the work of the shift: the queue and today's decisions."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching import rooms
from matching.models import BAND_RANGE, Decision, MatchSuggestion, Order, Stay, WriteBack
from matching.models.choices import MANUAL, Band, Department, State, WriteState
from matching.presentation import name_of
from matching.reports import midnight
from matching.room_numbers import bare_room, typed_room
from sistema_os.admin_base import TypedFilter

Suggestions = QuerySet[MatchSuggestion]

DECIDED_BY = "decided_by"


def current_work(suggestions: Suggestions) -> Suggestions:
    """The best pending candidate of each order, and the suggestions decided today."""
    first = Decision.objects.filter(at__gte=midnight()).aggregate(first=Min("pk"))["first"]
    queue = Q(queued_at__isnull=False)
    if first is None:
        return suggestions.filter(queue)
    # By primary key instead of time: PostgreSQL combines two indexes, where a join would read every row.
    return suggestions.filter(queue | Q(state__in=[State.ACCEPTED, State.REJECTED], decision__gte=first))


STATES: dict[str, Any] = {
    "all": _("all"),
    **dict(State.choices),
    "conflict": _("conflict"),
    "flagged": _("marked"),
    "unconfirmed": _p("write-back", "to confirm"),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: Suggestions) -> Suggestions:
        wanted = self.value() or ""
        if wanted in State.values:
            return queryset.filter(state=wanted)
        if wanted == "conflict":
            return queryset.exclude(conflict="")
        if wanted == "flagged":
            return queryset.filter(queued_at__isnull=False, order__flagged=True)
        if wanted == "unconfirmed":
            open_writes = WriteBack.objects.filter(suggestion=OuterRef("pk"), state=WriteState.OPEN)
            return queryset.filter(Exists(open_writes))
        if wanted == "all" or read_person(request.GET.get(DECIDED_BY)) is not None:
            return queryset  # All decisions of that person, not only today's.
        return current_work(queryset)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django's "All" comes first and means no parameter, which shows the current work here."""
        for index, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": _("queue and today's decisions")} if index == 0 else choice


class BandFilter(admin.SimpleListFilter):
    title = _("band")
    parameter_name = "band"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(band.value, band.label) for band in Band]

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        return queryset.filter(BAND_RANGE[Band(self.value() or "")]) if self.value() in Band.values else queryset


class DepartureFilter(admin.SimpleListFilter):
    title = _("departure")
    parameter_name = "departure"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("today", _("today"))]

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        return queryset.filter(stay__departure=timezone.localdate()) if self.value() == "today" else queryset


class DepartmentFilter(admin.SimpleListFilter):
    title = _("department")
    parameter_name = "department"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(Department.choices)

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        return queryset.filter(order__department=self.value()) if self.value() else queryset


# Of stays and of orders each; a list ends after a thousand rows anyway.
MAX_OF_A_ROOM = 2_000


class RoomFilter(TypedFilter):
    """The room that the order names or that the guest has."""

    title = _("room")
    parameter_name = "room"
    longest = 30

    def narrow(self, queryset: Suggestions, typed: str) -> Suggestions:
        keys = {key for key in (typed_room(typed), *rooms.resolve(typed)) if key}
        if not keys:
            return queryset.none()
        holding = reduce(or_, (Q(search__contains=key) for key in keys))
        stays = Stay.objects.filter(holding).annotate(key=bare_room("room")).filter(key__in=keys)
        orders = Order.objects.filter(holding).annotate(key=bare_room("room_text")).filter(key__in=keys)
        # By primary key: PostgreSQL combines two indexes, where a join would read every suggestion.
        newest = (stays.order_by("-pk"), orders.order_by("-pk"))
        guests, named = (list(rows.values_list("pk", flat=True)[:MAX_OF_A_ROOM]) for rows in newest)
        return queryset.filter(Q(stay__in=guests) | Q(order__in=named))


class DeciderFilter(admin.SimpleListFilter):
    """Whose decision put the suggestion in its state."""

    title = _("decided by")
    parameter_name = DECIDED_BY

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """The person's own name first, as most people look for their own decisions."""
        deciders = User.objects.filter(Exists(Decision.objects.filter(user=OuterRef("pk"))))
        others = deciders.exclude(pk=request.user.pk or 0).order_by("username")
        return [(str(request.user.pk), _("me")), *((str(user.pk), name_of(user)) for user in others)]

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        person = read_person(self.value())
        if person is None:
            return queryset
        return queryset.filter(decision__user=person, state__in=[State.ACCEPTED, State.REJECTED])


def read_person(value: str | None) -> int | None:
    """The primary key in an address; None for anything else."""
    try:
        person: int | None = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False).clean(value)
        return person
    except ValidationError:
        return None


class ModelFilter(admin.SimpleListFilter):
    title = _("model version")
    parameter_name = "model"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, _("named by hand") if name == MANUAL else name) for name in model_versions()]

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        value = (self.value() or "").replace("\x00", "")
        return queryset.filter(model_version=value) if value else queryset


# A loose index scan: each step jumps to the next name, where DISTINCT would read every suggestion.
_VERSIONS = """
WITH RECURSIVE names AS (
    (SELECT model_version AS name FROM {table} ORDER BY model_version LIMIT 1)
    UNION ALL
    SELECT (SELECT model_version FROM {table} WHERE model_version > name ORDER BY model_version LIMIT 1)
    FROM names WHERE name IS NOT NULL
) SELECT name FROM names WHERE name IS NOT NULL LIMIT 50
"""


def model_versions() -> list[str]:
    """Every model that scored a suggestion, with one index look-up for each."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS.format(table=MatchSuggestion._meta.db_table))
        return [name for (name,) in cursor.fetchall()]


class SettledFilter(admin.SimpleListFilter):
    """Open alerts by default, settled ones or all on request."""

    title = _("state")
    parameter_name = "settled"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("settled alerts")), ("all", _p("alerts", "all"))]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(settled_at__isnull=self.value() != "yes")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for index, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": _("open alerts")} if index == 0 else choice
