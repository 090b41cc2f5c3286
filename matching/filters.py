"""Filters of the suggestions' list. Its first sight is what a shift works on: the queue and what was decided today."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, Min, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching.models import Decision, MatchSuggestion, WriteBack
from matching.querysets import BAND_RANGE
from matching.states import Band, State, WriteState

Suggestions = QuerySet[MatchSuggestion]


def midnight() -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate(), time()))


def on_the_desk(suggestions: Suggestions) -> Suggestions:
    """Each order's best pending candidate, and what people decided today."""
    first = Decision.objects.filter(at__gte=midnight()).aggregate(first=Min("pk"))["first"]
    queue = Q(queued_at__isnull=False)
    if first is None:
        return suggestions.filter(queue)
    # By number instead of by time: two indexes answer together, where a join would read every row.
    return suggestions.filter(queue | Q(state__in=[State.ACCEPTED, State.REJECTED], decision__gte=first))


def unconfirmed(suggestions: Suggestions) -> Suggestions:
    return suggestions.filter(Exists(WriteBack.objects.filter(suggestion=OuterRef("pk"), state=WriteState.OPEN)))


def _in_state(state: State) -> Callable[[Suggestions], Suggestions]:
    return lambda suggestions: suggestions.filter(state=state)


STATES: dict[str, tuple[Any, Callable[[Suggestions], Suggestions]]] = {
    "all": (_("all"), lambda q: q),
    **{state.value: (state.label, _in_state(state)) for state in State},
    "conflict": (_("conflict"), lambda q: q.exclude(conflict="")),
    "flagged": (_("marked"), lambda q: q.filter(queued_at__isnull=False, order__flagged=True)),
    "unconfirmed": (_p("write-back", "to confirm"), unconfirmed),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [(value, label) for value, (label, _narrow) in STATES.items()]

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        wanted = STATES.get(self.value() or "")
        return wanted[1](queryset) if wanted else on_the_desk(queryset)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The stock "All" stands first and means no parameter: here that is the desk."""
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


# The hotel's own codes, as staff write them.
DEPARTMENTS = {
    "manutencao": "Manutenção",
    "governanca": "Governança",
    "recepcao": "Recepção",
    "receptivo": "Receptivo",
    "aeb": "A&B",
    "spa": "Spa",
    "achados": "Achados e perdidos",
    "ti": "TI",
}


def department_words(code: str) -> str:
    return DEPARTMENTS.get(code, code)


class DepartmentFilter(admin.SimpleListFilter):
    title = _("department")
    parameter_name = "department"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return list(DEPARTMENTS.items())

    def queryset(self, _request: HttpRequest, queryset: Suggestions) -> Suggestions:
        return queryset.filter(order__department=self.value()) if self.value() else queryset


class SettledFilter(admin.SimpleListFilter):
    """Alerts: the open ones first, the settled ones on demand."""

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
