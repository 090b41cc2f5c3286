"""Where a guest was when an order was opened, in words for the card's explanation."""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from matching.models import Stay

IN_HOUSE = "na_casa"


def place(room: str, stay: Stay, opened: date, today: date) -> str:
    """A clause on the room that the order names; empty where it was not this guest's on the day it was opened."""
    if room not in stay.rooms_on(opened):
        return ""
    words = {"room": room}
    if opened < stay.arrival:
        return _("the order says %(room)s, the room kept for this guest") % words
    if opened == stay.arrival:
        return _("the order says %(room)s, the room of this guest, who arrived that day") % words
    if opened > stay.departure:
        return _("the order says %(room)s, the room that was this guest's") % words
    if room != stay.room or stay.status != IN_HOUSE or today > stay.departure:
        return _("the order says %(room)s, and the guest was in %(room)s when it was opened") % words
    words["since"] = day_words(_since(stay, room), today)
    return _("the order says %(room)s, and the guest has been in %(room)s since %(since)s") % words


def _since(stay: Stay, room: str) -> date:
    """The day on which the guest came into the present room."""
    for span in reversed(stay.occupancies):
        if str(span.get("uh") or "") == room and span.get("de"):
            return date.fromisoformat(str(span["de"])[:10])
    return stay.arrival


def day_words(day: date, today: date) -> str:
    """A day of the last week by its name, any other by its date."""
    if day == today:
        return _("today")
    if day == today - timedelta(days=1):
        return _("yesterday")
    if timedelta(0) < today - day < timedelta(days=7):
        return str(_weekdays()[day.weekday()])
    return date_format(day, _("m/d"))


def _weekdays() -> tuple[str, ...]:
    return (
        pgettext("since", "Monday"),
        pgettext("since", "Tuesday"),
        pgettext("since", "Wednesday"),
        pgettext("since", "Thursday"),
        pgettext("since", "Friday"),
        pgettext("since", "Saturday"),
        pgettext("since", "Sunday"),
    )
