"""Runs in the admin: read only; starting, cancelling and resuming are pages of pipeline.admin.views."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from pipeline import labels, run_charts, run_page
from pipeline.admin import views
from pipeline.models import JobRun
from pipeline.runs import registry
from sistema_os.admin_base import CsvColumn, ReadOnlyAdmin


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "state_chip", "began", "took", "progress", "outcome")
    list_filter = ("state", "job", "trigger")
    date_hierarchy = "queued_at"
    list_per_page = 50
    list_select_related = ("user",)
    show_full_result_count = False
    empty_value_display = "—"
    actions = None
    change_list_template = "pipeline/runs.html"
    empty_title = _("No run yet")
    empty_text = _("Runs start by their schedule, by the button Run, or at the command line.")
    csv_name = "execucoes"

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return (
            CsvColumn(_("Number"), lambda run: run.pk),
            CsvColumn(_("Run"), lambda run: registry.title_of(run.job)),
            CsvColumn(_("Job"), lambda run: run.job),
            CsvColumn(_("State"), JobRun.get_state_display),
            CsvColumn(_("Began"), lambda run: _moment(run.started_at or run.queued_at)),
            CsvColumn(_("Ended"), lambda run: _moment(run.finished_at)),
            CsvColumn(_("Took"), lambda run: labels.duration(labels.elapsed(run))),
            CsvColumn(_("Asked for by"), lambda run: run.user.get_username() if run.user else None),
            CsvColumn(_("Outcome"), labels.outcome),
        )

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("start/", guarded(views.start), name="pipeline_jobrun_start"),
            path("lift/", guarded(views.lift), name="pipeline_jobrun_lift"),
            path("<int:run_id>/cancel/", guarded(views.cancel), name="pipeline_jobrun_cancel"),
            path("<int:run_id>/resume/", guarded(views.resume), name="pipeline_jobrun_resume"),
            path("<int:run_id>/live/", guarded(views.live), name="pipeline_jobrun_live"),
            path("<int:run_id>/log/", guarded(views.log), name="pipeline_jobrun_log"),
        ]
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRun]:
        return super().get_queryset(request).defer("checkpoint", "blocked_stack")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The unfiltered list is preceded by charts of the jobs' last thirty days."""
        extra: dict[str, Any] = {"drain": views.drain_notice()}
        if not request.GET and self.has_view_permission(request):
            extra["months"] = run_charts.months(localdate())
            extra["skipped"] = run_page.skipped_starts()
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return views.detail(request, object_id)

    @admin.display(description=_("Run"), ordering="id")
    def name(self, run: JobRun) -> SafeString:
        return format_html('{} <span class="sub">{} nº {}</span>', registry.title_of(run.job), run.job, run.pk)

    @admin.display(description=_("State"), ordering="state")
    def state_chip(self, run: JobRun) -> SafeString:
        return labels.chip(run)

    @admin.display(description=_("Began"), ordering="started_at")
    def began(self, run: JobRun) -> SafeString:
        at = timezone.localtime(run.started_at or run.queued_at)
        return format_html('<span class="num">{}</span>', f"{at:%d/%m %H:%M}")

    @admin.display(description=_("Took"))
    def took(self, run: JobRun) -> SafeString:
        return format_html('<span class="num">{}</span>', labels.duration(labels.elapsed(run)))

    @admin.display(description=_("Progress"))
    def progress(self, run: JobRun) -> SafeString:
        return labels.progress(run)

    @admin.display(description=_("Outcome"))
    def outcome(self, run: JobRun) -> str:
        return labels.outcome(run)


def _moment(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
