"""What the lists of this app share: rows that only the application writes, and cells that know who looks."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from matching.listing import BoundedAdmin


def personal(name: str, title: Any, cell: Callable[[Any, Any], SafeString], person: Any) -> Callable[[Any], SafeString]:
    """A cell that depends on who looks. One admin instance serves every thread, so it cannot hold the person."""

    def column(row: Any) -> SafeString:
        return cell(row, person)

    column.__name__ = name
    return admin.display(description=title)(column)


class ReadOnlyAdmin(BoundedAdmin):
    """Rows that only the application writes."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False
