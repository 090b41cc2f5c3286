"""Collecting a source: reading rows, comparing them with the snapshot in force, publishing or holding the result."""

from snapshots.ingest.collection import Fence, Ingest, no_fence

__all__ = ["Fence", "Ingest", "no_fence"]
