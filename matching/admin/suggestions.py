"""Suggestions and decisions in the admin: lists to read and to decide from, without forms."""

from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching.admin import cells, search
from matching.admin.csv_export import DECISION_COLUMNS, SUGGESTION_COLUMNS, log_export
from matching.admin.filters import (
    BandFilter,
    DeciderFilter,
    DepartmentFilter,
    DepartureFilter,
    ModelFilter,
    RoomFilter,
    StateFilter,
)
from matching.models import Decision, MatchSuggestion, columns_not_listed
from matching.models.choices import RejectReason, Verb
from matching.presentation import links
from matching.review import actions, bulk_views, views
from sistema_os.admin_base import CsvColumn, ReadOnlyListAdmin, csv_response, personal

# Django's own name of the parameter that carries the filters of a list to the page of a row.
CHANGE_LIST_FILTERS: Final = "_changelist_filters"


@admin.register(MatchSuggestion)
class MatchSuggestionAdmin(ReadOnlyListAdmin):
    list_display = ("guest_column", "probability_column", "departure_column")
    # The card is linked by the number of the order, which the cell of the request holds.
    list_display_links = None
    list_filter = (
        StateFilter,
        BandFilter,
        DepartureFilter,
        RoomFilter,
        DepartmentFilter,
        DeciderFilter,
        ModelFilter,
    )
    list_select_related = ("order", "stay", "decision__user")
    list_deferred = (*columns_not_listed(), "decision__order_fingerprint", "decision__stay_fingerprint")
    list_per_page = 25
    # The newest orders first, by primary key: by time, PostgreSQL would join and sort all for one page.
    ordering = ("-order", "rank", "pk")
    date_hierarchy = "order__opened_at"
    search_fields = ("order__search", "stay__search")
    search_help_text = _("Order, guest or room. Never search for a document.")
    actions = ("accept_selected", "reject_selected", "export_csv")
    csv_name = "sugestoes"

    class Media:
        css = {"all": ["sistema_os/os.css", "matching/list.css"]}

    empty_title = _("Nothing waits for you")
    empty_text = _("Suggestions arrive with the next run of the daily pipeline.")

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return SUGGESTION_COLUMNS

    def record_export(self, request: HttpRequest, count: int) -> None:
        log_export(request, count)

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("review/", guarded(self.queue_view), name="matching_matchsuggestion_review"),
            path("bulk/", guarded(self.bulk_view), name="matching_matchsuggestion_bulk"),
            path("bulk/<uuid:plan>/", guarded(self.plan_view), name="matching_matchsuggestion_bulk_plan"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatchSuggestion]:
        rows = MatchSuggestion.objects.with_unconfirmed().with_lease(request.user)
        return rows.order_by(*self.get_ordering(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MatchSuggestion], search_term: str
    ) -> tuple[QuerySet[MatchSuggestion], bool]:
        for word in search.words(search_term):
            queryset = queryset.filter(search.holding(word))
        return queryset, False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A row's button submits the form of the list: it needs no JavaScript and has the CSRF token."""
        button = actions.pressed(request)
        if button is not None and self.has_view_permission(request):
            outcome = actions.perform(request, button)
            # The list stays where it was.
            seen = outcome.decisions[0].suggestion_id if outcome else request.POST[button].partition(":")[0]
            return HttpResponseRedirect(f"{request.get_full_path()}#{cells.row_anchor(seen)}")
        own = {
            "title": _("Suggestions"),
            "may_bulk": self.has_bulk_permission(request),
            "keeps_presses": True,
            "reasons": RejectReason.choices,
        }
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The filters of the list go with the link to a card, and come back from there."""
        filters = urlencode({CHANGE_LIST_FILTERS: query}) if (query := request.GET.urlencode()) else ""
        return [
            personal("request", _("Request"), cells.request_cell, filters),
            *self.list_display,
            personal("decision", _("Decision"), cells.decision_cell, request.user),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        response = views.card_page(self, request, object_id)
        query = request.GET.urlencode()
        if isinstance(response, HttpResponseRedirect) and response.url == request.path and query:
            return HttpResponseRedirect(f"{request.path}?{query}")
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data["list_url"] = self._list_url(request, object_id)
        return response

    def _list_url(self, request: HttpRequest, object_id: str) -> str:
        """The list with the filters from which the card was opened, at its row."""
        filters = request.GET.get(CHANGE_LIST_FILTERS, "")
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return f"{url}{'?' if filters else ''}{filters}#{cells.row_anchor(object_id)}"

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        return views.queue_page(self, request)

    def bulk_view(self, request: HttpRequest) -> HttpResponse:
        return bulk_views.start(self, request)

    def plan_view(self, request: HttpRequest, plan: UUID) -> HttpResponse:
        return bulk_views.plan(self, request, plan)

    @admin.display(description=_("Suggested guest"), ordering="stay__search")
    def guest_column(self, suggestion: MatchSuggestion) -> SafeString:
        return cells.guest_cell(suggestion)

    @admin.display(description=_("Probability"), ordering="probability")
    def probability_column(self, suggestion: MatchSuggestion) -> SafeString:
        return cells.probability_cell(suggestion)

    @admin.display(description=_("Departure"), ordering="stay__departure")
    def departure_column(self, suggestion: MatchSuggestion) -> SafeString | str:
        return cells.departure_cell(suggestion)

    def has_bulk_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("matching.bulk_decide")

    @admin.action(description=_("Accept selected"), permissions=["bulk"])
    def accept_selected(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> HttpResponse:
        return bulk_views.plan_selected(request, queryset, Verb.ACCEPT)

    @admin.action(description=_("Reject selected"), permissions=["bulk"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> HttpResponse:
        return bulk_views.plan_selected(request, queryset, Verb.REJECT)

    @admin.action(description=_("Export CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[MatchSuggestion]) -> HttpResponse:
        self.record_export(request, queryset.count())
        rows = queryset.select_related("order", "stay", "decision__user")
        return csv_response(self.csv_name, self.csv_columns(), rows.iterator())


@admin.register(Decision)
class DecisionAdmin(ReadOnlyListAdmin):
    """Who decided what and when, and what was undone."""

    list_display = ("at_column", "user", "verb", "suggestion_column", "reason_column", "undone_column")
    list_display_links = None
    list_filter = ("verb", ("user", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "suggestion__order", "suggestion__stay", "undone_by__user")
    list_deferred = ("order_fingerprint", "stay_fingerprint", *columns_not_listed("suggestion__"))
    date_hierarchy = "at"
    search_fields = ("suggestion__order__search", "suggestion__stay__search", "user__username")
    list_per_page = 25
    actions = None
    readonly_fields = (
        *("at", "user", "verb", "suggestion", "reason_column", "probability"),
        *("model_version_column", "undo_of_column"),
    )
    fields = readonly_fields
    empty_title = _("Nobody has decided anything yet")
    empty_text = _("Every acceptance, rejection and undo will stand here, and stays.")
    csv_name = "decisoes"

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return DECISION_COLUMNS

    def record_export(self, request: HttpRequest, count: int) -> None:
        log_export(request, count)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        viewer = cells.Corrector(request.user)
        return [*self.list_display, personal("correct", _p("action", "Correct"), cells.correction_cell, viewer)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        for word in search.words(search_term):
            queryset = queryset.filter(search.decided_on_or_by(word))
        return queryset, False

    @admin.display(description=_("when"), ordering="at")
    def at_column(self, decision: Decision) -> SafeString:
        return cells.moment_cell(decision.at)

    @admin.display(description=_("suggestion"))
    def suggestion_column(self, decision: Decision) -> SafeString:
        return format_html('<a href="{}">{}</a>', links.card_url(decision.suggestion_id), decision.suggestion)

    @admin.display(description=_("reason"))
    def reason_column(self, decision: Decision) -> str:
        return decision.reason_words or "—"

    @admin.display(description=_("model version"))
    def model_version_column(self, decision: Decision) -> str:
        return decision.model_version

    @admin.display(description=_("undo of"))
    def undo_of_column(self, decision: Decision) -> str:
        return str(decision.undo_of or "—")

    @admin.display(description=_("undone"))
    def undone_column(self, decision: Decision) -> str:
        undo = getattr(decision, "undone_by", None)
        if undo is None:
            return "—"
        return f"{undo.user.get_username()}, {date_format(timezone.localtime(undo.at), 'SHORT_DATETIME_FORMAT')}"
