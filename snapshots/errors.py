"""SnapshotError
├── AlreadySettled   the snapshot is no longer in the state that the call needs
├── Outdated         a later listing is in force
├── Corrupt          a rebuilt listing does not agree with its count or digest
├── Purged           the snapshot is older than what is kept
├── ReasonMissing    a decision without its reason
└── AlreadyConsumed  another process advanced the cursor over the same changes
"""

from __future__ import annotations


class SnapshotError(Exception):
    """Base of this app's errors."""


class AlreadySettled(SnapshotError):
    """The snapshot is no longer running (or, for a decision, no longer held)."""


class Outdated(SnapshotError):
    """A later listing has been published since this one was held."""


class Corrupt(SnapshotError):
    """The rebuilt listing does not agree with the count or the digest of its snapshot."""


class Purged(SnapshotError):
    """The snapshot lies before the oldest state that is kept."""


class ReasonMissing(SnapshotError):
    """A held snapshot is decided with a reason."""


class AlreadyConsumed(SnapshotError):
    """The consumer's cursor has already passed these changes: roll back, another process did the work."""
