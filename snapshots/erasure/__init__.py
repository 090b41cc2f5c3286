"""Every stored version of a row that may name a person, and the erasure of one person from all of them."""

from snapshots.erasure.person import Erased, erase, without_erased
from snapshots.erasure.stored_rows import StoredRow, stored_rows

__all__ = ["Erased", "StoredRow", "erase", "stored_rows", "without_erased"]
