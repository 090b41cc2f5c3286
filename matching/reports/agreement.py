"""The share of decisions that agree with the model, by band.

A verdict on a pair is an acceptance, a rejection, or a skip: a person accepted a candidate that the model had ranked
below. Undone decisions and candidates that a person added by hand do not count.
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
# The default threshold of "accept all above".
SURE = 0.98
_SURE = "sure"
CACHE_SECONDS = 60
YES = (Verb.ACCEPT, Verb.NO_GUEST)

Counts = dict[str, tuple[int, int]]


def verdicts_by_day(today: date) -> dict[date, Counts]:
    """Day -> band -> (agreements, verdicts), over WEEKS weeks; "sure" counts those from SURE on.

    Cached until the next decision, and for CACHE_SECONDS at most: a link that Supabase refuses changes states without a
    decision.
    """
    return cache.get_or_set(f"verdicts:{today}:{last_decision()}", lambda: _verdicts_by_day(today), CACHE_SECONDS) or {}


def last_decision() -> int:
    """The cache key of expensive figures: the next decision invalidates them."""
    return Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _verdicts_by_day(today: date) -> dict[date, Counts]:
    since = Period(7 * WEEKS, today).since
    decisions = Decision.objects.filter(at__gte=since, undone_by=None).exclude(model_version=MANUAL)
    decisions = decisions.filter(verb__in=[*YES, Verb.REJECT])
    found: dict[date, Counts] = {}
    for row in _by_band(decisions.annotate(day=TruncDate("at")), yes=Q(verb__in=YES)):
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
    """Candidates of an order for which a lower-ranked one was accepted; one added by hand ranks below all."""
    ended = MatchSuggestion.objects.filter(state=State.SUPERSEDED, end_reason=EndReason.ANOTHER_ACCEPTED)
    return ended.filter(decision__at__gte=since, rank__lt=F("decision__suggestion__rank"))


def quality(days: Mapping[date, Counts], within: Period) -> dict[str, Measured | None]:
    """Band (or "sure") -> share of agreement in those days; None without verdicts."""
    found: dict[str, Measured | None] = {}
    for name in _RANGES:
        verdicts = [counts.get(name, (0, 0)) for day, counts in days.items() if within.holds(day)]
        found[name] = measured(sum(yes for yes, _ in verdicts), sum(total for _, total in verdicts))
    return found


def holds(within: Period, today: date) -> bool:
    """Whether `verdicts_by_day` covers the whole period: a part of it would not be comparable."""
    return within.first >= Period(7 * WEEKS, today).first


def weekly(days: Mapping[date, Counts], today: date) -> list[tuple[Period, dict[str, Measured | None]]]:
    """WEEKS weeks ending today, oldest first."""
    pieces = [Period(7, today - timedelta(days=7 * back)) for back in reversed(range(WEEKS))]
    return [(piece, quality(days, piece)) for piece in pieces]


def sure(found: Mapping[str, Measured | None]) -> Measured | None:
    return found[_SURE]


def of_band(found: Mapping[str, Measured | None], band: Band) -> Measured | None:
    return found[str(band.value)]
