"""Suggestions, decisions and alerts in the admin: to decide and to read, never to type over."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from matching import acting, alerts, badges, columns, review, searching, views
from matching.exports import as_csv
from matching.filters import BandFilter, DepartmentFilter, DepartureFilter, SettledFilter, StateFilter
from matching.listing import BoundedAdmin
from matching.models import Alert, Decision, MatchSuggestion
from matching.states import Verb


def _column(name: str, title: Any, cell: Callable[[Any, Any], SafeString], person: Any) -> Callable[[Any], SafeString]:
    """A cell that depends on who looks. One admin instance serves every thread, so it cannot hold the person."""

    def column(row: Any) -> SafeString:
        return cell(row, person)

    column.__name__ = name
    return admin.display(description=title)(column)


class ReadOnlyAdmin(BoundedAdmin):
    """Rows that only the application writes."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False


@admin.register(MatchSuggestion)
class MatchSuggestionAdmin(ReadOnlyAdmin):
    list_display = ("order_column", "guest_column", "probability_column", "departure_column")
    list_filter = (StateFilter, BandFilter, DepartureFilter, DepartmentFilter)
    list_select_related = ("order", "stay", "decision__user")
    list_per_page = 50
    ordering = ("-order__opened_at", "rank", "pk")
    date_hierarchy = "order__opened_at"
    search_fields = ("order__search", "stay__search")
    search_help_text = _("Order, guest or room. Never search for a document.")
    actions = ("accept_selected", "reject_selected", "export_csv")

    class Media:
        css = {"all": ["matching/review.css"]}

    empty_title = _("Nothing waits for you")
    empty_text = _("Suggestions arrive with the next run of the daily pipeline.")

    def get_urls(self) -> list[URLPattern]:
        queue = self.admin_site.admin_view(self.queue_view)
        return [path("review/", queue, name="matching_matchsuggestion_review"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatchSuggestion]:
        return MatchSuggestion.objects.with_unconfirmed().order_by(*self.get_ordering(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MatchSuggestion], search_term: str
    ) -> tuple[QuerySet[MatchSuggestion], bool]:
        for word in searching.words(search_term):
            queryset = queryset.filter(searching.holding(word))
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A row's button posts the list's own form, so it works without JavaScript and with the list's CSRF token."""
        button = acting.pressed(request)
        if button is not None and self.has_view_permission(request):
            acting.act(request, button)
            return HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, {"title": _("Suggestions"), **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, _column("decision", _("Decision"), columns.decision_cell, request.user)]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return views.card(self, request, object_id)

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        return views.queue(self, request)

    @admin.display(description=_("Order"), ordering="order__number")
    def order_column(self, suggestion: MatchSuggestion) -> SafeString:
        return columns.order_cell(suggestion)

    @admin.display(description=_("Guest"), ordering="stay__search")
    def guest_column(self, suggestion: MatchSuggestion) -> SafeString:
        return columns.guest_cell(suggestion)

    @admin.display(description=_("Probability"), ordering="probability")
    def probability_column(self, suggestion: MatchSuggestion) -> SafeString:
        return columns.probability_cell(suggestion)

    @admin.display(description=_("Departure"), ordering="stay__departure")
    def departure_column(self, suggestion: MatchSuggestion) -> SafeString | str:
        return columns.departure_cell(suggestion)

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("matching.bulk_decide")

    @admin.action(description=_("Accept selected"), permissions=["bulk"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> None:
        self._decide_many(request, queryset, Verb.ACCEPT)

    @admin.action(description=_("Reject selected"), permissions=["bulk"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> None:
        self._decide_many(request, queryset, Verb.REJECT)

    @admin.action(description=_("Export CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> HttpResponse:
        acting.log_export(request, queryset.count())
        return as_csv(queryset.select_related("order", "stay", "decision__user"))

    def _decide_many(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion], verb: Verb) -> None:
        acting.tell(request, review.bulk(request.user, queryset.values_list("pk", flat=True), verb))


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """The audit: who decided what, when, and what was taken back."""

    list_display = ("at_column", "user", "verb", "suggestion_column", "reason_column", "undone_column")
    list_display_links = None
    list_filter = ("verb", ("user", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "suggestion__order", "suggestion__stay", "undone_by__user")
    date_hierarchy = "at"
    search_fields = ("suggestion__order__search", "suggestion__stay__search", "user__username")
    list_per_page = 50
    actions = None
    readonly_fields = ("at", "user", "verb", "suggestion", "reason", "probability", "model_version", "undo_of")
    fields = readonly_fields
    empty_title = _("Nobody has decided anything yet")
    empty_text = _("Every acceptance, rejection and undo will stand here, and stays.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        for word in searching.words(search_term):
            queryset = queryset.filter(searching.decided_on_or_by(word))
        return queryset, False

    @admin.display(description=_("when"), ordering="at")
    def at_column(self, decision: Decision) -> SafeString:
        return columns.moment_cell(decision.at)

    @admin.display(description=_("suggestion"))
    def suggestion_column(self, decision: Decision) -> SafeString:
        return format_html('<a href="{}">{}</a>', views.card_url(decision.suggestion_id), decision.suggestion)

    @admin.display(description=_("reason"))
    def reason_column(self, decision: Decision) -> str:
        return decision.reason_words or "—"

    @admin.display(description=_("undone"))
    def undone_column(self, decision: Decision) -> str:
        undo = getattr(decision, "undone_by", None)
        if undo is None:
            return "—"
        return f"{undo.user.get_username()}, {date_format(timezone.localtime(undo.at), 'SHORT_DATETIME_FORMAT')}"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("severity_column", "sentence_column", "order_column", "created_column")
    list_display_links = None
    list_filter = (SettledFilter, "severity", "kind")
    list_select_related = ("order", "stay", "settled_by")
    search_fields = ("order__search", "stay__search")
    date_hierarchy = "created_at"
    actions = ("settle_selected",)
    readonly_fields = ("kind", "severity", "order", "stay", "created_at", "settled_at", "settled_by")
    fields = readonly_fields
    empty_title = _("No open alert")
    empty_text = _("Alerts appear when the guest list changes something that is already linked.")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and "settle" in request.POST and self.has_view_permission(request):
            self._settle(request, Alert.objects.filter(pk=views.number_or_404(str(request.POST["settle"]))))
            return HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, {"title": _("Alerts"), **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Alert], search_term: str
    ) -> tuple[QuerySet[Alert], bool]:
        for word in searching.words(search_term):
            queryset = queryset.filter(searching.holding(word))
        return queryset, False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, _column("settled", _("settled"), columns.settled_cell, request.user)]

    @admin.display(description=_("when"), ordering="created_at")
    def created_column(self, alert: Alert) -> SafeString:
        return columns.moment_cell(alert.created_at)

    @admin.display(description=_("severity"), ordering="severity")
    def severity_column(self, alert: Alert) -> SafeString:
        return badges.severity_chip(alert.severity)

    @admin.display(description=_("what happened"))
    def sentence_column(self, alert: Alert) -> SafeString:
        return format_html("<strong>{}.</strong> {}", alert.get_kind_display(), alerts.sentence(alert))

    @admin.display(description=_("Order"))
    def order_column(self, alert: Alert) -> SafeString | str:
        if alert.order is None:
            return "—"
        return format_html('<a class="num" href="{}">OS {}</a>', views.order_url(alert.order), alert.order.number)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("matching.settle_alert")

    @admin.action(description=_("Settle selected"), permissions=["settle"])
    def settle_selected(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._settle(request, queryset)

    def _settle(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        settled = sum(alerts.settle(alert, request.user) for alert in queryset)
        text = ngettext("%(count)d alert settled.", "%(count)d alerts settled.", settled)
        messages.success(request, text % {"count": settled})
