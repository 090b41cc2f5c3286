"""The index of the queue holds the order, too: counting by department reads no row of the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matching", "0015_audit_truncate")]
    operations = [
        migrations.RemoveIndex(model_name="matchsuggestion", name="suggestion_queued"),
        migrations.AddIndex(
            model_name="matchsuggestion",
            index=models.Index(
                condition=models.Q(("queued_at__isnull", False)),
                fields=["queued_at", "id"],
                include=("probability", "stay", "order"),
                name="suggestion_queued",
            ),
        ),
    ]
