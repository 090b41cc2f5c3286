"""Base classes of admin pages: read-only rows, lists of bounded cost, filters to type in, tables as CSV."""

from sistema_os.admin_base.lists import (
    BoundedAdmin,
    ReadOnlyAdmin,
    ReadOnlyListAdmin,
    TolerantAdmin,
    TypedFilter,
    number_or_404,
    personal,
)
from sistema_os.admin_base.spreadsheets import CSV, FORMAT, CsvColumn, csv_response, harmless

__all__ = [
    "CSV",
    "FORMAT",
    "BoundedAdmin",
    "CsvColumn",
    "ReadOnlyAdmin",
    "ReadOnlyListAdmin",
    "TolerantAdmin",
    "TypedFilter",
    "csv_response",
    "harmless",
    "number_or_404",
    "personal",
]
