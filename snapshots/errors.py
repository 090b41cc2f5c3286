"""SnapshotError
├── AlreadySettled   the snapshot is no longer running or held
├── Outdated         a later snapshot was published
├── Corrupt          rebuilt rows do not match the snapshot's count or digest
├── Purged           the version is older than what is kept
├── ReasonMissing    a decision or an erasure without a reason
└── AlreadyConsumed  another process advanced the cursor over the same changes
"""

from __future__ import annotations


class SnapshotError(Exception):
    """Base of this app's errors."""


class AlreadySettled(SnapshotError):
    """The snapshot is no longer running (or, for a decision, no longer held)."""


class Outdated(SnapshotError):
    """A later snapshot was published after this one was held."""


class Corrupt(SnapshotError):
    """The rebuilt rows do not match the count or the digest of their snapshot."""


class Purged(SnapshotError):
    """The version is older than the oldest one that is kept."""


class ReasonMissing(SnapshotError):
    """A decision on a held snapshot or an erasure needs a reason."""


class AlreadyConsumed(SnapshotError):
    """The consumer's cursor has passed these changes: another process did the work, so roll back."""
