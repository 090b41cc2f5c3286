"""The collector of `rm_daily_collection`: a process of its own that computes without a database.

Standard input: one JSON object a line, first {"business_date", "days"}, then {"stock": row} and
{"booking": row}; the end of input starts the answer. Standard output: one `rm_diario` row a line, ordered.
Exit code 0 after the last line; 2 with one sentence on standard error for an invalid input.
It ends with its parent process.
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
    """A line of the feed is invalid; the message has its number."""


def compute(first: date, days: int, stocks: Iterable[Stock], bookings: Iterable[Booking]) -> Iterator[Row]:
    """On the books for first..first+days (both included), by room type and in total, ordered by date and type."""
    last = first + timedelta(days)
    nights: defaultdict[tuple[date, str], Night] = defaultdict(Night)
    for entry in bookings:
        for room_type in (entry.room_type, TOTAL):
            _count(nights, entry, room_type, first, last)
    inventory: defaultdict[str, list[Stock]] = defaultdict(list)
    for stock_row in sorted(stocks, key=lambda s: s.since):
        inventory[stock_row.room_type].append(stock_row)
    types = sorted({name for _, name in nights} - {TOTAL} | inventory.keys())
    for stay in _days(first, last):
        total = nights[stay, TOTAL]
        for name in types:
            night = nights[stay, name]
            valid = [s for s in inventory.get(name, ()) if s.since <= stay]
            if valid:
                night.rooms, night.blocked = valid[-1].rooms, valid[-1].blocked
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
        night = nights[stay, room_type]
        night.adults += b.adults
        night.children += b.children
        night.complimentary += b.complimentary
        night.house_use += b.house_use
        if not b.complimentary and not b.house_use:
            night.sold += 1
            night.group += b.group
            night.cents += b.cents


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(n) for n in range((last - first).days + 1))


def read_feed(lines: Iterable[str]) -> tuple[date, int, list[Stock], list[Booking]]:
    """Raises FeedError with the number of the invalid line, never with its content."""
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
