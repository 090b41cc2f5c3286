"""What a row's change set off elsewhere: told by whoever acts on the changes, for this app knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snapshots.models import Snapshot

# Of a published snapshot, some of its keys and the reader: key -> short sentences; a key may be missing. A bounded
# number of queries, whatever the number of keys.
Teller = Callable[[Snapshot, Sequence[str], Any], Mapping[str, Sequence[str]]]
_tellers: dict[str, Teller] = {}


def tell_by(source: str, teller: Teller) -> None:
    """From now on `teller` is asked about the changes of this source."""
    _tellers[source] = teller


def consequences(snapshot: Snapshot, keys: Sequence[str], user: Any) -> Mapping[str, Sequence[str]]:
    """Nothing for a snapshot that was never published, and for a source that nobody tells about."""
    teller = _tellers.get(snapshot.source.name)
    return teller(snapshot, keys, user) if teller and keys and snapshot.seq is not None else {}
