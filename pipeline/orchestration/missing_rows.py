"""Rows that are gone from the listing or the orders though nothing explains it.

Gone means missing from the listings in force of two business dates. That alone proves no cancellation, so the
hotel's table is asked for each row by its key: one that still stands there only left the window that is read.
"""

from collections.abc import Mapping
from datetime import date

from asgiref.sync import sync_to_async

from matching.models.choices import EndReason
from pipeline.hotel import StayStatus, queries
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays as listing_rows
from pipeline.hotel.stays import Row
from pipeline.orchestration import impact_queries
from pipeline.orchestration.effects import Effect, Expire, Rescore, called_off, departed
from sistema_os.supabase import SupabaseClient
from snapshots import snapshot_manager
from snapshots.snapshot_manager import Missing


def of_stay(missing: Missing, standing: Mapping[str, object] | None, business_date: date) -> list[Effect]:
    """`standing`: the row of the hotel's table now, None where there is none (or it is marked as removed)."""
    stay = int(missing.key)
    if standing is None:
        return [Rescore(stay), Expire(stay, EndReason.STAY_VANISHED)]
    status = str(standing[listing_rows.STATUS])
    if status in listing_rows.CALLED_OFF:
        return called_off(stay, status, business_date)
    if status == StayStatus.DEPARTED:
        early = str(standing[listing_rows.DEPARTURE]) < str(missing.row[listing_rows.DEPARTURE])
        return departed(stay, date.fromisoformat(str(standing[listing_rows.DEPARTURE])), early=early)
    return []


async def stays(supabase: SupabaseClient, business_date: date) -> list[Effect]:
    """Effects for missing stays that a pending suggestion still offers."""
    gone = {int(m.key): m for m in await sync_to_async(_missing_stays)()}
    waiting = sorted(await sync_to_async(impact_queries.waiting_stays)(list(gone)))
    standing = await queries.standing_stays(supabase, waiting)
    return [e for key in waiting for e in of_stay(gone[key], standing.get(key), business_date)]


async def orders(supabase: SupabaseClient) -> tuple[list[Row], list[int]]:
    """Missing orders with a pending suggestion: rows that still stand (closed meanwhile), and keys that do not."""
    gone = await sync_to_async(_missing_orders)()
    waiting = sorted(await sync_to_async(impact_queries.waiting_orders)(gone))
    standing = await queries.standing_orders(supabase, waiting)
    return list(standing.values()), [key for key in waiting if key not in standing]


def _missing_stays() -> list[Missing]:
    return [
        m
        for m in snapshot_manager.missing(listing_rows.SOURCE)
        if m.row[listing_rows.STATUS] in listing_rows.LIVE_STATUSES
    ]


def _missing_orders() -> list[int]:
    return [int(m.key) for m in snapshot_manager.missing(order_rows.SOURCE) if order_rows.is_open(m.row)]
