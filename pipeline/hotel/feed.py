"""Whether the hotel's tables are filled as they have to be: what `check_feed`, the page of the sources and /readyz say.

`feed_findings` is pure; `read_feed` reads what it judges. No sentence names a guest.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.hotel import StayStatus, stays
from pipeline.hotel import orders as order_rows
from pipeline.hotel.reader import PAGE, Query
from pipeline.hotel.stays import Row
from sistema_os.supabase import SupabaseClient

STAY_COLUMNS = "id,reserva_id,titular,status,uh,chegada,saida,visto_em,hospedes(menor)"
ORDER_COLUMNS = "id,status,uh_texto,aberta_em"

# A daily feed that is six hours late.
STALE_AFTER = timedelta(hours=30)
# Orders may be typed on a clock that is a little ahead.
_CLOCK_SKEW = timedelta(hours=1)
_LONGEST_STAY = timedelta(days=120)
# From this number of guests on, a list without any minor is conspicuous.
_ENOUGH_GUESTS = 50
_ROOM = re.compile(r"[A-Z]{0,3}-?\d{1,5}[A-Z]{0,2}")
_SHOWN = 5

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """`code` is stable, for scripts; `sentence` is in the active language."""

    code: str
    level: Level
    sentence: str
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Feed:
    """Rows as PostgREST returns them: the stays that are not removed and leave from 30 days ago on (STAY_COLUMNS), and
    the open orders (ORDER_COLUMNS)."""

    stays: Sequence[Row]
    orders: Sequence[Row]

    @property
    def last_seen(self) -> datetime | None:
        """When the feed last saw a line."""
        return max((datetime.fromisoformat(row["visto_em"]) for row in self.stays if row["visto_em"]), default=None)


async def read_feed(supabase: SupabaseClient, business_date: date) -> Feed:
    earliest, _latest = stays.departed_window(business_date)
    listed = supabase.async_table(stays.TABLE).select(STAY_COLUMNS).is_(stays.REMOVED, None)
    opened = supabase.async_table(order_rows.TABLE).select(ORDER_COLUMNS)
    return Feed(
        await _all(listed.gte(stays.DEPARTURE, earliest)),
        await _all(opened.in_("status", order_rows.OPEN_STATUSES)),
    )


async def _all(query: Query) -> list[Row]:
    return [row async for page in query.pages(key="id", size=PAGE) for row in page]


def feed_findings(feed: Feed, business_date: date, now: datetime) -> list[Finding]:
    """What is wrong with the feed, errors first. `now` is aware."""
    if not feed.stays:
        return [Finding("empty", "error", _("The guest list is empty: nothing has been received yet."), 0)]
    checks: tuple[Callable[[Feed, date, datetime], Finding | None], ...] = (
        _not_moving,
        _partly_moving,
        _unknown_status,
        _swapped_stays,
        _swapped_orders,
        _still_in_house,
        _nobody_main,
        _odd_rooms,
        _rooms_of_orders,
        _no_minors,
    )
    found = [finding for check in checks if (finding := check(feed, business_date, now))]
    return sorted(found, key=lambda finding: finding.level != "error")


def _not_moving(feed: Feed, _business_date: date, now: datetime) -> Finding | None:
    seen = feed.last_seen
    if seen is not None and now - seen <= STALE_AFTER:
        return None
    when = _("never") if seen is None else seen.astimezone(order_rows.HOTEL_ZONE).strftime("%d/%m/%Y %H:%M")
    sentence = _("`visto_em` has not moved since %(when)s: no list arrives, or the feed does not write it.")
    return Finding("visto_em_not_moving", "error", sentence % {"when": when}, len(feed.stays))


def _partly_moving(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    """A feed that writes `visto_em` on new lines only."""
    seen, live = feed.last_seen, _in_house(feed)
    if seen is None or not live:
        return None
    behind = [row for row in live if seen - datetime.fromisoformat(row["visto_em"]) > timedelta(days=2)]
    if len(behind) * 2 < len(live):
        return None
    sentence = _("`visto_em` moves on new lines only: %(count)d of %(all)d guests in the house have an older one.")
    return Finding("visto_em_partly", "error", sentence % {"count": len(behind), "all": len(live)}, len(behind))


def _unknown_status(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    words = Counter(str(row["status"]) for row in feed.stays if row["status"] not in set(StayStatus))
    if not words:
        return None
    sentence = _("Statuses outside the six words: %(words)s.") % {"words": _examples(words)}
    return Finding("unknown_status", "error", sentence, words.total())


def _swapped_stays(feed: Feed, business_date: date, _now: datetime) -> Finding | None:
    def swapped(row: Row) -> bool:
        arrival, departure = date.fromisoformat(row["chegada"]), date.fromisoformat(row["saida"])
        early = row["status"] == StayStatus.IN_HOUSE and arrival > business_date
        return (early or departure - arrival > _LONGEST_STAY) and _is_swappable(arrival, departure, business_date)

    count = sum(map(swapped, feed.stays))
    if not count:
        return None
    sentence = ngettext(
        "%(count)d stay has day and month swapped in its dates.",
        "%(count)d stays have day and month swapped in their dates.",
        count,
    )
    return Finding("swapped_dates", "error", sentence % {"count": count}, count)


def _is_swappable(arrival: date, departure: date, business_date: date) -> bool:
    """Whether reading a date the other way round gives a stay that is near."""
    for first in {arrival, _swapped(arrival)}:
        for last in {departure, _swapped(departure)}:
            if (first, last) == (arrival, departure) or first is None or last is None:
                continue
            if timedelta(0) <= last - first <= _LONGEST_STAY and abs(first - business_date) <= _LONGEST_STAY:
                return True
    return False


def _swapped(day: date) -> date | None:
    return date(day.year, day.day, day.month) if day.day <= 12 else None


def _swapped_orders(feed: Feed, _business_date: date, now: datetime) -> Finding | None:
    count = sum(datetime.fromisoformat(row["aberta_em"]) > now + _CLOCK_SKEW for row in feed.orders)
    if not count:
        return None
    sentence = ngettext(
        "%(count)d order was opened in the future: day and month swapped, or no time zone.",
        "%(count)d orders were opened in the future: day and month swapped, or no time zone.",
        count,
    )
    return Finding("orders_in_the_future", "error", sentence % {"count": count}, count)


def _still_in_house(feed: Feed, business_date: date, _now: datetime) -> Finding | None:
    count = sum(date.fromisoformat(row["saida"]) < business_date for row in _in_house(feed))
    if not count:
        return None
    sentence = ngettext(
        "%(count)d guest whose departure is over is still in the house: the feed does not report departures.",
        "%(count)d guests whose departure is over are still in the house: the feed does not report departures.",
        count,
    )
    return Finding("still_in_house", "error", sentence % {"count": count}, count)


def _nobody_main(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    live = [row for row in feed.stays if row["status"] in stays.LIVE_STATUSES]
    bookings = {row["reserva_id"] for row in live}
    headless = bookings - {row["reserva_id"] for row in live if row["titular"]}
    if not headless or len(headless) * 5 < len(bookings):
        return None
    sentence = _("%(count)d of %(all)d reservations have no main guest.") % {
        "count": len(headless),
        "all": len(bookings),
    }
    level: Level = "error" if headless == bookings else "warning"
    return Finding("nobody_main", level, sentence, len(headless))


def _odd_rooms(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    rooms = Counter(name for row in feed.stays if (name := stays.room(row["uh"])))
    odd = Counter({name: count for name, count in rooms.items() if not _ROOM.fullmatch(name)})
    if not odd:
        return None
    sentence = _("Rooms that are not written as a number: %(rooms)s.") % {"rooms": _examples(odd)}
    return Finding("unknown_rooms", "warning", sentence, odd.total())


def _rooms_of_orders(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    """Orders with a room that no stay has, if they are most of them."""
    known = {_digits(row["uh"]) for row in feed.stays}
    named = [digits for row in feed.orders if (digits := _digits(row["uh_texto"]))]
    unknown = [digits for digits in named if digits not in known]
    if len(unknown) < _SHOWN or len(unknown) * 2 <= len(named):
        return None
    sentence = _("%(count)d of %(all)d open orders name a room that the guest list does not have: %(rooms)s.") % {
        "count": len(unknown),
        "all": len(named),
        "rooms": _examples(Counter(unknown)),
    }
    return Finding("rooms_of_orders", "warning", sentence, len(unknown))


def _no_minors(feed: Feed, _business_date: date, _now: datetime) -> Finding | None:
    guests = [row for row in feed.stays if row["hospedes"]]
    if len(guests) < _ENOUGH_GUESTS or any(row["hospedes"]["menor"] for row in guests):
        return None
    sentence = _("Nobody of %(count)d guests is a minor: without the mark, children are suggested like adults.")
    return Finding("no_minors", "warning", sentence % {"count": len(guests)}, len(guests))


def _in_house(feed: Feed) -> list[Row]:
    return [row for row in feed.stays if row["status"] == StayStatus.IN_HOUSE]


def _digits(text: str | None) -> str:
    """The last number of a room as typed, without leading zeros."""
    found = re.findall(r"\d+", (text or "").removesuffix(".0"))
    return found[-1].lstrip("0") if found else ""


def _examples(words: Counter[str]) -> str:
    shown = ", ".join(f"“{word[:20]}”" for word, _count in words.most_common(_SHOWN))
    return shown + ("…" if len(words) > _SHOWN else "")
