"""Reading the hotel's rows as PostgREST gives them: what is missing is named, what is wrong skips the row."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

HOTEL_ZONE = ZoneInfo("America/Sao_Paulo")
Row = Mapping[str, Any]
_FRACTION = re.compile(r"\.(\d{1,6})\d*")


class BadRow(ValueError):
    """Says in English which column of which row cannot be used, without its value."""


def number(row: Row, column: str) -> int:
    value = row.get(column)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRow(f"{column} is missing" if value is None else f"{column} is not a whole number")
    return value


def text(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{column} is not text")
    return value


def day(row: Row, column: str) -> dt.date:
    value = row.get(column)
    if isinstance(value, dt.datetime):
        return value.astimezone(HOTEL_ZONE).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    if value is None:
        raise BadRow(f"{column} is missing")
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        raise BadRow(f"{column} is not a date") from None


def moment(row: Row, column: str) -> dt.datetime | None:
    """The hotel's local time; a stamp without zone is taken to be local already."""
    value = row.get(column)
    if value is None or value == "":
        return None
    try:
        stamp = (
            value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(_FRACTION.sub(r".\1", str(value)))
        )
        return stamp.astimezone(HOTEL_ZONE) if stamp.tzinfo else stamp.replace(tzinfo=HOTEL_ZONE)
    except (ValueError, OverflowError):
        raise BadRow(f"{column} is not a date and time") from None


def opening(row: Row, business_date: dt.date | None = None) -> tuple[dt.datetime, str]:
    """When an order was opened, in the hotel's local time, and where that was taken from.

    "" is `aberta_em` itself. Where it is missing or cannot be read: `created_at`, failing that `business_date`, the
    noon of the given date (of today without one).
    """
    for column in ("aberta_em", "created_at"):
        try:
            found = moment(row, column)
        except BadRow:
            continue
        if found is not None:
            return found, "" if column == "aberta_em" else column
    date = business_date or dt.datetime.now(HOTEL_ZONE).date()
    return dt.datetime.combine(date, dt.time(12), HOTEL_ZONE), "business_date"


def embedded(row: Row, name: str) -> Row:
    """A to-one embedding; `{}` when PostgREST gave null or nothing."""
    value = row.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRow(f"{name} is not an embedded row")
    return value
