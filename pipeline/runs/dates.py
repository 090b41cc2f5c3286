"""Whether the date of a run can be right, before its job deletes or writes by it.

A host whose clock was years ahead for forty seconds let the retention forget 797 guests and wrote rows of 2028 to the
hotel. The business date is the database's (`pipeline.business_date.opening_date`); where another clock or the business
dates of earlier runs contradict it by more than a day, a job with `by_date` ends with a sentence, unless a person
vouches for the date.
"""

from datetime import date, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from pipeline import labels
from pipeline.business_date import MOST_APART, clocks_apart, opening_date
from pipeline.models import JobRun
from pipeline.runs import registry
from pipeline.runs.registry import JobDefinition


def doubt_about(run: JobRun, job: JobDefinition) -> str:
    """A sentence, or "" where nothing contradicts the date of the run, it is a dry run, or a person vouched for it."""
    if job.by_date is None or run.dry_run or _accepted(run):
        return ""
    why = _contradicting_clock() or _contradicting_runs(run, deletes=job.by_date == "deletes")
    if not why:
        return ""
    advice = _(
        "Nothing was changed. If the date %(date)s is right: manage.py %(job)s --date %(iso)s --accept-date."
    ) % {
        "date": labels.day_words(run.business_date),
        "job": job.name,
        "iso": run.business_date.isoformat(),
    }
    return f"{why} {advice}"


def _accepted(run: JobRun) -> bool:
    """A date that a person vouched for once is right for every job."""
    return run.accepts_date or JobRun.objects.filter(business_date=run.business_date, accepts_date=True).exists()


def _contradicting_clock() -> str:
    apart = clocks_apart()
    if abs(apart) <= MOST_APART:
        return ""
    return _("The clock of this machine and the database's are %(days)d days apart: one of them is wrong.") % {
        "days": round(abs(apart) / timedelta(days=1))
    }


def _contradicting_runs(run: JobRun, *, deletes: bool) -> str:
    """The business date before this one, of any run: the watch's own jobs run every day. For a job that deletes, that
    of a job that collected to its end: days without a collection are no days on which guests have left."""
    if run.business_date != opening_date():
        return ""  # a person chose a day of the past
    others = JobRun.objects.exclude(pk=run.pk)
    last: date | None = others.aggregate(last=Max("business_date"))["last"]
    if last is not None and last - run.business_date > MOST_APART:
        words = _("There is a run of %(last)s, which is later: a clock was or is wrong.")
        return words % {"last": labels.day_words(last)}
    before = others.filter(business_date__lt=run.business_date)
    if deletes:
        collecting = [name for name, job in registry.load().items() if job.by_date == "writes"]
        before = before.reached_the_end().filter(job__in=collecting)
    last = before.aggregate(last=Max("business_date"))["last"]
    if last is not None and run.business_date - last > MOST_APART:
        return _("The last business date before this one is %(last)s.") % {"last": labels.day_words(last)}
    return ""
