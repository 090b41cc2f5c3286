"""Erasures, reads of personal data and sign-ins; append only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLES = ("pipeline_erasure", "pipeline_accessentry", "pipeline_signin")
FORWARD = """
create function pipeline_append_only() returns trigger language plpgsql as $$
begin
  if tg_op <> 'TRUNCATE' and current_setting('sistema_os.data_protection', true) = 'on' then
    return coalesce(new, old);
  end if;
  raise exception '% is append only', tg_table_name using errcode = 'restrict_violation';
end $$;
""" + "".join(
    f"""
create trigger append_only before update or delete on {table}
  for each row execute function pipeline_append_only();
create trigger no_truncate before truncate on {table}
  for each statement execute function pipeline_append_only();
"""
    for table in TABLES
)
BACKWARD = (
    "".join(f"drop trigger append_only on {table}; drop trigger no_truncate on {table};" for table in TABLES)
    + "drop function pipeline_append_only();"
)


class Migration(migrations.Migration):

    dependencies = [
        ('pipeline', '0005_file_imports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=300)),
                ('person', models.CharField(max_length=64)),
                ('rows', models.JSONField(default=list)),
                ('traces', models.JSONField(default=list)),
                ('counts', models.JSONField(default=dict)),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
                'ordering': ['-id'],
                'permissions': [('handle_data_requests', 'Pode atender pedidos de titulares de dados')],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AccessEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('kind', models.CharField(choices=[('card', 'review card'), ('guest', 'guest'), ('room', 'rooms'), ('listing', 'guest list'), ('suggestions', 'list of suggestions'), ('search', 'search'), ('export', 'export'), ('handover', 'shift handover')], max_length=12)),
                ('row', models.CharField(blank=True, max_length=64)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'read of personal data',
                'verbose_name_plural': 'reads of personal data',
                'ordering': ['-id'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['at'], name='access_at'), models.Index(fields=['user', '-at'], name='access_of_user')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['card', 'guest', 'room', 'listing', 'suggestions', 'search', 'export', 'handover'])), name='access_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('account', models.CharField(max_length=32)),
                ('address', models.GenericIPAddressField(null=True)),
                ('result', models.CharField(choices=[('in', 'signed in'), ('out', 'signed out'), ('failed', 'wrong password'), ('locked', 'refused: too many attempts')], max_length=8)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'ordering': ['-id'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['at'], name='sign_in_at'), models.Index(fields=['account', '-at'], name='sign_in_of_account'), models.Index(fields=['address', '-at'], name='sign_in_of_address')],
                'constraints': [models.CheckConstraint(condition=models.Q(('result__in', ('in', 'out', 'failed', 'locked'))), name='sign_in_result_known')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
