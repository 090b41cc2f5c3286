"""The database itself refuses to change or delete a decision, whoever asks."""

from django.db import migrations

FORWARD = """
create function matching_decision_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'decisions are append only' using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on matching_decision
  for each row execute function matching_decision_append_only();
"""
BACKWARD = """
drop trigger append_only on matching_decision;
drop function matching_decision_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("matching", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
