"""Stays are found by name, room and booking number through one column of terms; the card's numbers stay as left."""

from typing import Any

import django.contrib.postgres.indexes
from django.db import migrations, models

from matching.stay_search.terms import stay_terms

CHUNK = 500


def fill_terms(apps: Any, schema_editor: Any) -> None:
    """Later the rows are refreshed only when they change at the hotel."""
    stays = apps.get_model("matching", "Stay").objects
    pages = stays.filter(hidden=False, terms="").order_by("pk")
    after = 0
    while rows := list(pages.filter(pk__gt=after)[:CHUNK]):
        for row in rows:
            row.terms = stay_terms(
                names=(row.listed_name, row.registered_name, row.social_name),
                rooms=[row.room, *(str(one.get("uh") or "") for one in row.occupancies)],
                booking=row.reservation,
            )
        stays.bulk_update(rows, ["terms"])
        after = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("matching", "0011_room_directory")]

    operations = [
        migrations.AddField(
            model_name="stay",
            name="terms",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.RunPython(fill_terms, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="stay",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["terms"], name="stay_terms", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddField(
            model_name="keypreference",
            name="numbers_open",
            field=models.BooleanField(default=False),
        ),
    ]
