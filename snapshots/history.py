"""What the last days looked like: the guards' measure and the charts' data."""

from __future__ import annotations

from datetime import date, timedelta

from snapshots.guards import Past
from snapshots.models import Snapshot, Source


def accepted(source: Source, until: date) -> list[Past]:
    """One listing a business date, the last of each, over the source's `median_days` up to `until`."""
    since = until - timedelta(days=source.median_days)
    snapshots = (
        Snapshot.objects.filter(source=source, business_date__gte=since, business_date__lte=until)
        .in_force()
        .order_by("business_date", "-finished_at")
        .distinct("business_date")
    )
    return [Past(item.business_date, item.rows, item.filled) for item in snapshots]
