"""The hotel's business date, and the clock that decides it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

# How far the clocks of this machine and of the database, or two business dates, may be apart before a job that deletes
# or writes by date refuses to run.
MOST_APART = timedelta(days=1)


def current_business_date() -> date:
    """The hotel's calendar day by this machine's clock: for pages, which show it and store nothing under it."""
    return timezone.localdate(timezone=ZoneInfo(settings.TIME_ZONE))


def opening_date() -> date:
    """The hotel's calendar day by the database's clock. Only code that opens or resumes a run calls this; steps use the
    date of their run. Machines that share the database agree on it, also while the clock of one of them is wrong."""
    return timezone.localdate(database_time(), ZoneInfo(settings.TIME_ZONE))


def database_time() -> datetime:
    """The database's clock, aware. Every time that is stored, or decides what is deleted, is its."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def clocks_apart() -> timedelta:
    """By how much this machine's clock is ahead of the database's; negative where it is behind."""
    before = timezone.now()
    theirs = database_time()
    return before + (timezone.now() - before) / 2 - theirs
