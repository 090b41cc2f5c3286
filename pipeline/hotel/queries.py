"""What is asked of the hotel's Supabase: always column by column, always past the row cap."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from pipeline.hotel import StayStatus, stays
from pipeline.hotel import orders as order_rows
from pipeline.hotel.reader import PAGE, Query, Wanted
from pipeline.hotel.stays import Row
from sistema_os.supabase import SupabaseClient


def listing(supabase: SupabaseClient, business_date: date) -> Wanted:
    """Stays from yesterday's departures to arrivals in two weeks; what vanished from the export is not read."""
    earliest, latest = stays.window(business_date)

    def asked(columns: str, *, count: bool = False) -> Query:
        query = _select(supabase, stays.TABLE, columns, count=count)
        return query.gte(stays.DEPARTURE, earliest).lte(stays.ARRIVAL, latest).is_(stays.REMOVED, None)

    return Wanted(
        spec=stays.spec(business_date),
        rows=asked(stays.SELECT),
        count=asked(stays.KEY, count=True),
        flatten=_flatten_stay,
    )


def orders(supabase: SupabaseClient, business_date: date, previous: date | None) -> Wanted:
    """Orders that are open, or changed since before the previous business date."""
    either = order_rows.filter_open_or_changed(order_rows.changed_since(business_date, previous))
    return Wanted(
        spec=order_rows.spec(),
        rows=_select(supabase, order_rows.TABLE, order_rows.SELECT).or_(either),
        count=_select(supabase, order_rows.TABLE, order_rows.KEY, count=True).or_(either),
        flatten=order_rows.flatten,
    )


async def departed(supabase: SupabaseClient, business_date: date) -> dict[int, Row]:
    """Stays that left before the listing's window and not longer than 30 days ago, flat, by id."""
    first, last = stays.departed_window(business_date)
    query = _select(supabase, stays.TABLE, stays.SELECT).gte(stays.DEPARTURE, first).lte(stays.DEPARTURE, last)
    query = query.eq(stays.STATUS, StayStatus.DEPARTED).is_(stays.REMOVED, None)
    found: dict[int, Row] = {}
    async for page in query.pages(key=stays.KEY, size=PAGE):
        found |= await sync_to_async(_flat_by_key)(page)
    return found


def _flat_by_key(page: list[Row]) -> dict[int, Row]:
    """In the ORM's thread: a page of a thousand rows would keep the loop from turning."""
    return {row[stays.KEY]: _flatten_stay(row) for row in page}


async def standing_stays(supabase: SupabaseClient, keys: Collection[int]) -> dict[int, Row]:
    """Those of the stays that the hotel's table still has, whatever the window."""
    query = _select(supabase, stays.TABLE, stays.STANDING).in_(stays.KEY, keys)
    rows = (await query.is_(stays.REMOVED, None).execute()).data if keys else []
    return {row[stays.KEY]: row for row in rows}


async def standing_orders(supabase: SupabaseClient, keys: Collection[int]) -> dict[int, Row]:
    query = _select(supabase, order_rows.TABLE, order_rows.SELECT).in_(order_rows.KEY, keys)
    rows = (await query.execute()).data if keys else []
    return {row[order_rows.KEY]: row for row in rows}


def _select(supabase: SupabaseClient, table: str, columns: str, *, count: bool = False) -> Query:
    if count:
        return supabase.async_table(table).select(columns, count="exact", head=True)
    return supabase.async_table(table).select(columns)


def _flatten_stay(row: Mapping[str, Any]) -> Row:
    return stays.flatten(row, hash_key=settings.HASH_KEY)
