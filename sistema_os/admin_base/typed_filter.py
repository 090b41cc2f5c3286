"""A filter of a list that is typed, not picked."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest


class TypedFilter(admin.SimpleListFilter, ABC):
    """A box to type in, where a list of all values would be a page long. Works without JavaScript."""

    template = "admin_base/typed_filter.html"
    longest = 20

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """What else narrows the list stays as it is."""
        others = {name: value for name, value in changelist.get_filters_params().items() if name != self.parameter_name}
        if changelist.query:
            others[SEARCH_VAR] = changelist.query
        yield {
            "name": self.parameter_name,
            "typed": (self.value() or "")[: self.longest],
            "longest": self.longest,
            "others": [(name, one) for name, value in others.items() for one in _each(value)],
            "without": changelist.get_query_string(remove=[str(self.parameter_name)]),
        }

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        typed = (self.value() or "").replace("\x00", "").strip()[: self.longest]
        return self.narrow(queryset, typed) if typed else queryset

    @abstractmethod
    def narrow(self, queryset: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Those that what was typed means."""


def _each(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
