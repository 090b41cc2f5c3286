"""Collecting a source: reading rows, comparing them with the current snapshot, publishing or holding the result."""

from snapshots.ingest.collection import Fence, Ingest, no_fence
from snapshots.ingest.held_changes import filter_held_changes, kept_changes, recount, shown_of_each, view_of
from snapshots.ingest.publication import close_open, lock
from snapshots.ingest.spool import Packed

__all__ = [
    "Fence",
    "Ingest",
    "Packed",
    "close_open",
    "filter_held_changes",
    "kept_changes",
    "lock",
    "no_fence",
    "recount",
    "shown_of_each",
    "view_of",
]
