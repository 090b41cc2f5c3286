"""The rooms that orders name and the stays that they are linked to are found by index."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0008_audit_and_batches"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.Func(
                    models.Func(
                        django.db.models.functions.text.Lower(
                            django.db.models.functions.text.Trim(models.F("room_text"))
                        ),
                        models.Value("^(uh|aptos?|apt|ap|quarto|qto|suite|suíte|room)[ .:#nº°-]*"),
                        models.Value(""),
                        function="regexp_replace",
                        output_field=models.TextField(),
                    ),
                    models.Value("0"),
                    function="ltrim",
                    output_field=models.TextField(),
                ),
                name="order_room",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("linked_stay__isnull", False)), fields=["linked_stay"], name="order_linked_stay"
            ),
        ),
    ]
