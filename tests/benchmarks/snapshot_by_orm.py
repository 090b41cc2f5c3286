"""History kept as a Django application keeps it that asks for each row: get it, compare it, save it, note what was."""

from __future__ import annotations

from typing import ClassVar

from django.db import connection, models, transaction

from tests.benchmarks.snapshot_rows import Row


class Kept(models.Model):
    key = models.TextField(unique=True)
    payload: models.JSONField[Row, Row] = models.JSONField()
    objects: ClassVar[models.Manager[Kept]] = models.Manager()

    class Meta:
        app_label = "bench"


class Was(models.Model):
    key = models.TextField()
    day = models.IntegerField()
    payload: models.JSONField[Row | None, Row | None] = models.JSONField(null=True)
    objects: ClassVar[models.Manager[Was]] = models.Manager()

    class Meta:
        app_label = "bench"


class ByOrm:
    name = "Django ORM row by row"

    def __init__(self) -> None:
        self.day = 0
        with connection.schema_editor() as editor:
            editor.create_model(Kept)
            editor.create_model(Was)

    def first(self, rows: list[Row]) -> None:
        Kept.objects.bulk_create(Kept(key=str(row["id"]), payload=row) for row in rows)

    def collect(self, rows: list[Row]) -> tuple[int, int, int]:
        """Rows added, gone and changed."""
        self.day += 1
        with transaction.atomic():
            seen = [self._meet(row) for row in rows]
            gone = Kept.objects.exclude(key__in=[str(row["id"]) for row in rows])
            for row in gone:
                self._note(row.key, row.payload)
                row.delete()
        return seen.count("added"), len(gone), seen.count("changed")

    def _meet(self, row: Row) -> str:
        kept = Kept.objects.filter(key=str(row["id"])).first()
        if kept is None:
            Kept.objects.create(key=str(row["id"]), payload=row)
            self._note(str(row["id"]), None)
            return "added"
        if kept.payload == row:
            return "same"
        self._note(kept.key, kept.payload)
        kept.payload = row
        kept.save()
        return "changed"

    def _note(self, key: str, payload: Row | None) -> None:
        Was.objects.create(key=key, day=self.day, payload=payload)
