"""The erasure of a guest (LGPD) from all our tables in one transaction.

The guest is identified by one row of the listing. All rows with the same register or document are erased with it, and
so are our copies of the orders that name the guest; tombstones keep both from coming back with the next reading. The
hotel's own tables are not changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from matching import erasure as matching_erasure
from matching.suggestions import retry_on_deadlock
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays
from snapshots import erasure as snapshot_erasure
from snapshots.erasure import Erased
from snapshots.models import Source


class UnknownGuest(LookupError):
    """No listing (present, past or held) and no copy of ours has a row with that id."""


@dataclass(frozen=True)
class ErasureReport:
    """What was erased, or would be in a dry run. `orders` are ids in the hotel's table."""

    rows: tuple[str, ...]
    versions: int
    held: int
    suggestions: int
    orders: tuple[int, ...]


def erase_guest(row: int, *, by: str, reason: str, dry_run: bool = False) -> ErasureReport:
    """Raises UnknownGuest or ReasonMissing; then nothing was erased."""
    return retry_on_deadlock(partial(_erase_guest, row, by=by, reason=reason, dry_run=dry_run))


def _erase_guest(row: int, *, by: str, reason: str, dry_run: bool) -> ErasureReport:
    with transaction.atomic():
        listed = _erase(stays.SOURCE, [str(row)], by=by, reason=reason, dry_run=dry_run)
        keys = tuple(sorted({key for done in listed for key in done.keys}, key=int))
        forgotten = matching_erasure.forget([int(key) for key in keys], dry_run=dry_run)
        if not forgotten.stays and not any(done.head or done.changes or done.held for done in listed):
            raise UnknownGuest(row)
        ordered = _erase(order_rows.SOURCE, map(str, forgotten.orders), by=by, reason=reason, dry_run=dry_run)
    erased = [*listed, *ordered]
    return ErasureReport(
        rows=keys,
        versions=sum(done.head + done.changes for done in erased),
        held=sum(done.held for done in erased),
        suggestions=forgotten.suggestions,
        orders=forgotten.orders,
    )


def _erase(source: str, keys: Iterable[str], *, by: str, reason: str, dry_run: bool) -> list[Erased]:
    known = Source.objects.filter(name=source).first()
    if known is None:
        return []
    return [snapshot_erasure.erase(known, key, by=by, reason=reason, dry_run=dry_run) for key in keys]


def clean_files() -> None:
    """VACUUMs our tables: deleted and overwritten rows stay readable in the database's files until then."""
    if connection.in_atomic_block:
        return
    tables = [name for name in connection.introspection.table_names() if name.startswith(("matching_", "snapshots_"))]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {', '.join([*tables, 'django_admin_log'])}")
