"""Admin of snapshots, which are read only, and of sources, whose thresholds staff edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from sistema_os.admin_base import CsvColumn, ReadOnlyAdmin, TolerantAdmin
from snapshots.admin import views
from snapshots.admin.display import status_chip
from snapshots.dashboard import chart_of, held_notes
from snapshots.history import latest_of_each
from snapshots.models import Snapshot, Source


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("listing", "state", "rows_shown", "difference", "collected")
    list_display_links = ("listing",)
    list_filter = ("source", "status", "business_date")
    list_select_related = ("source",)
    list_per_page = 30
    actions = None
    empty_title = _("No listing has been collected yet")
    empty_text = _("The first one comes with the next run of the daily pipeline.")
    csv_name = "coletas"

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return (
            CsvColumn(_("Listing"), lambda row: date_format(row.business_date, "SHORT_DATE_FORMAT")),
            CsvColumn(_("Source"), lambda row: row.source),
            CsvColumn(_("State"), lambda row: status_chip(row).word),
            CsvColumn(_("Rows"), lambda row: row.received),
            CsvColumn(_p("rows", "new"), lambda row: row.added),
            CsvColumn(_p("rows", "gone"), lambda row: row.removed),
            CsvColumn(_p("rows", "changed"), lambda row: row.changed),
            CsvColumn(
                _("Collected"),
                lambda row: date_format(localtime(row.finished_at or row.started_at), "SHORT_DATETIME_FORMAT"),
            ),
        )

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Held snapshots first."""
        return Case(When(status=Snapshot.Status.HELD, then=0), default=1).asc(), "-id"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("compare/", self._wrapped(views.compare_page), name="snapshots_compare"),
            path("row/<slug:source>/<path:key>/", self._wrapped(views.row_page), name="snapshots_row"),
            path("<int:pk>/listing/", self._wrapped(views.listing_page), name="snapshots_listing"),
            path("<int:pk>/decide/", self.admin_site.admin_view(views.decide), name="snapshots_decide"),
        ]
        return [*own, *super().get_urls()]

    def _wrapped(self, view: Any) -> Any:
        def with_site(request: HttpRequest, **arguments: Any) -> HttpResponse:
            response: HttpResponse = view(request, self.admin_site, **arguments)
            return response

        return self.admin_site.admin_view(with_site)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return views.snapshot_page(request, self.admin_site, object_id)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        wanted = request.GET.get("source__id__exact", "")
        chosen = Source.objects.filter(pk=wanted).first() if wanted.isdecimal() else None
        more = {
            **held_notes(request.user),
            **chart_of(chosen or Source.objects.order_by("pk").first()),
            "in_force": latest_of_each(),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @admin.display(description=_("listing"), ordering="business_date")
    def listing(self, snapshot: Snapshot) -> SafeString:
        day = date_format(snapshot.business_date, "SHORT_DATE_FORMAT")
        return format_html('{}<span class="sub">{}</span>', day, snapshot.source)

    @admin.display(description=_("state"), ordering="status")
    def state(self, snapshot: Snapshot) -> SafeString:
        chip = status_chip(snapshot)
        return format_html('<span class="chip {}">{}</span>', chip.css, chip.word)

    @admin.display(description=_("rows"), ordering="received")
    def rows_shown(self, snapshot: Snapshot) -> SafeString:
        text = ngettext("%(count)s row", "%(count)s rows", snapshot.received) % {"count": snapshot.received}
        return format_html('<span class="num">{}</span>', text)

    @admin.display(description=_("what changed"))
    def difference(self, snapshot: Snapshot) -> SafeString:
        if snapshot.status in (Snapshot.Status.RUNNING, Snapshot.Status.FAILED):
            return format_html('<span class="sub">{}</span>', " ".join(snapshot.sentences) or "–")
        return format_html(
            '<span class="num">{}</span>',
            gettext("%(added)s new, %(removed)s gone, %(changed)s changed")
            % {"added": snapshot.added, "removed": snapshot.removed, "changed": snapshot.changed},
        )

    @admin.display(description=_("collected"), ordering="started_at")
    def collected(self, snapshot: Snapshot) -> SafeString:
        moment = localtime(snapshot.finished_at or snapshot.started_at)
        return format_html(
            '<time datetime="{}">{}</time>', moment.isoformat(), date_format(moment, "SHORT_DATETIME_FORMAT")
        )


@admin.register(Source)
class SourceAdmin(TolerantAdmin):
    list_display = ("shown_title", "removals", "changes", "fewest")
    list_display_links = ("shown_title",)
    ordering = ("pk",)
    actions = None
    view_on_site = False
    empty_title = _("No source has limits yet")
    empty_text = _("Each source brings its own with its first collection.")
    fieldsets = (
        (_("Rows that go"), {"fields": ("removed_floor", "removed_share")}),
        (_("Rows that change"), {"fields": ("changed_floor", "changed_share")}),
        (_("Rows that are missing"), {"fields": ("min_rows", "median_share", "median_days")}),
        (_("Damaged rows"), {"fields": ("fill_share", "mojibake_floor", "mojibake_share")}),
        (_("Reading"), {"fields": ("page", "count_drift")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Guard limits"), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"title": _("Guard limits"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    @admin.display(description=_("source"))
    def shown_title(self, source: Source) -> str:
        return str(source)

    @admin.display(description=_("may vanish unexplained"))
    def removals(self, source: Source) -> SafeString:
        return _named(_("may vanish unexplained"), _or_share(source.removed_floor, source.removed_share))

    @admin.display(description=_("may change"))
    def changes(self, source: Source) -> SafeString:
        return _named(_("may change"), _or_share(source.changed_floor, source.changed_share))

    @admin.display(description=_("rows at least"))
    def fewest(self, source: Source) -> SafeString:
        words = {"rows": number_format(source.min_rows), "share": _percent(source.median_share)}
        return _named(_("rows at least"), gettext("%(rows)s, and %(share)s of the usual") % words)


def _named(column: str | Promise, value: str) -> SafeString:
    """On phones tables have no column headings, so the cell contains the heading."""
    return format_html('<span class="only-s sub">{} </span>{}', column, value)


def _or_share(rows: int, share: float) -> str:
    """The limit of a guard, which is the larger of the two."""
    return gettext("%(rows)s rows or %(share)s") % {"rows": number_format(rows), "share": _percent(share)}


def _percent(share: float) -> str:
    return f"{number_format(100 * share, 0)}%"
