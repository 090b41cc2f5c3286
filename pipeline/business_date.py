"""The hotel's business date."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def current_business_date() -> date:
    """The hotel's calendar day. Only code that opens a run calls this; steps use the date of their run."""
    return timezone.localdate(timezone=ZoneInfo(settings.TIME_ZONE))
