"""Every column of our own database that can hold a text, from Django's model registry.

A new column is searched and erased from its first day on. What is left out stands in `EXEMPT` with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.db.models import Field, Model

# Shorter texts hold no name.
LEAST_LENGTH: Final = 5
_TEXT: Final = (models.CharField, models.TextField, models.JSONField, models.BinaryField)

# An app, a model or a column, and why no guest's data can be in it or who handles it instead.
EXEMPT: Final[dict[str, str]] = {
    "auth": "accounts of staff, not of guests",
    "contenttypes": "names of models",
    "django_q": "tasks and schedules carry ids of runs only (pipeline.queue)",
    "otp_static": "codes of staff",
    "otp_totp": "devices of staff",
    "pipeline.hotelaccount": "accounts of staff",
    "pipeline.datarequest": "what is known of the person while the request is open; closing it empties the row",
    "pipeline.incident": "names of jobs and of sources",
    "pipeline.watchbeat": "names of machines",
    "sessions": "signed text: decoded and searched by pipeline.data_subjects.erasure",
    "snapshots.headrow": "rows of sources: searched by key and content, erased by snapshots.erasure",
    "snapshots.change": "rows of sources: searched by key and content, erased by snapshots.erasure",
    "snapshots.heldrows": "rows of sources: searched by key and content, erased by snapshots.erasure",
    "snapshots.heldchange": "rows of sources: erased with the held rows by snapshots.erasure",
}


@dataclass(frozen=True)
class TextTable:
    """A model and its columns that can hold text, choices with a database constraint not among them."""

    model: type[Model]
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """(primary key, values of the columns) of every row, whatever the model's own manager hides."""
        return self.model._base_manager.order_by("pk").values_list("pk", *self.columns).iterator(chunk_size=2000)


def text_tables() -> list[TextTable]:
    found = (TextTable(model, tuple(_columns(model))) for model in apps.get_models() if not _exempt(model))
    return [table for table in found if table.columns]


def can_hold_text(field: "Field[Any, Any]") -> bool:
    """Whether a person could be named in the column."""
    too_short = field.max_length is not None and field.max_length < LEAST_LENGTH
    return isinstance(field, _TEXT) and not field.choices and not too_short


def _columns(model: type[Model]) -> Iterator[str]:
    for field in model._meta.local_concrete_fields:
        if can_hold_text(field) and f"{model._meta.label_lower}.{field.name}" not in EXEMPT:
            yield field.attname


def _exempt(model: type[Model]) -> bool:
    options = model._meta
    return options.proxy or not options.managed or options.app_label in EXEMPT or options.label_lower in EXEMPT
