"""Base classes of admin pages: read-only rows, lists of bounded cost, filters to type in."""

from sistema_os.admin_base.lists import (
    BoundedAdmin,
    ReadOnlyAdmin,
    ReadOnlyListAdmin,
    TypedFilter,
    number_or_404,
    personal,
)

__all__ = ["BoundedAdmin", "ReadOnlyAdmin", "ReadOnlyListAdmin", "TypedFilter", "number_or_404", "personal"]
