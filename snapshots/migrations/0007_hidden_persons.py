from django.db import migrations, models

# Until the next collection writes the declaration, the guest list must hide as well.
HIDDEN_IF = ["menor", "incognito"]
HIDDEN_COLUMNS = [
    "nome_listagem", "nome", "nome_social", "doc_tipo", "doc_hmac", "doc_final", "telefone", "telefone_e164", "email",
]


def declare_guest_list(apps, schema_editor):
    source = apps.get_model("snapshots", "Source")
    source.objects.filter(name="listagem_hospedes").update(hidden_if=HIDDEN_IF, hidden_columns=HIDDEN_COLUMNS)


class Migration(migrations.Migration):

    dependencies = [
        ('snapshots', '0006_held_changes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='snapshot',
            options={
                'ordering': ('-id',),
                'permissions': (
                    ('publish_held', 'Can publish or reject a held snapshot'),
                    ('view_hidden', 'Can see the names of minors and of guests incognito'),
                ),
                'verbose_name': 'snapshot',
                'verbose_name_plural': 'snapshots',
            },
        ),
        migrations.AddField(model_name='source', name='hidden_if', field=models.JSONField(default=list)),
        migrations.AddField(model_name='source', name='hidden_columns', field=models.JSONField(default=list)),
        migrations.RunPython(declare_guest_list, migrations.RunPython.noop),
    ]
