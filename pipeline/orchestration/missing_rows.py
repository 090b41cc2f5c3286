"""Rows that are missing from the listing or the orders without an explanation.

Missing means absent from the listings in force of two business dates. That alone proves no cancellation, so the hotel's
table is queried for each row by its primary key: a row that still exists there only left the window that is read.
"""

from collections.abc import Mapping
from datetime import date

from asgiref.sync import sync_to_async

from matching.models.choices import EndReason
from pipeline.hotel import StayStatus, queries
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays as stay_rows
from pipeline.hotel.stays import Row
from pipeline.orchestration import impact_queries
from pipeline.orchestration.effects import Effect, Expire, Rescore, called_off, departed
from sistema_os.supabase import SupabaseClient
from snapshots import snapshot_manager
from snapshots.snapshot_manager import Missing


def of_stay(missing: Missing, standing: Mapping[str, object] | None, business_date: date) -> list[Effect]:
    """`standing` is the current row of the hotel's table, None where there is none or it is flagged as removed."""
    stay = int(missing.key)
    if standing is None:
        return [Rescore(stay), Expire(stay, EndReason.STAY_VANISHED)]
    status = str(standing[stay_rows.STATUS])
    if status in stay_rows.CALLED_OFF:
        return called_off(stay, status, business_date)
    if status == StayStatus.DEPARTED:
        early = str(standing[stay_rows.DEPARTURE]) < str(missing.row[stay_rows.DEPARTURE])
        return departed(stay, date.fromisoformat(str(standing[stay_rows.DEPARTURE])), early=early)
    return []


async def stays(supabase: SupabaseClient, business_date: date) -> list[Effect]:
    """Effects for missing stays with a pending suggestion."""
    gone = {int(m.key): m for m in await sync_to_async(_missing_stays)()}
    waiting = sorted(await sync_to_async(impact_queries.stays_with_suggestion)(list(gone)))
    standing = await queries.standing_stays(supabase, waiting)
    return [e for key in waiting for e in of_stay(gone[key], standing.get(key), business_date)]


async def orders(supabase: SupabaseClient) -> tuple[list[Row], list[int]]:
    """Missing orders with a pending suggestion: rows that still exist (closed meanwhile), and ids that do not."""
    gone = await sync_to_async(_missing_orders)()
    waiting = sorted(await sync_to_async(impact_queries.orders_with_suggestion)(gone))
    standing = await queries.standing_orders(supabase, waiting)
    return list(standing.values()), [key for key in waiting if key not in standing]


def _missing_stays() -> list[Missing]:
    return [m for m in snapshot_manager.missing(stay_rows.SOURCE) if m.row[stay_rows.STATUS] in stay_rows.LIVE_STATUSES]


def _missing_orders() -> list[int]:
    return [int(m.key) for m in snapshot_manager.missing(order_rows.SOURCE) if order_rows.is_open(m.row)]
