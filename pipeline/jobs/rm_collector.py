"""The collector of `rm_daily_collection`, a process of its own: it computes, it touches no database.

Standard input: one JSON object a line, first {"business_date", "days"}, then {"stock": row} and
{"booking": row}; the end of input starts the answer. Standard output: one `rm_diario` row a line, ordered.
Exit 0 after the last line, 2 with one sentence on the error output where the input makes no sense.
It dies with the process that started it.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TextIO

from pipeline.hotel.on_the_books import TOTAL, Booking, Night, Row, Stock, booking, books_row, stock
from pipeline.worker.processes import die_with_parent


class FeedError(ValueError):
    """A line of the feed makes no sense; the message says which."""


def compute(first: date, days: int, stocks: Iterable[Stock], bookings: Iterable[Booking]) -> Iterator[Row]:
    """On the books for first..first+days (both included), by room type and in total, ordered by date and type."""
    last = first + timedelta(days)
    nights: defaultdict[tuple[date, str], Night] = defaultdict(Night)
    for entry in bookings:
        for room_type in (entry.room_type, TOTAL):
            _count(nights, entry, room_type, first, last)
    inventory = _by_type(stocks)
    types = sorted({name for _, name in nights} - {TOTAL} | inventory.keys())
    for stay in _days(first, last):
        total = nights[stay, TOTAL]
        for name in types:
            night = nights[stay, name]
            night.rooms, night.blocked = _in_force(inventory.get(name, []), stay)
            total.rooms, total.blocked = total.rooms + night.rooms, total.blocked + night.blocked
            yield books_row(first, stay, name, night)
        yield books_row(first, stay, TOTAL, total)


def _count(nights: defaultdict[tuple[date, str], Night], b: Booking, room_type: str, first: date, last: date) -> None:
    if b.tentative:
        for stay in _days(max(first, b.arrival), min(last, b.departure - timedelta(1))):
            nights[stay, room_type].tentative += 1
        return
    if first <= b.arrival <= last:
        nights[b.arrival, room_type].arrivals += 1
        nights[b.arrival, room_type].day_use += b.arrival == b.departure
    if first <= b.departure <= last:
        nights[b.departure, room_type].departures += 1
    for stay in _days(max(first, b.arrival), min(last, b.departure - timedelta(1))):
        _sleep(nights[stay, room_type], b)


def _sleep(night: Night, b: Booking) -> None:
    night.adults += b.adults
    night.children += b.children
    if b.complimentary or b.house_use:
        night.complimentary += b.complimentary
        night.house_use += b.house_use
        return
    night.sold += 1
    night.group += b.group
    night.cents += b.cents


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(n) for n in range((last - first).days + 1))


def _by_type(stocks: Iterable[Stock]) -> dict[str, list[Stock]]:
    found: defaultdict[str, list[Stock]] = defaultdict(list)
    for entry in sorted(stocks, key=lambda s: s.since):
        found[entry.room_type].append(entry)
    return dict(found)


def _in_force(entries: list[Stock], stay: date) -> tuple[int, int]:
    current = [s for s in entries if s.since <= stay]
    return (current[-1].rooms, current[-1].blocked) if current else (0, 0)


def read_feed(lines: Iterable[str]) -> tuple[date, int, list[Stock], list[Booking]]:
    """Raises FeedError with the number of the line that makes no sense (never with what stands in it)."""
    stocks: list[Stock] = []
    bookings: list[Booking] = []
    head: tuple[date, int] | None = None
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            if head is None:
                head = date.fromisoformat(entry["business_date"]), int(entry["days"])
            elif "stock" in entry:
                stocks.append(stock(entry["stock"]))
            else:
                bookings.append(booking(entry["booking"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FeedError(f"line {number}: {type(error).__name__}") from error
    if head is None:
        raise FeedError("empty feed")
    return *head, stocks, bookings


def main(feed: TextIO, answer: TextIO, errors: TextIO) -> int:
    try:
        first, days, stocks, bookings = read_feed(feed)
    except FeedError as error:
        print(f"rm_collector: {error}", file=errors)
        return 2
    for row in compute(first, days, stocks, bookings):
        answer.write(json.dumps(row) + "\n")
    answer.flush()
    return 0


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    sys.exit(main(sys.stdin, sys.stdout, sys.stderr))
