"""The errors to expect in a bulk decision, estimated from past decisions on similar suggestions."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from matching.models.choices import DOUBT_FROM, STRONG_FROM, Band, Verb
from matching.reports import agreement
from matching.reports.agreement import SURE, WEEKS
from matching.reports.charts import Measured, measured
from matching.reports.periods import Period

# With fewer verdicts the share is unreliable, which the page shows.
FEW: Final = 30


@dataclass(frozen=True)
class Expected:
    """The errors to expect among `count` cards in a range of probability: by the share of past disagreement, and by the
    worse end of its interval. None without past decisions."""

    label: str | Promise
    count: int
    found: Measured | None
    errors: float | None
    worst: float | None

    @property
    def few(self) -> bool:
        return self.found is None or self.found.of < FEW


@dataclass(frozen=True)
class Total:
    """`sure`: every range has enough past decisions."""

    rows: list[Expected]
    errors: float
    worst: int
    sure: bool


_LABELS: Final[tuple[tuple[str, Any], ...]] = (
    ("sure", _("0.98 or more")),
    ("strong", _("0.90 to 0.98")),
    ("doubt", _("0.50 to 0.90")),
    ("weak", _("under 0.50")),
)


def expected(verb: Verb, probabilities: Iterable[float], today: date) -> Total:
    """By range, from the last WEEKS weeks. An acceptance counts as wrong at the rate at which people rejected, and the
    other way round."""
    counts = dict.fromkeys((name for name, _label in _LABELS), 0)
    for probability in probabilities:
        counts[_range(probability)] += 1
    past = shares(today)
    rows = [_row(verb, label, counts[name], past[name]) for name, label in _LABELS if counts[name]]
    return Total(
        rows,
        sum(row.errors or 0 for row in rows),
        math.ceil(sum(row.worst or 0 for row in rows)),
        not any(row.few for row in rows),
    )


def shares(today: date) -> dict[str, Measured | None]:
    """Share of agreement by range; the "strong" range ends where "sure" begins."""
    found = agreement.quality(agreement.verdicts_by_day(today), Period(7 * WEEKS, today))
    strong, sure = agreement.of_band(found, Band.STRONG), agreement.sure(found)
    hits = (strong.hits if strong else 0) - (sure.hits if sure else 0)
    of = (strong.of if strong else 0) - (sure.of if sure else 0)
    return {
        "sure": sure,
        "strong": measured(hits, of),
        "doubt": agreement.of_band(found, Band.DOUBT),
        "weak": agreement.of_band(found, Band.WEAK),
    }


def _range(probability: float) -> str:
    for name, lowest in (("sure", SURE), ("strong", STRONG_FROM), ("doubt", DOUBT_FROM)):
        if probability >= lowest:
            return name
    return "weak"


def _row(verb: Verb, label: Any, count: int, found: Measured | None) -> Expected:
    if found is None:
        return Expected(label, count, None, None, None)
    if verb == Verb.ACCEPT:
        return Expected(label, count, found, count * (1 - found.share), count * (1 - found.low))
    return Expected(label, count, found, count * found.share, count * found.high)
