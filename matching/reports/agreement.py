"""How often people agree with the model, by band, counted from their decisions.

A verdict is a person's word on a pair: accepted or rejected, or passed over, when somebody chose a candidate that the
model had put below it. Decisions that were undone count nowhere, nor do candidates that a person named by hand.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q
from django.db.models.functions import TruncDate

from matching.models import BAND_RANGE, Decision, MatchSuggestion
from matching.models.choices import MANUAL, Band, EndReason, State, Verb
from matching.reports.charts import Measured, measured
from matching.reports.periods import Period

WEEKS = 13
# From here on "accept all above" is offered; the page tells what that would have cost.
SURE = 0.98
_SURE = "sure"
KEPT = 60
YES = (Verb.ACCEPT, Verb.NO_GUEST)

Counts = dict[str, tuple[int, int]]


def verdicts_by_day(today: date) -> dict[date, Counts]:
    """Day -> band -> (yes, verdicts), over WEEKS weeks; under "sure" those at SURE or above.

    Counted once for each last decision and at most KEPT seconds old: a decision that the hotel's system refuses
    afterwards puts candidates back without a decision of its own.
    """
    return cache.get_or_set(f"verdicts:{today}:{last_decision()}", lambda: _verdicts_by_day(today), KEPT) or {}


def last_decision() -> int:
    """What slow figures are kept under: the next decision makes them be counted again."""
    return Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _verdicts_by_day(today: date) -> dict[date, Counts]:
    since = Period(7 * WEEKS, today).since
    told = Decision.objects.filter(at__gte=since, undone_by=None).exclude(model_version=MANUAL)
    told = told.filter(verb__in=[*YES, Verb.REJECT])
    found: dict[date, Counts] = {}
    for row in _by_band(told.annotate(day=TruncDate("at")), yes=Q(verb__in=YES)):
        found[row["day"]] = {name: (row[f"{name}_yes"], row[f"{name}_all"]) for name in _RANGES}
    for row in _by_band(_passed_over(since).annotate(day=TruncDate("decision__at"))):
        day = found.setdefault(row["day"], {})
        for name in _RANGES:
            yes, everything = day.get(name, (0, 0))
            day[name] = (yes, everything + row[f"{name}_all"])
    return found


_RANGES: dict[str, Q] = {
    **{str(band.value): within for band, within in BAND_RANGE.items()},
    _SURE: Q(probability__gte=SURE),
}


def _by_band(rows: Any, yes: Q | None = None) -> Iterable[dict[str, Any]]:
    wanted = {f"{name}_all": Count("pk", filter=within) for name, within in _RANGES.items()}
    if yes is not None:
        wanted |= {f"{name}_yes": Count("pk", filter=within & yes) for name, within in _RANGES.items()}
    counted: Iterable[dict[str, Any]] = rows.values("day").annotate(**wanted).order_by("day")
    return counted


def _passed_over(since: datetime) -> Any:
    """Candidates whose order went to one below them. A candidate named by hand stands below all."""
    ended = MatchSuggestion.objects.filter(state=State.SUPERSEDED, end_reason=EndReason.ANOTHER_ACCEPTED)
    return ended.filter(decision__at__gte=since, rank__lt=F("decision__suggestion__rank"))


def quality(days: Mapping[date, Counts], within: Period) -> dict[str, Measured | None]:
    """Band (or "sure") -> share of yes among the verdicts of those days; None without any."""
    found: dict[str, Measured | None] = {}
    for name in _RANGES:
        told = [counts.get(name, (0, 0)) for day, counts in days.items() if within.holds(day)]
        found[name] = measured(sum(yes for yes, _ in told), sum(everything for _, everything in told))
    return found


def holds(within: Period, today: date) -> bool:
    """Are these days among those that `verdicts_by_day` counts? Half a period is not compared with a whole one."""
    return within.first >= Period(7 * WEEKS, today).first


def weekly(days: Mapping[date, Counts], today: date) -> list[tuple[Period, dict[str, Measured | None]]]:
    """WEEKS weeks ending today, oldest first."""
    pieces = [Period(7, today - timedelta(days=7 * back)) for back in reversed(range(WEEKS))]
    return [(piece, quality(days, piece)) for piece in pieces]


def sure(found: Mapping[str, Measured | None]) -> Measured | None:
    return found[_SURE]


def of_band(found: Mapping[str, Measured | None], band: Band) -> Measured | None:
    return found[str(band.value)]
