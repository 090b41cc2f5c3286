"""The mark that brings a person back to an order."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("matching", "0005_key_preference")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField("order", "flagged", models.BooleanField(default=False)),
        migrations.AddIndex(
            "order", models.Index(condition=Q(("flagged", True)), fields=["os_id"], name="order_flagged")
        ),
    ]
