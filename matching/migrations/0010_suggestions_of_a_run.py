"""What a run suggested is counted by index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0009_rooms_of_orders"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="matchsuggestion",
            index=models.Index(
                condition=models.Q(("run_id__isnull", False)), fields=["run_id"], name="suggestion_of_run"
            ),
        ),
    ]
