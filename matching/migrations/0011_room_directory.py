"""The stored room directory, and the audit of its changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0010_suggestions_of_a_run'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectoryVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, unique=True)),
                ('content', models.JSONField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'version of the room directory',
                'verbose_name_plural': 'versions of the room directory',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='OrderRoom',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField()),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'room of an order',
                'verbose_name_plural': 'rooms of orders',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ReanalysisRequest',
            fields=[
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='matching.order')),
                ('at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'order to analyse again',
                'verbose_name_plural': 'orders to analyse again',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Room',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField(unique=True)),
                ('shown', models.TextField(verbose_name='code')),
                ('kind', models.CharField(choices=[('room', 'room'), ('bed', 'bed'), ('meeting', 'meeting room'), ('area', 'area')], default='room', max_length=10, verbose_name='kind')),
                ('block', models.TextField(blank=True, verbose_name='block')),
                ('floor', models.SmallIntegerField(null=True, verbose_name='floor')),
                ('closed', models.BooleanField(default=False, verbose_name='closed')),
                ('listed', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'room',
                'verbose_name_plural': 'rooms',
                'permissions': [('edit_rooms', 'Can edit the room directory')],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RoomAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('spelling', models.TextField()),
                ('key', models.TextField(unique=True)),
                ('origin', models.CharField(choices=[('typed', 'typed by a person'), ('learned', 'learned from decisions')], default='typed', max_length=10)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('removed_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'spelling of a room',
                'verbose_name_plural': 'spellings of rooms',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='UnreadSpelling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('spelling', models.TextField()),
                ('key', models.TextField(db_index=True)),
                ('seen_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'unread spelling',
                'verbose_name_plural': 'unread spellings',
                'default_permissions': (),
            },
        ),
        migrations.RemoveConstraint(
            model_name='auditentry',
            name='audit_deed_known',
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='deed',
            field=models.CharField(choices=[('bulk', 'Decided in bulk'), ('bulk_undo', 'Batch undone'), ('export', 'Exported'), ('flag', 'Marked'), ('unflag', 'Unmarked'), ('settle', 'Alert settled'), ('alias', 'Spelling of a room added'), ('alias_drop', 'Spelling of a room removed'), ('order_room', 'Room of an order named'), ('room', 'Room directory changed')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='auditentry',
            constraint=models.CheckConstraint(condition=models.Q(('deed__in', ['bulk', 'bulk_undo', 'export', 'flag', 'unflag', 'settle', 'alias', 'alias_drop', 'order_room', 'room'])), name='audit_deed_known'),
        ),
        migrations.AddField(
            model_name='orderroom',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='room_spellings', to='matching.order'),
        ),
        migrations.AddField(
            model_name='orderroom',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['room', 'bed', 'meeting', 'area'])), name='room_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='room',
            constraint=models.CheckConstraint(condition=models.Q(('key', ''), _negated=True), name='room_has_a_key'),
        ),
        migrations.AddField(
            model_name='orderroom',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='matching.room'),
        ),
        migrations.AddField(
            model_name='roomalias',
            name='room',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='matching.room'),
        ),
        migrations.AddField(
            model_name='roomalias',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='unreadspelling',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='unread_spellings', to='matching.order'),
        ),
        migrations.AddConstraint(
            model_name='orderroom',
            constraint=models.UniqueConstraint(fields=('order', 'key'), name='one_room_a_spelling_of_an_order'),
        ),
        migrations.AddConstraint(
            model_name='roomalias',
            constraint=models.CheckConstraint(condition=models.Q(('origin__in', ['typed', 'learned'])), name='room_alias_origin_known'),
        ),
        migrations.AddConstraint(
            model_name='roomalias',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('origin', 'typed'), _negated=True), ('user__isnull', False), _connector='OR'), name='typed_room_alias_has_a_person'),
        ),
        migrations.AddConstraint(
            model_name='unreadspelling',
            constraint=models.UniqueConstraint(fields=('order', 'key'), name='one_unread_spelling_an_order'),
        ),
    ]
