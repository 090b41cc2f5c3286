"""The figures of a model's training as people read them: old beside new, with what better means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matching.models import MatchSuggestion, ModelVersion

# Name, words, and whether more of it is better.
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
class Row:
    words: str | Promise
    old: str
    new: str
    better: bool
    worse: bool


def rows(figures: Mapping[str, Any]) -> list[Row]:
    """Empty for a model that nobody trained."""
    old, new = figures.get("old") or {}, figures.get("new") or {}
    return [_row(words, old[name], new[name], more) for name, words, more in FIGURES if name in old and name in new]


def _row(words: str | Promise, old: float, new: float, more_is_better: bool) -> Row:
    gain = (new - old) * (1 if more_is_better else -1)
    return Row(words, number_format(old, 4), number_format(new, 4), better=gain > 0, worse=gain < 0)


def f1(figures: Mapping[str, Any]) -> str:
    found = [row for row in rows(figures) if row.words is FIGURES[2][1]]
    return f"{found[0].old} → {found[0].new}" if found else "—"


def aliases(numbers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Written word and the name it stands for, by word."""
    learned = numbers.get("aliases") or {}
    return [(written, ", ".join(sorted(names))) for written, names in sorted(learned.items())]


def scored_by(row: ModelVersion) -> int:
    return MatchSuggestion.objects.filter(model_version=row.version).count()
