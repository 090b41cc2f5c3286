"""Consequences of a row's change in other apps, reported by the app that processes the changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapshots.models import Snapshot

# (published snapshot, some of its keys, user) -> short sentences by key; keys without consequences may be missing. The
# number of queries does not depend on the number of keys.
Reporter = Callable[[Snapshot, Sequence[str], Any], Mapping[str, Sequence[str]]]
_reporters: dict[str, Reporter] = {}


def register_reporter(source: str, reporter: Reporter) -> None:
    """From now on `reporter` is called for the changes of this source."""
    _reporters[source] = reporter


def consequences(snapshot: Snapshot, keys: Sequence[str], user: Any) -> Mapping[str, Sequence[str]]:
    """Empty for a snapshot that was never published and for a source without a reporter."""
    reporter = _reporters.get(snapshot.source.name)
    return reporter(snapshot, keys, user) if reporter and keys and snapshot.seq is not None else {}
