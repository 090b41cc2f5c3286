"""The days that a figure is about."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30


@dataclass(frozen=True)
class Period:
    """`days` whole days of the hotel's calendar, today the last of them."""

    days: int
    last: date

    @property
    def first(self) -> date:
        return self.last - timedelta(days=self.days - 1)

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        return midnight(self.last + timedelta(days=1))

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def before(self) -> "Period":
        return Period(self.days, self.first - timedelta(days=1))


def period(text: str, today: date) -> Period:
    """Of the days a person may choose from; anything else means the usual period."""
    days = next((days for days in PERIODS if text == str(days)), USUAL_PERIOD)
    return Period(days, today)


def midnight(day: date | None = None) -> datetime:
    """The start of `day`, today without one, in the hotel's time zone."""
    return timezone.make_aware(datetime.combine(day or timezone.localdate(), time()))


def steps(chosen: Period) -> list[Period]:
    """The period in pieces for a line: days, or weeks once days would be too many."""
    size = 7 if chosen.days > 31 else 1
    count = -(-chosen.days // size)
    return [Period(size, chosen.last - timedelta(days=size * back)) for back in reversed(range(count))]
