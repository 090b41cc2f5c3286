"""Alerts in the admin: the list, and the page on which a person settles one with a note."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from matching import alerts
from matching.admin import cells, search
from matching.admin.csv_export import ALERT_COLUMNS, log_export
from matching.admin.filters import SettledFilter
from matching.models import Alert
from matching.presentation import badges, labels, links
from sistema_os.admin_base import CsvColumn, ReadOnlyListAdmin, personal


@admin.register(Alert)
class AlertAdmin(ReadOnlyListAdmin):
    list_display = ("severity_column", "sentence_column", "order_column", "created_column")
    list_display_links = None
    list_filter = (SettledFilter, "severity", "kind")
    list_select_related = ("order", "stay", "settled_by")
    search_fields = ("order__search", "stay__search")
    date_hierarchy = "created_at"
    actions = ("settle_selected",)
    list_per_page = 25
    empty_title = _("No open alert")
    empty_text = _("Alerts appear when the guest list changes something that is already linked.")
    csv_name = "alertas"

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return ALERT_COLUMNS

    def record_export(self, request: HttpRequest, count: int) -> None:
        log_export(request, count)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and "settle" in request.POST and self.has_view_permission(request):
            self._settle(request, Alert.objects.filter(pk=links.number_or_404(str(request.POST["settle"]))))
            return HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, {"title": _("Alerts"), **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Alert.objects.filter(pk=links.number_or_404(object_id)).select_related("order", "stay", "settled_by")
        alert = rows.first()
        if alert is None:
            raise Http404
        if request.method == "POST" and "settle" in request.POST:
            if alerts.settle(alert, request.user, str(request.POST.get("note", ""))):
                messages.success(request, _t("Alert settled."))
                return HttpResponseRedirect(reverse("admin:matching_alert_changelist"))
            alert.refresh_from_db()
            who = labels.name_of(alert.settled_by) if alert.settled_by else "—"
            text = _t("%(who)s had settled this alert before. Nothing was changed.") % {"who": who}
            messages.warning(request, text)
            return HttpResponseRedirect(request.path)
        context = {
            "title": str(alert.get_kind_display()),
            "alert": alert,
            "chip": badges.severity_chip(alert.severity),
            "sentence": alerts.sentence(alert),
            "order_url": links.order_url(alert.order) if alert.order else "",
            "department": labels.department_words(alert.order.department) if alert.order else "",
            "may_settle": request.user.has_perm("matching.settle_alert"),
            "longest": alerts.MAX_NOTE,
        }
        return self.render_page(request, "matching/alert.html", context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Alert], search_term: str
    ) -> tuple[QuerySet[Alert], bool]:
        for word in search.words(search_term):
            queryset = queryset.filter(search.holding(word))
        return queryset, False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, personal("settled", _("settled"), cells.settled_cell, request.user)]

    @admin.display(description=_("when"), ordering="created_at")
    def created_column(self, alert: Alert) -> SafeString:
        return cells.moment_cell(alert.created_at)

    @admin.display(description=_("severity"), ordering="severity")
    def severity_column(self, alert: Alert) -> SafeString:
        return badges.severity_chip(alert.severity)

    @admin.display(description=_("what happened"))
    def sentence_column(self, alert: Alert) -> SafeString:
        title, url = alert.get_kind_display(), links.alert_url(alert.pk)
        return format_html('<a href="{}"><strong>{}.</strong></a> {}', url, title, alerts.sentence(alert))

    @admin.display(description=_("Order"))
    def order_column(self, alert: Alert) -> SafeString | str:
        if alert.order is None:
            return "—"
        return format_html('<a class="num" href="{}">OS {}</a>', links.order_url(alert.order), alert.order.number)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("matching.settle_alert")

    @admin.action(description=_("Settle selected"), permissions=["settle"])
    def settle_selected(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._settle(request, queryset)

    def _settle(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        settled = alerts.settle_many(queryset, request.user)
        text = ngettext("%(count)d alert settled.", "%(count)d alerts settled.", settled)
        messages.success(request, text % {"count": settled})
