"""A share against the days before and against its target, said no louder than its interval allows."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from matching.reports import Measured, apart


def change(now: Measured | None, before: Measured | None) -> str:
    """Points gained or lost against as many days before; that nothing is clear where the intervals touch. Empty where
    one of the two has no case."""
    if now is None or before is None:
        return ""
    words = {"before": f"{_number(100 * before.share)}%", "points": _signed(100 * (now.share - before.share))}
    if not apart(now, before):
        return _("no clear difference (before: %(before)s)") % words
    return _("%(points)s points (before: %(before)s)") % words


def target_words(now: Measured | None, target: int) -> str:
    """Reached or missed only where the whole interval lies on one side of the target; empty without a target."""
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
