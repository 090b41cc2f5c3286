"""Matching models as rows: which numbers scored a suggestion, and which are in use; and of an order the kind of place,
which a model needs to score it again."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [
        ("matching", "0006_order_flagged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField("order", "place_kind", models.TextField(blank=True, default="")),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=60, unique=True, verbose_name="version")),
                ("numbers", models.JSONField()),
                (
                    "origin",
                    models.CharField(
                        choices=[("code", "came with the program"), ("trained", "learned from decisions")],
                        max_length=10,
                        verbose_name="origin",
                    ),
                ),
                ("made_from", models.CharField(blank=True, max_length=60, verbose_name="made from")),
                ("learned", models.JSONField(default=list)),
                ("decisions", models.PositiveIntegerField(default=0, verbose_name="decisions")),
                ("figures", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                ("active", models.BooleanField(default=False, verbose_name="in use")),
                ("promoted_at", models.DateTimeField(null=True, verbose_name="put to use")),
                (
                    "promoted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="put to use by",
                    ),
                ),
                (
                    "replaced",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="matching.modelversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "matching model",
                "verbose_name_plural": "matching models",
                "ordering": ["-created_at", "-id"],
                "permissions": [("promote_model", "Can put a matching model to use and roll it back")],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddConstraint(
            "modelversion",
            models.UniqueConstraint(condition=Q(("active", True)), fields=("active",), name="one_active_model"),
        ),
        migrations.AddConstraint(
            "modelversion",
            models.CheckConstraint(condition=Q(("origin__in", ["code", "trained"])), name="model_origin_known"),
        ),
        migrations.AddConstraint(
            "modelversion",
            models.CheckConstraint(
                condition=Q(("active", False), ("promoted_at__isnull", False), _connector="OR"),
                name="model_active_since_some_moment",
            ),
        ),
    ]
