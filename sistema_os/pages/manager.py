"""The manager's page: progress of the work, and quality of the suggestions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from matching.models import AuditAction, record_audit
from matching.models.choices import Band, RejectReason
from matching.presentation import comparison_words, department_words
from matching.presentation.badges import band_chip
from matching.reports import Measured, Period, agreement, apart, charts, measured, periods, rejections, throughput
from matching.reports.throughput import DepartmentRow, Queued
from pipeline.business_date import current_business_date
from pipeline.dashboard import ages, occupancy
from pipeline.dashboard import today as todays_run
from sistema_os.admin_base import CSV, FORMAT, CsvColumn, csv_response

PERMISSION = "matching.view_decision"
BEST_FIRST = (Band.STRONG, Band.DOUBT, Band.WEAK)
RANGES = {
    Band.STRONG: _lazy("0.90 or more"),
    Band.DOUBT: _lazy("0.50 to 0.90"),
    Band.WEAK: _lazy("under 0.50"),
}
WAITS = (_lazy("up to 15 min"), _lazy("15–60 min"), _lazy("1–4 h"), _lazy("4–24 h"), _lazy("over 1 day"))
# With fewer decisions the interval is too wide for a conclusion.
FEW = 30
# Columns of the table by department.
_COUNTED = ("opened", "linked", "waiting", "departing")
# Band -> share of its suggestions that were accepted.
Precision = Mapping[str, Measured | None]


@require_GET
def page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    day = current_business_date()
    chosen = periods.period(request.GET.get("days", ""), day)
    work, queued = throughput.work(chosen), throughput.queued_by_department()
    rows = throughput.department_rows(work.by_department, queued)
    if request.GET.get(FORMAT) == CSV:
        return _department_csv(request, chosen, rows)
    context = site.each_context(request) | {
        "title": _("Management"),
        "chosen": chosen,
        "choices": [(days, f"{reverse('admin:manager')}?days={days}") for days in periods.PERIODS],
        "day_format": _("n/j"),
        "departments": [
            (department_words(row.department) or _("without a department"), _list_url(row.department), row)
            for row in rows
        ],
        "departments_total": _total(rows),
        "csv_url": f"{reverse('admin:manager')}?days={chosen.days}&format=csv",
        **_figures(queued.values()),
        **_orders(chosen, work.orders),
        **_precision(chosen),
        **_work(work),
        "rejections": [_rejection_row(row) for row in rejections.rejections(chosen)],
    }
    if request.user.has_perm("pipeline.view_jobrun"):
        aged = ages()
        fresh = all(age.chip == "chip-ok" for age in aged)
        context |= {"ages": aged, "today": todays_run(day, aged), "fresh": fresh, **_occupancy()}
    return TemplateResponse(request, "sistema_os/manager.html", context)


@dataclass(frozen=True)
class RejectionRow:
    """A reason, its rejections, and what was most frequent among them."""

    reason: str
    count: int
    evidence: str
    department: str


def _rejection_row(row: rejections.Rejections) -> RejectionRow:
    (evidence, times), (department, orders) = row.evidence.most_common(1)[0], row.departments.most_common(1)[0]
    return RejectionRow(
        str(RejectReason(row.reason).label) if row.reason else _("no reason given"),
        row.count,
        f"{comparison_words(evidence)} ({times})" if evidence else "—",
        f"{department_words(department) or _('without a department')} ({orders})",
    )


def _total(rows: list[DepartmentRow]) -> DepartmentRow:
    return DepartmentRow("", *(sum(getattr(row, name) for row in rows) for name in _COUNTED))


def _list_url(department: str) -> str:
    url = reverse("admin:matching_matchsuggestion_changelist")
    return f"{url}?{urlencode({'department': department})}" if department else url


def _department_csv(request: HttpRequest, chosen: Period, rows: list[DepartmentRow]) -> HttpResponse:
    record_audit(request.user, AuditAction.EXPORT, count=len(rows), filters={"days": chosen.days})
    columns = (
        CsvColumn(_("Department"), lambda row: _department(row, rows)),
        CsvColumn(pgettext("orders", "Opened"), lambda row: row.opened),
        CsvColumn(_("With a guest"), lambda row: row.linked),
        CsvColumn(_("To review"), lambda row: row.waiting),
        CsvColumn(_("Leave today"), lambda row: row.departing),
    )
    return csv_response("os-por-setor", columns, (*rows, _total(rows)))


def _department(row: DepartmentRow, rows: list[DepartmentRow]) -> str:
    return department_words(row.department) or (_("without a department") if row in rows else _("Total"))


def _figures(queued: Collection[Queued]) -> dict[str, Any]:
    """What waits now: the orders of the badge, and the oldest of them."""
    return {
        "to_review": sum(one.waiting for one in queued),
        "to_review_leaving": sum(one.departing for one in queued),
        "to_review_old": sum(one.old for one in queued),
        "oldest": min((one.oldest for one in queued if one.oldest), default=None),
    }


def _occupancy() -> dict[str, Any]:
    found = occupancy()
    if found is None:
        return {"occupancy": None}
    return {
        "occupancy": found,
        "occupancy_share": percent(found.share),
        "occupancy_before": percent(found.before) if found.before is not None else "",
    }


def _orders(chosen: Period, days: Mapping[date, throughput.Orders]) -> dict[str, Any]:
    now, before = throughput.summed(days, chosen), throughput.summed(days, chosen.before)
    steps = periods.steps(chosen)
    shares = [throughput.summed(days, step).share for step in steps]
    drawn = charts.share_line(shares, target=settings.TARGET_LINKED)
    shared = measured(now.linked, now.total)
    return {
        "orders": now,
        "orders_share": percent(now.share),
        "orders_change": change(shared, measured(before.linked, before.total)),
        "orders_target": target_words(shared, settings.TARGET_LINKED),
        "orders_line": drawn,
        "orders_labels": [(tick, _short(steps[tick.value].last)) for tick in drawn.labels] if drawn else [],
        "orders_unlinked": now.total - now.linked,
    }


@dataclass(frozen=True)
class BandRow:
    chip: SafeString
    probability: str | Promise
    found: Measured | None
    share: str
    interval: str
    whisker: charts.Whisker | None
    change: str


def _precision(chosen: Period) -> dict[str, Any]:
    days = agreement.verdicts_by_day(chosen.last)
    found = agreement.quality(days, chosen)
    weeks = agreement.weekly(days, chosen.last)
    series = [[agreement.of_band(week, band) for _piece, week in weeks] for band in BEST_FIRST]
    drawn = charts.weeks(series, settings.TARGET_PRECISION)
    before = agreement.quality(days, chosen.before) if agreement.holds(chosen.before, chosen.last) else {}
    strong = agreement.of_band(found, Band.STRONG)
    return {
        "bands": [_band_row(band, found, before) for band in BEST_FIRST],
        "comparable": any(before.values()),
        "precision_target": target_words(strong, settings.TARGET_PRECISION),
        "sentences": _sentences(strong, agreement.sure(found)),
        "weeks": drawn if any(drawn.series) else None,
        "weeks_labels": [(tick, _short(weeks[tick.value][0].last)) for tick in drawn.labels],
        "weeks_css": list(zip(("q-strong", "q-doubt", "q-weak"), drawn.series, strict=True)),
        "weeks_rows": [
            (piece, [_cell(agreement.of_band(week, band)) for band in BEST_FIRST])
            for piece, week in reversed(weeks)
            if any(agreement.of_band(week, band) for band in BEST_FIRST)
        ],
        "weeks_words": _weeks_words(series[0]),
        "chips": [band_chip(band) for band in BEST_FIRST],
    }


def _band_row(band: Band, now: Precision, before: Precision) -> BandRow:
    found, earlier = now.get(str(band.value)), before.get(str(band.value))
    return BandRow(
        band_chip(band),
        RANGES[band],
        found,
        percent(found.share if found else None),
        _interval(found),
        charts.whisker(found) if found else None,
        change(found, earlier),
    )


def _interval(found: Measured | None) -> str:
    if found is None:
        return "—"
    low, high = (number_format(round(100 * part, 1), 1) for part in (found.low, found.high))
    return _("%(low)s to %(high)s%%") % {"low": low, "high": high}


def _cell(found: Measured | None) -> str:
    """One cell of the table of weeks: share, cases, interval."""
    if found is None:
        return "—"
    words = {"share": percent(found.share), "hits": found.hits, "of": found.of, "interval": _interval(found)}
    return _("%(share)s (%(hits)d of %(of)d; %(interval)s)") % words


def _sentences(strong: Measured | None, sure: Measured | None) -> list[str]:
    if strong is None:
        return [_("No suggestion of the strong band was decided in these days.")]
    sentences = [_("In the strong band the team refused %(no)s of %(of)s.") % _counts(strong)]
    if sure is None or sure.of < FEW:
        sentences.append(_("There are too few decisions above 0.98 to say what accepting in bulk would cost."))
    else:
        worst = number_format(round(100 * (1 - sure.low), 1), 1)
        words = _counts(sure) | {"worst": worst}
        sentences.append(
            _("Above 0.98 it refused %(no)s of %(of)s: in bulk, reckon with up to %(worst)s errors in 100.") % words
        )
    return sentences


def _counts(found: Measured) -> dict[str, str]:
    refused = found.of - found.hits
    return {name: number_format(n, force_grouping=True) for name, n in (("no", refused), ("of", found.of))}


def _weeks_words(strong: list[Measured | None]) -> str:
    known = [found for found in strong if found]
    if not known:
        return _("Precision by week and band.")
    words = {"first": percent(known[0].share), "last": percent(known[-1].share)}
    return _("Precision by week and band; strong band from %(first)s to %(last)s.") % words


def _work(work: throughput.Work) -> dict[str, Any]:
    waiting, pace, per_stay = work.waiting, work.pace, work.per_stay
    bars = charts.time_bars(waiting.classes)
    within, before = (measured(w.within_a_day, w.links) for w in (waiting, work.waited_before))
    return {
        "waiting": waiting,
        "waiting_median": lasted(waiting.median),
        "waiting_p90": lasted(waiting.p90),
        "waiting_review": lasted(waiting.reviewing),
        "waiting_day": percent(within.share if within else None),
        "waiting_change": change(within, before),
        "waiting_bars": list(zip(WAITS, bars, strict=True)),
        "waiting_words": ", ".join(f"{word}: {bar.percent}%" for word, bar in zip(WAITS, bars, strict=True)),
        "pace": pace,
        "pace_seconds": number_format(round(pace.seconds), 0) if pace.seconds is not None else "—",
        "per_stay": per_stay,
        "per_stay_mean": number_format(round(per_stay.mean, 2), 2) if per_stay.mean is not None else "—",
    }


def lasted(time: timedelta | None) -> str:
    """In seconds below one minute, in days from two days on, else in hours and minutes."""
    if time is None:
        return "—"
    time = max(time, timedelta(0))
    if time >= timedelta(days=2):
        return _("%(days)s days") % {"days": number_format(round(time / timedelta(days=1), 1), 1)}
    if time < timedelta(minutes=1):
        return f"{round(time.total_seconds())} s"
    hours, minutes = divmod(round(time / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02d} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def percent(share: float | None) -> str:
    """With one decimal place; never 100 or 0 for a share that only rounds to it."""
    if share is None:
        return "—"
    rounded = round(100 * share, 1)
    if 0 < share < 1:
        rounded = min(max(rounded, 0.1), 99.9)
    return f"{number_format(rounded, 1)}%"


def _short(day: date) -> str:
    return date_format(day, _("n/j"))


def change(now: Measured | None, before: Measured | None) -> str:
    """Difference in percentage points from the period before, or that it is not clear where the intervals overlap.
    Empty if one of the two has no case."""
    if now is None or before is None:
        return ""
    words = {"before": f"{_number(100 * before.share)}%", "points": _signed(100 * (now.share - before.share))}
    if not apart(now, before):
        return _("no clear difference (before: %(before)s)") % words
    return _("%(points)s points (before: %(before)s)") % words


def target_words(now: Measured | None, target: int) -> str:
    """Reached or missed only if the whole interval lies on one side of the target; empty without a target."""
    if not target:
        return ""
    words = {"target": target}
    if now is None:
        return _("target %(target)s%%") % words
    if now.low >= target / 100:
        return _("target %(target)s%%: reached") % words
    if now.high < target / 100:
        missing = {"points": _number(target - 100 * now.share)}
        return _("target %(target)s%%: %(points)s points missing") % (words | missing)
    return _("target %(target)s%%: about there") % words


def _signed(points: float) -> str:
    return ("−" if points < 0 else "+") + _number(abs(points))


def _number(value: float) -> str:
    return number_format(round(value, 1), 1)
