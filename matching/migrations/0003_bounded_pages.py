"""What keeps the pages quick with years of suggestions: the head of each order marked by a trigger, indexes that
search and count by it."""

from typing import ClassVar

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models
from django.db.models import Q
from django.db.migrations.operations.base import Operation

# Statement by statement: the orders whose candidates moved are looked at once, and only rows that differ are written.
# At depth 0 only, so that its own UPDATE does not call it again.
FUNCTION = """
CREATE FUNCTION matching_keep_queue() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT order_id) INTO touched FROM after_rows;
    ELSE
        SELECT array_agg(DISTINCT a.order_id) INTO touched FROM after_rows a JOIN before_rows b USING (id)
        WHERE (a.state, a.rank, a.order_id, a.queued_at) IS DISTINCT FROM (b.state, b.rank, b.order_id, b.queued_at);
    END IF;
    IF touched IS NULL THEN
        RETURN NULL;
    END IF;
    WITH heads AS (
        SELECT DISTINCT ON (s.order_id) s.id, o.opened_at
        FROM matching_matchsuggestion s JOIN matching_order o ON o.os_id = s.order_id
        WHERE s.order_id = ANY (touched) AND s.state = 'pending'
        ORDER BY s.order_id, s.rank, s.id
    )
    UPDATE matching_matchsuggestion s SET queued_at = h.opened_at
    FROM matching_matchsuggestion was LEFT JOIN heads h ON h.id = was.id
    WHERE was.order_id = ANY (touched) AND s.id = was.id AND s.queued_at IS DISTINCT FROM h.opened_at;
    RETURN NULL;
END $$;

CREATE TRIGGER matching_queue_insert AFTER INSERT ON matching_matchsuggestion
REFERENCING NEW TABLE AS after_rows
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION matching_keep_queue();

CREATE TRIGGER matching_queue_update AFTER UPDATE ON matching_matchsuggestion
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION matching_keep_queue();

CREATE FUNCTION matching_move_in_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE matching_matchsuggestion SET queued_at = NEW.opened_at
    WHERE order_id = NEW.os_id AND queued_at IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER matching_queue_order AFTER UPDATE OF opened_at ON matching_order
FOR EACH ROW WHEN (OLD.opened_at IS DISTINCT FROM NEW.opened_at) EXECUTE FUNCTION matching_move_in_queue();
"""
GONE = """
DROP TRIGGER matching_queue_order ON matching_order;
DROP TRIGGER matching_queue_insert ON matching_matchsuggestion;
DROP TRIGGER matching_queue_update ON matching_matchsuggestion;
DROP FUNCTION matching_move_in_queue();
DROP FUNCTION matching_keep_queue();
"""
BACKFILL = """
UPDATE matching_matchsuggestion s SET queued_at = o.opened_at FROM matching_order o
WHERE o.os_id = s.order_id AND s.id IN (
    SELECT DISTINCT ON (order_id) id FROM matching_matchsuggestion WHERE state = 'pending' ORDER BY order_id, rank, id
)
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("matching", "0002_decision_append_only")]
    operations: ClassVar[list[Operation]] = [
        TrigramExtension(),
        migrations.AddField("matchsuggestion", "queued_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        # PostgreSQL alters no table with deferred checks still to make.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTION, GONE),
        migrations.AddIndex("decision", models.Index(fields=["at"], name="decision_at")),
        migrations.AddIndex(
            "matchsuggestion",
            models.Index(
                condition=Q(("queued_at__isnull", False)),
                fields=["queued_at", "id"],
                include=["probability", "stay"],
                name="suggestion_queued",
            ),
        ),
        migrations.AddIndex(
            "matchsuggestion",
            models.Index(condition=Q(("conflict", ""), _negated=True), fields=["id"], name="suggestion_conflict"),
        ),
        migrations.AddIndex(
            "order",
            django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="order_search", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            "stay",
            django.contrib.postgres.indexes.GinIndex(fields=["search"], name="stay_search", opclasses=["gin_trgm_ops"]),
        ),
    ]
