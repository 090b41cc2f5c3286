"""Numbers and times as people read them."""

from datetime import timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def count(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def rate(per_second: float) -> str:
    """ "62 per second", or per minute where that is less than one."""
    if per_second >= 1:
        return _("%(n)s per second") % {"n": _rounded(per_second)}
    return _("%(n)s per minute") % {"n": _rounded(60 * per_second)}


def _rounded(number: float) -> str:
    """Two digits that count; number_format alone cuts off."""
    places = 0 if number >= 9.95 else 1
    return number_format(round(number, places), places)


def duration(time: timedelta | None) -> str:
    """ "0.4 s", "12 s", "10 min 01 s", "1 h 06 min"; "—" for none."""
    if time is None:
        return "—"
    if timedelta(0) <= time < timedelta(seconds=9.95):
        return f"{number_format(time.total_seconds(), 1)} s"
    seconds = max(0, round(time.total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
