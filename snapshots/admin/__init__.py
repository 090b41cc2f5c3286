"""Admin pages of snapshots; importing the package registers them."""

from snapshots.admin import snapshots

__all__ = ["snapshots"]
