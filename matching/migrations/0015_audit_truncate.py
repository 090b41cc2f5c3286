"""Decisions and audit entries refuse TRUNCATE as well; the erasure of a person may redact their texts."""

from django.db import migrations

# UPDATE under the flag may change texts and nothing else of a decision or an entry; DELETE is always refused.
FORWARD = """
create or replace function matching_decision_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' then
    raise exception '% is append only', tg_table_name using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' and current_setting('sistema_os.data_protection', true) = 'on'
     and (new.id, new.at, new.user_id, new.verb, new.suggestion_id, new.batch, new.probability, new.texto_versao)
         is not distinct from
         (old.id, old.at, old.user_id, old.verb, old.suggestion_id, old.batch, old.probability, old.texto_versao)
     and new.undo_of_id is not distinct from old.undo_of_id then
    return new;
  end if;
  raise exception 'decisions are append only' using errcode = 'restrict_violation';
end $$;
create trigger no_truncate before truncate on matching_decision
  for each statement execute function matching_decision_append_only();
create or replace function matching_audit_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'TRUNCATE' then
    raise exception '% is append only', tg_table_name using errcode = 'restrict_violation';
  end if;
  if tg_op = 'UPDATE' and current_setting('sistema_os.data_protection', true) = 'on'
     and (new.id, new.at, new.user_id, new.deed) is not distinct from (old.id, old.at, old.user_id, old.deed)
     and new.order_id is not distinct from old.order_id and new.alert_id is not distinct from old.alert_id
     and new.batch is not distinct from old.batch then
    return new;
  end if;
  raise exception 'the audit is append only' using errcode = 'restrict_violation';
end $$;
create trigger no_truncate before truncate on matching_auditentry
  for each statement execute function matching_audit_append_only();
"""
BACKWARD = """
drop trigger no_truncate on matching_decision;
drop trigger no_truncate on matching_auditentry;
create or replace function matching_decision_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'decisions are append only' using errcode = 'restrict_violation';
end $$;
create or replace function matching_audit_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append only' using errcode = 'restrict_violation';
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0014_audit_of_imports")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
