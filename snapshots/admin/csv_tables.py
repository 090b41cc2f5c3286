"""The tables of the snapshot pages as spreadsheets: the same rows, masked in the same way."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

from sistema_os.admin_base import CsvColumn, csv_response
from snapshots.admin.change_tables import ShownRow, TablePage
from snapshots.admin.display import FieldChange, ShownChange, field_label, summary_columns
from snapshots.models import Source

_KINDS = {
    "added": _p("row", "new"),
    "changed": _p("row", "changed"),
    "removed": _p("row", "gone"),
}


def rows_csv(source: Source, page: TablePage) -> HttpResponse:
    """The rows of a snapshot: room, name, and the columns of the summary."""
    values = [_value_column(source, name, place) for place, name in enumerate(summary_columns(source))]
    return csv_response(source.name, [*_of_row(source), *values], page.every_item())


def _value_column(source: Source, name: str, place: int) -> CsvColumn:
    return CsvColumn(field_label(source, name), lambda row: row.values[place].new)


def changes_csv(source: Source, page: TablePage) -> HttpResponse:
    kind = CsvColumn(_("Kind"), lambda change: _p("row", "vanished") if change.vanished else _KINDS[change.kind])
    fields = CsvColumn(_("Before and now"), lambda change: "; ".join(map(_field_words, change.fields)))
    return csv_response(f"{source.name}-mudancas", [kind, *_of_row(source), fields], page.every_item())


def _of_row(source: Source) -> list[CsvColumn]:
    def room(item: ShownRow | ShownChange) -> str:
        return item.room

    def name(item: ShownRow | ShownChange) -> str:
        return item.name

    rooms = [CsvColumn(field_label(source, source.room_column), room)] if source.room_column else []
    return [*rooms, CsvColumn(field_label(source, source.label_column) if source.label_column else "", name)]


def _field_words(field: FieldChange) -> str:
    if field.old is None or field.new is None:
        return f"{field.label}: {field.new if field.old is None else field.old}"
    return f"{field.label}: {field.old} → {field.new}"
