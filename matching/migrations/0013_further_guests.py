"""Further guests of an order, and the writes and audit entries about them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
class Migration(migrations.Migration):
    dependencies = [
        ("matching", "0012_stay_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="FurtherGuest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "conflict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("text_changed", "The order's text changed at the hotel before the link was written."),
                            ("linked_elsewhere", "Somebody had already linked this order to another guest."),
                            ("stay_unavailable", "The stay had been cancelled or had left the guest list."),
                        ],
                        max_length=20,
                    ),
                ),
            ],
            options={
                "verbose_name": "further guest",
                "verbose_name_plural": "further guests",
                "default_permissions": (),
            },
        ),
        migrations.RemoveConstraint(
            model_name="auditentry",
            name="audit_deed_known",
        ),
        migrations.RemoveConstraint(
            model_name="writeback",
            name="writeback_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="writeback",
            name="writeback_once_per_decision",
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="deed",
            field=models.CharField(
                choices=[
                    ("bulk", "Decided in bulk"),
                    ("bulk_undo", "Batch undone"),
                    ("export", "Exported"),
                    ("flag", "Marked"),
                    ("unflag", "Unmarked"),
                    ("settle", "Alert settled"),
                    ("alias", "Spelling of a room added"),
                    ("alias_drop", "Spelling of a room removed"),
                    ("order_room", "Room of an order named"),
                    ("room", "Room directory changed"),
                    ("further", "Further guest added"),
                    ("unfurther", "Further guest removed"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="writeback",
            name="kind",
            field=models.CharField(
                choices=[
                    ("link", "link"),
                    ("unlink", "unlink"),
                    ("further", "link of a further guest"),
                    ("unfurther", "unlink of a further guest"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "deed__in",
                        [
                            *["bulk", "bulk_undo", "export", "flag", "unflag", "settle"],
                            *["alias", "alias_drop", "order_room", "room", "further", "unfurther"],
                        ],
                    )
                ),
                name="audit_deed_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="writeback",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["link", "unlink", "further", "unfurther"])),
                name="writeback_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="writeback",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["link", "unlink"])),
                fields=("decision", "order", "kind"),
                name="writeback_once_per_decision",
            ),
        ),
        migrations.AddField(
            model_name="furtherguest",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="furtherguest",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="further_guests",
                to="matching.order",
                verbose_name="order",
            ),
        ),
        migrations.AddField(
            model_name="furtherguest",
            name="removed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="furtherguest",
            name="stay",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="matching.stay", verbose_name="guest"
            ),
        ),
        migrations.AddIndex(
            model_name="furtherguest",
            index=models.Index(condition=models.Q(("removed_at", None)), fields=["stay"], name="further_guest_of_stay"),
        ),
        migrations.AddConstraint(
            model_name="furtherguest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)), fields=("order", "stay"), name="one_further_guest_per_pair"
            ),
        ),
    ]
