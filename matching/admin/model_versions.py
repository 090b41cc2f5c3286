"""Matching models in the admin: what each learned, its figures, and the buttons to promote one or roll back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from matching.admin import cells
from matching.learning import model_registry
from matching.models import MatchSuggestion, ModelVersion
from matching.presentation import links
from sistema_os.admin_base import CsvColumn, ReadOnlyListAdmin

PERMISSION = "matching.promote_model"
LEARNED = {
    "aliases": _p("learned", "nicknames of the house"),
    "weights": _p("learned", "how people write"),
    "calibration": _p("learned", "how sure to be"),
}


# Name in `ModelVersion.figures`, label, and whether more of it is better.
FIGURES: tuple[tuple[str, str | Promise, bool], ...] = (
    ("precision", _("right among what was suggested"), True),
    ("recall", _("found among what there was"), True),
    ("f1", _("F1 of both"), True),
    ("first_right", _("first suggestion right"), True),
    ("sure_right", _("right at 0.98 and above"), True),
    ("log_loss", _("surprise at the decisions (log loss)"), False),
    ("brier", _("squared error (Brier)"), False),
    ("calibration_error", _("promised against kept (calibration)"), False),
)


@dataclass(frozen=True)
class FigureRow:
    words: str | Promise
    old: str
    new: str
    better: bool
    worse: bool


def figure_rows(figures: Mapping[str, Any]) -> list[FigureRow]:
    """The figures of the old and the new model side by side; empty for a model that was not trained."""
    old, new = figures.get("old") or {}, figures.get("new") or {}
    rows = []
    for name, words, more_is_better in FIGURES:
        if name in old and name in new:
            gain = (new[name] - old[name]) * (1 if more_is_better else -1)
            values = number_format(old[name], 4), number_format(new[name], 4)
            rows.append(FigureRow(words, *values, better=gain > 0, worse=gain < 0))
    return rows


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyListAdmin):
    list_display = ("version_column", "origin", "learned_column", "decisions", "f1_column", "made_column")
    list_display_links = None
    list_select_related = ("promoted_by",)
    search_fields = ("version",)
    actions = None
    empty_title = _("Only the program's own model so far")
    empty_text = _("Versions appear with the next run of the daily pipeline and with every training.")
    csv_name = "modelos"

    def csv_columns(self) -> tuple[CsvColumn, ...]:
        return (
            CsvColumn(_("version"), lambda row: row.version),
            CsvColumn(_("in use"), lambda row: _t("yes") if row.active else None),
            CsvColumn(_("origin"), ModelVersion.get_origin_display),
            CsvColumn(_("learned"), learned_words),
            CsvColumn(_("decisions"), lambda row: row.decisions),
            CsvColumn(_("F1, before and after"), self.f1_column),
            CsvColumn(_("made"), lambda row: date_format(localtime(row.created_at), "SHORT_DATETIME_FORMAT")),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Matching models"), **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = ModelVersion.objects.filter(pk=links.number_or_404(object_id)).select_related("promoted_by").first()
        if row is None:
            raise Http404
        if request.method == "POST":
            if not request.user.has_perm(PERMISSION):
                raise PermissionDenied
            if "promote" in request.POST:
                self._promote(request, row)
            elif "roll_back" in request.POST:
                self._roll_back(request, row)
            return HttpResponseRedirect(request.path)
        aliases = row.numbers.get("aliases") or {}
        context = {
            "title": row.version,
            "model": row,
            "learned": learned_words(row),
            "figures": figure_rows(row.figures),
            # Written word and the names it stands for, by word.
            "aliases": [(word, ", ".join(sorted(names))) for word, names in sorted(aliases.items())],
            "scored": MatchSuggestion.objects.filter(model_version=row.version).count(),
            "may_promote": request.user.has_perm(PERMISSION),
            "replaced": row.replaced,
        }
        return self.render_page(request, "matching/model.html", context)

    def _promote(self, request: HttpRequest, row: ModelVersion) -> None:
        try:
            model_registry.promote(row, request.user)
        except model_registry.UnreadableModel as error:
            messages.error(request, _t("This model cannot be read: %(why)s. Nothing was changed.") % {"why": error})
            return
        self.log_change(request, row, "promoted")
        messages.success(request, _t("%(version)s scores from the next run on.") % {"version": row.version})

    def _roll_back(self, request: HttpRequest, row: ModelVersion) -> None:
        """The page may be out of date: only the model that it shows is rolled back."""
        if not model_registry.is_active(row):
            messages.warning(request, _t("This model was no longer in use. Nothing was changed."))
            return
        before = model_registry.roll_back(request.user)
        self.log_change(request, row, "rolled back")
        name = before.version if before else _t("the program's own model")
        messages.success(request, _t("Back to %(version)s from the next run on.") % {"version": name})

    @admin.display(description=_("version"), ordering="version")
    def version_column(self, row: ModelVersion) -> SafeString:
        chip = format_html(' <span class="chip chip-ok">{}</span>', _t("in use")) if row.active else ""
        return format_html('<a href="{}">{}</a>{}', f"{row.pk}/change/", row.version, chip)

    @admin.display(description=_("learned"))
    def learned_column(self, row: ModelVersion) -> str:
        return learned_words(row) or "—"

    @admin.display(description=_("F1, before and after"))
    def f1_column(self, row: ModelVersion) -> str:
        old, new = ((row.figures.get(side) or {}).get("f1") for side in ("old", "new"))
        return "—" if old is None or new is None else f"{number_format(old, 4)} → {number_format(new, 4)}"

    @admin.display(description=_("made"), ordering="created_at")
    def made_column(self, row: ModelVersion) -> SafeString:
        return cells.moment_cell(row.created_at)


def learned_words(row: ModelVersion) -> str:
    return ", ".join(str(LEARNED.get(name, name)) for name in row.learned)
