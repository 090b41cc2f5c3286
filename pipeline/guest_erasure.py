"""A guest who asks to be forgotten (LGPD), taken out of every table of ours in one transaction.

The guest is named by one row of the listing. Every other row with the same register or document goes with it, and so
do our copies of the orders that name the guest: tombstones keep both from coming back with the next reading. The
hotel's own tables are its own to change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from matching import erasure as forgetting
from matching.erasure import Forgotten
from matching.suggestions import retry_on_deadlock
from pipeline.hotel import orders as order_rows
from pipeline.hotel import stays
from snapshots import erasure
from snapshots.erasure import Erased
from snapshots.models import Source


class UnknownGuest(LookupError):
    """No listing, present, past or held, and no copy of ours has a row of that number."""


@dataclass(frozen=True)
class Account:
    """What was erased, or in a dry run would be. `orders`: their numbers in the hotel's table."""

    rows: tuple[str, ...]
    versions: int
    held: int
    suggestions: int
    orders: tuple[int, ...]


def erase_guest(row: int, *, by: str, reason: str, dry_run: bool = False) -> Account:
    """Raises UnknownGuest, or ReasonMissing. Nothing is half done."""
    return retry_on_deadlock(partial(_erase_guest, row, by=by, reason=reason, dry_run=dry_run))


def _erase_guest(row: int, *, by: str, reason: str, dry_run: bool) -> Account:
    with transaction.atomic():
        listed = _erase(stays.SOURCE, [str(row)], by=by, reason=reason, dry_run=dry_run)
        keys = tuple(sorted({key for done in listed for key in done.keys}, key=int))
        told = forgetting.forget([int(key) for key in keys], dry_run=dry_run)
        if not told.stays and not any(done.head or done.changes or done.held for done in listed):
            raise UnknownGuest(row)
        ordered = _erase(order_rows.SOURCE, map(str, told.orders), by=by, reason=reason, dry_run=dry_run)
    return _account(keys, [*listed, *ordered], told)


def _erase(source: str, keys: Iterable[str], *, by: str, reason: str, dry_run: bool) -> list[Erased]:
    known = Source.objects.filter(name=source).first()
    if known is None:
        return []
    return [erasure.erase(known, key, by=by, reason=reason, dry_run=dry_run) for key in keys]


def _account(keys: tuple[str, ...], erased: list[Erased], told: Forgotten) -> Account:
    versions = sum(done.head + done.changes for done in erased)
    return Account(keys, versions, sum(done.held for done in erased), told.suggestions, told.orders)


def clean_files() -> None:
    """Rows that were deleted or overwritten stay readable in the database's files until they are vacuumed."""
    if connection.in_atomic_block:
        return
    tables = [name for name in connection.introspection.table_names() if name.startswith(("matching_", "snapshots_"))]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {', '.join([*tables, 'django_admin_log'])}")
