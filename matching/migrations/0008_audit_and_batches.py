"""The audit beside the decisions, batches shown before they are decided, and notes on settled alerts."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

FORWARD = """
create function matching_audit_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on matching_auditentry
  for each row execute function matching_audit_append_only();
"""
BACKWARD = """
drop trigger append_only on matching_auditentry;
drop function matching_audit_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0007_model_version"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("bulk", "Decided in bulk"),
                            ("bulk_undo", "Batch undone"),
                            ("export", "Exported"),
                            ("flag", "Marked"),
                            ("unflag", "Unmarked"),
                            ("settle", "Alert settled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("batch", models.UUIDField(null=True)),
                ("params", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "line of the audit",
                "verbose_name_plural": "lines of the audit",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="BulkPlan",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("verb", models.CharField(max_length=10)),
                ("threshold", models.DecimalField(decimal_places=4, max_digits=5, null=True)),
                ("items", models.JSONField(default=list)),
                ("found", models.PositiveIntegerField()),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("batch", models.UUIDField(default=uuid.uuid4)),
                ("held_until", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("decided", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("told", models.JSONField(default=list)),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="alert",
            name="note",
            field=models.CharField(blank=True, max_length=300, verbose_name="note"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["-created_at", "-id"], name="alert_newest"),
        ),
        migrations.AddIndex(
            model_name="matchsuggestion",
            index=models.Index(fields=["model_version"], name="suggestion_model"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="alert",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="matching.alert"
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="order",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="matching.order"
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="bulkplan",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["at"], name="audit_at"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["user", "-at"], name="audit_of_user"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(condition=models.Q(("batch__isnull", False)), fields=["batch"], name="audit_batch"),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("deed__in", ["bulk", "bulk_undo", "export", "flag", "unflag", "settle"])),
                name="audit_deed_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("verb__in", ["accept", "reject"])), name="plan_verb_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("threshold__isnull", True), models.Q(("threshold__gte", 0), ("threshold__lte", 1)), _connector="OR"
                ),
                name="plan_threshold_in_range",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
