"""Base classes of the admin: read-only rows, lists of bounded cost, and a filter to type in.

Django's own list counts and compares every row of the table; these read an index, whatever the size of the table.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Max, Min, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from sistema_os.admin_base.spreadsheets import CSV, CSV_CHUNK, FORMAT, CsvColumn, csv_response

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _Paginator = Paginator

# Of every list: page, order, search, all, and the flag of an error.
_OWN_PARAMETERS = frozenset({"p", "o", "q", "all", "e"})
# Nobody pages further: rows are found by filters and search.
MAX_COUNTED = 1_000


class CappedPaginator(_Paginator):
    """Counts at most MAX_COUNTED rows and has no page beyond them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MAX_COUNTED].count())


@dataclass(frozen=True)
class FilterChip:
    """A filter in force, and the list without it."""

    title: str
    value: str
    without: str

    @property
    def remove(self) -> str:
        return _("Remove %(title)s: %(value)s") % {"title": self.title, "value": self.value}


class ChipList(ChangeList):
    """Knows its filters in force as words, and its address as a spreadsheet."""

    @property
    def csv_url(self) -> str:
        if not getattr(self.model_admin, "csv_name", ""):
            return ""
        return str(self.get_query_string({FORMAT: CSV}, [PAGE_VAR]))

    @cached_property
    def chips(self) -> list[FilterChip]:
        found = []
        if self.query:
            found.append(FilterChip(_("search"), self.query, self.get_query_string(remove=[SEARCH_VAR])))
        for spec in self.filter_specs:
            choices: list[Any] = list(spec.choices(self))
            if isinstance(spec, TypedFilter):
                box = choices[0]
                if box["typed"]:
                    found.append(FilterChip(str(spec.title), box["typed"], box["without"]))
                continue
            chosen = [choice for choice in choices[1:] if choice["selected"]]
            found += [
                FilterChip(str(spec.title), str(choice["display"]), str(choices[0]["query_string"]))
                for choice in chosen
            ]
        return found


class BoundedList(ChipList):
    """The date hierarchy offers every day between the first and the last of the table, which an index gives; Django's
    own reads every row to leave out days without rows."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Defers the columns that no cell shows."""
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return found.defer(*getattr(self.model_admin, "list_deferred", ()))

    @property
    def cut(self) -> int:
        """The number of rows that can be paged if there may be more; 0 if all can."""
        return MAX_COUNTED if self.result_count >= MAX_COUNTED else 0

    @cached_property
    def dates(self) -> dict[str, Any]:
        """The context of `admin/date_hierarchy.html`."""
        bounds = self._bounds()
        if bounds is None:
            return {"show": False}
        first, last = bounds
        year, month, day = (self._chosen(part) for part in ("year", "month", "day"))
        if not year and first.year == last.year:
            year = first.year
            month = first.month if first.month == last.month else None
        if not year:
            return {"show": True, "back": None, "choices": list(self._years(first, last))}
        if not month:
            back = {"link": self._link(), "title": _("All dates")}
            return {"show": True, "back": back, "choices": list(self._months(year, first, last))}
        if not day:
            back = {"link": self._link(year=year), "title": str(year)}
            return {"show": True, "back": back, "choices": list(self._days(year, month, first, last))}
        return self._one_day(date(year, month, day))

    def _one_day(self, day: date) -> dict[str, Any]:
        title = capfirst(date_format(day, "YEAR_MONTH_FORMAT"))
        back = {"link": self._link(year=day.year, month=day.month), "title": title}
        return {"show": True, "back": back, "choices": [{"title": capfirst(date_format(day, "MONTH_DAY_FORMAT"))}]}

    def _bounds(self) -> tuple[date, date] | None:
        field = get_fields_from_path(self.model, str(self.date_hierarchy))[-1]
        found = field.model._default_manager.aggregate(first=Min(field.name), last=Max(field.name))
        if found["first"] is None:
            return None
        return _day(found["first"]), _day(found["last"])

    def _chosen(self, part: str) -> int | None:
        """Django has already refused what is not a date."""
        value: Any = self.params.get(f"{self.date_hierarchy}__{part}")
        text = str(value[-1] if isinstance(value, list) else value or "")
        return int(text) if text.isdecimal() else None

    def _link(self, **parts: int) -> str:
        wanted = {f"{self.date_hierarchy}__{part}": value for part, value in parts.items()}
        return str(self.get_query_string(wanted, [f"{self.date_hierarchy}__"]))

    def _years(self, first: date, last: date) -> Iterator[dict[str, str]]:
        for year in range(first.year, last.year + 1):
            yield {"link": self._link(year=year), "title": str(year)}

    def _months(self, year: int, first: date, last: date) -> Iterator[dict[str, str]]:
        for month in range(1, 13):
            if (first.year, first.month) <= (year, month) <= (last.year, last.month):
                title = capfirst(date_format(date(year, month, 1), "YEAR_MONTH_FORMAT"))
                yield {"link": self._link(year=year, month=month), "title": title}

    def _days(self, year: int, month: int, first: date, last: date) -> Iterator[dict[str, str]]:
        day = date(year, month, 1)
        while day.month == month:
            if first <= day <= last:
                link = self._link(year=year, month=month, day=day.day)
                yield {"link": link, "title": capfirst(date_format(day, "MONTH_DAY_FORMAT"))}
            day += timedelta(days=1)


def _field(lookup: str) -> str:
    return lookup.partition("__")[0]


def number_or_404(text: str) -> int:
    """A primary key from a URL; what is none is the address of no page."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return int(text)


def _day(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


class TolerantAdmin(_ModelAdmin):
    """A parameter that a list refuses leads to the list without it, where Django answers 400."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            return super().changelist_view(request, extra_context)
        except DisallowedModelAdminLookup:
            given = [(name, value) for name, values in request.GET.lists() for value in values]
            kept = [
                (name, value)
                for name, value in given
                if name in _OWN_PARAMETERS or self.lookup_allowed(name, value, request)
            ]
            # Never the same address again.
            return redirect(f"{request.path}?{urlencode(kept)}" if kept and len(kept) < len(given) else request.path)


class ReadOnlyAdmin(TolerantAdmin):
    """Rows that only the application writes. A list with `csv_name` can be downloaded for a spreadsheet, with its
    filters and search: `?format=csv`."""

    # The name of the file, without its date.
    csv_name = ""

    def csv_columns(self) -> Sequence[CsvColumn]:
        """What the cells of the list say, as plain texts."""
        return ()

    def record_export(self, request: HttpRequest, count: int) -> None:
        """Overridden by lists with personal data."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.csv_name and request.method == "GET" and request.GET.get(FORMAT) == CSV:
            return self._csv(request)
        return super().changelist_view(request, extra_context)

    def _csv(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        # Django would take the parameter for a filter.
        asked: Any = request
        asked.GET = request.GET.copy()
        del asked.GET[FORMAT]
        try:
            rows = self.get_changelist_instance(request).queryset
        except (IncorrectLookupParameters, DisallowedModelAdminLookup):
            return redirect(request.path)
        self.record_export(request, rows.count())
        return csv_response(self.csv_name, self.csv_columns(), rows.iterator(chunk_size=CSV_CHUNK))

    def get_changelist(self, *_args: Any, **_kwargs: Any) -> type[ChangeList]:
        return ChipList

    def render_page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> TemplateResponse:
        """A page of this admin beside Django's own, inside the site's frame."""
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False


class BoundedAdmin(TolerantAdmin):
    """An action never reaches rows beyond those counted for the person: "select all" ends at MAX_COUNTED."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    # Columns that the list does not show and need not read, such as JSON documents.
    list_deferred: tuple[str, ...] = ()

    def action_checkbox(self, obj: Any) -> SafeString:
        """As Django's own, without rendering a template for each row."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            _("Select this object for an action - {}").format(obj),
        )

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *rest: Any, **named: Any) -> Any:
        self._require_valid_selection(request)
        if request.POST.get("select_across") == "1" and queryset.order_by()[: MAX_COUNTED + 1].count() > MAX_COUNTED:
            text = _("That is more than %(most)d at once. Nothing was done; narrow the list with a filter first.")
            messages.error(request, text % {"most": MAX_COUNTED})
            return None
        return super().response_action(request, queryset, *rest, **named)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only the page's own filters and dates: any other lookup in an address could scan the whole table."""
        return _field(lookup) in self._filter_names(request) and super().lookup_allowed(lookup, value, request)

    def _require_valid_selection(self, request: HttpRequest) -> None:
        """404 for a selection that is not a primary key of this table; Django itself would fail on it."""
        key: Any = self.model._meta.pk
        try:
            for value in request.POST.getlist(ACTION_CHECKBOX_NAME):
                key.clean(value.replace("\x00", "x"), None)
        except ValidationError as error:
            raise Http404 from error

    def _filter_names(self, request: HttpRequest) -> Iterator[str]:
        filters: list[Any] = [self.date_hierarchy, *self.get_list_filter(request)]
        for one in filters:
            yield _field(str(getattr(one, "parameter_name", one[0] if isinstance(one, tuple) else one)))

    def get_changelist(self, *_args: Any, **_kwargs: Any) -> type[ChangeList]:
        return BoundedList


def personal(
    name: str, title: Any, cell: Callable[[Any, Any], SafeString | str], person: Any
) -> Callable[[Any], SafeString | str]:
    """A column whose cells depend on the viewer. One admin instance serves every thread and cannot hold the viewer."""

    def column(row: Any) -> SafeString | str:
        return cell(row, person)

    column.__name__ = name
    return admin.display(description=title)(column)


class ReadOnlyListAdmin(BoundedAdmin, ReadOnlyAdmin):
    """A bounded list of read-only rows."""


class TypedFilter(admin.SimpleListFilter, ABC):
    """A text field, for a filter with too many values to list. Works without JavaScript."""

    template = "admin_base/typed_filter.html"
    longest = 20

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Keeps the other filters and the search."""
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
        """The rows that match the typed text."""


def _each(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
