"""Single-letter keys, switched off by whoever wants none."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("matching", "0004_card_lease"),
    ]
    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="KeyPreference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("single_keys", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name": "keys of a person",
                "verbose_name_plural": "keys of people",
                "default_permissions": (),
            },
        ),
    ]
