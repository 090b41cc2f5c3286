from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows get a mark of their exact spelling, with the next collection that meets them. The unique index carries no
    hash any more: an update that touches no indexed column leaves every index alone."""

    dependencies = [
        ('snapshots', '0004_count_drift'),
    ]

    operations = [
        migrations.AddField(
            model_name='headrow',
            name='mark',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RemoveConstraint(
            model_name='headrow',
            name='head_row_once',
        ),
        migrations.AddConstraint(
            model_name='headrow',
            constraint=models.UniqueConstraint(fields=('source', 'key'), name='head_row_once'),
        ),
    ]
