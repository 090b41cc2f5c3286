"""Who was erased stays out of whatever is read from the hotel, also where no snapshot is taken of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.conf import settings

from snapshots.canonical import hash_key
from snapshots.models import Suppressed
from snapshots.source_spec import SourceSpec, tombstones

Key = TypeVar("Key")
RowT = TypeVar("RowT", bound=Mapping[str, Any])


def without_erased(spec: SourceSpec, rows: Mapping[Key, RowT]) -> dict[Key, RowT]:
    """The rows of a source, by any key, without those under a tombstone."""
    buried = frozenset(Suppressed.objects.filter(source__name=spec.name).values_list("hash", flat=True))
    if not buried:
        return dict(rows)
    secret = hash_key(settings.HASH_KEY)
    return {key: row for key, row in rows.items() if buried.isdisjoint(tombstones(spec, dict(row), secret))}
