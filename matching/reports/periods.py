"""Periods of whole days that the figures of a report cover."""

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
    """One of PERIODS, from the text of an address; USUAL_PERIOD for anything else."""
    days = next((days for days in PERIODS if text == str(days)), USUAL_PERIOD)
    return Period(days, today)


def midnight(day: date | None = None) -> datetime:
    """The start of `day`, today without one, in the hotel's time zone."""
    return timezone.make_aware(datetime.combine(day or timezone.localdate(), time()))


def steps(chosen: Period) -> list[Period]:
    """The points of a line chart: days, or weeks for more than 31 days."""
    size = 7 if chosen.days > 31 else 1
    count = -(-chosen.days // size)
    return [Period(size, chosen.last - timedelta(days=size * back)) for back in reversed(range(count))]
