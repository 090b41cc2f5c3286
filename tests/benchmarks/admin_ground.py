"""Years of a hotel's reviewing, made by the database itself: `fill` brings the tables up to so many suggestions."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from pipeline.business_date import current_business_date
from pipeline.hotel import stays
from pipeline.models import JobRun
from snapshots import snapshot_manager
from snapshots.models import Snapshot, Source

# Candidates of an order: three guests and, for some, nobody.
CANDIDATES = 3
# Of 11 orders, 4 wait for a person, as on the tables that this was first measured on.
_ORDERS = """
INSERT INTO matching_order (os_id, number, request, guest_text, requester_text, phone_text, room_text, department, kind,
    priority, status, opened_at, opened_by, texto_versao, linked, linked_by, flagged, fingerprint,
    search, updated_at)
SELECT n, (40000 + n)::text, 'vazamento no chuveiro, pedido ' || n, 'Sr. Pessoa' || n, '', '', (100 + n % 300)::text,
    (ARRAY['manutencao', 'governanca', 'recepcao', 'ti'])[1 + n % 4], 'pedido', 'normal', 'aberta',
    now() - make_interval(mins => (%(orders)s - n) * 15), 'governanca', 1, false, '', false, '{}',
    (40000 + n) || ' vazamento no chuveiro, pedido ' || n || ' pessoa' || n || ' ' || (100 + n % 300), now()
FROM generate_series(%(first)s + 1, %(orders)s) n
"""
_STAYS = """
INSERT INTO matching_stay (listagem_id, listed_name, registered_name, social_name, guest_id, reservation_id,
    reservation, room, arrival, departure, status, main_guest, hidden, removed, doc_final, occupancies, fingerprint,
    search, terms, updated_at)
SELECT n, name, name, '', n, n / 2, 'R' || n / 2, (100 + n % 300)::text, day - 3, day, 'na_casa', n % 2 = 0, false,
    false, '07', '[]', '{}', lower('R' || n / 2 || ' ' || 100 + n % 300 || ' ' || name),
    lower(' ' || name || ' ~figeiredu #' || 100 + n % 300 || ' =r' || n / 2 || ' =' || n / 2 || ' '), now()
FROM generate_series(%(first)s + 1, %(orders)s) n,
LATERAL (SELECT 'Pessoa' || n || ' Figueiredo ' || (ARRAY['Souza', 'Lima', 'Neto', 'Prado'])[1 + n % 4] AS name,
    current_date + 3 - (%(orders)s - n) / 96 AS day) made
"""
_REASONS = """[{"comparison": "prior", "level": "prior", "order_value": null, "guest_value": null, "weight_bits": -7.3},
 {"comparison": "name", "level": "phonetic", "order_value": "Thiago", "guest_value": "Tiago", "weight_bits": 6.4},
 {"comparison": "room", "level": "exact", "order_value": "412", "guest_value": "412", "weight_bits": 5.3}]"""
_SUGGESTIONS = """
INSERT INTO matching_matchsuggestion (id, order_id, stay_id, probability, rank, reasons, model_version, texto_versao,
    state, end_reason, conflict, version, mirrored_version, created_at, updated_at)
SELECT gen_random_uuid(), o.os_id, 1 + (o.os_id + place * 7) %% %(orders)s,
    CASE place WHEN 1 THEN 0.3 + (o.os_id %% 69) * 0.01 ELSE 0.02 END, place, %(reasons)s, 'm1', 1,
    CASE WHEN o.os_id %% 11 < 4 OR place = 1 THEN 'pending' ELSE 'superseded' END,
    CASE WHEN o.os_id %% 11 < 4 OR place = 1 THEN '' ELSE 'another_accepted' END, '', 1, 1, o.opened_at, o.opened_at
FROM matching_order o, generate_series(1, %(candidates)s) place WHERE o.os_id > %(first)s
"""
_DECISIONS = """
INSERT INTO matching_decision (at, user_id, verb, suggestion_id, batch, reason, order_fingerprint, stay_fingerprint,
    probability, model_version, texto_versao)
SELECT o.opened_at + interval '1 hour', %(user)s, CASE WHEN o.os_id %% 9 = 0 THEN 'reject' ELSE 'accept' END, s.id,
    gen_random_uuid(), '', '{}', '{}', s.probability, 'm1', 1
FROM matching_matchsuggestion s JOIN matching_order o ON o.os_id = s.order_id
WHERE s.rank = 1 AND o.os_id > %(first)s AND o.os_id %% 11 >= 4 ORDER BY o.opened_at
"""
_DECIDED = """
UPDATE matching_matchsuggestion s SET decision_id = d.id,
    state = CASE WHEN d.verb = 'reject' THEN 'rejected' ELSE 'accepted' END
FROM matching_decision d WHERE d.suggestion_id = s.id AND s.decision_id IS NULL AND s.state = 'pending'
"""
_WRITTEN = """
INSERT INTO matching_writeback (kind, state, decision_id, suggestion_id, order_id, stay_id, texto_versao, username,
    attempts, maybe_written, next_try_at, outcome, last_error, created_at, settled_at)
SELECT 'link', 'done', d.id, s.id, s.order_id, s.stay_id, 1, 'ana', 1, true, d.at, 'linked', '', d.at, d.at
FROM matching_decision d JOIN matching_matchsuggestion s ON s.id = d.suggestion_id
WHERE d.verb = 'accept' AND s.order_id > %(first)s
"""
_ALERTS = """
INSERT INTO matching_alert (key, kind, severity, order_id, params, created_at)
SELECT 'bench-' || os_id, 'departure', 'low', os_id, '{}', opened_at FROM matching_order
WHERE os_id > %(first)s AND os_id %% 10 = 0
"""
# Nine alerts in ten were settled; orders are marked and lists exported now and then.
_SETTLED = """
UPDATE matching_alert SET settled_at = created_at + interval '2 hours', settled_by_id = %(user)s, note = 'visto'
WHERE order_id > %(first)s AND order_id %% 100 <> 0
"""
_AUDIT = """
INSERT INTO matching_auditentry (at, user_id, deed, order_id, params)
SELECT opened_at + interval '3 hours', %(user)s, CASE WHEN os_id %% 20 = 0 THEN 'export' ELSE 'flag' END, os_id, '{}'
FROM matching_order WHERE os_id > %(first)s AND os_id %% 5 = 0
"""
# A text that a later model adds is empty here.
_BLANK = """
DO $$ DECLARE found record; BEGIN
FOR found IN SELECT table_name, column_name FROM information_schema.columns
    WHERE table_name LIKE 'matching_%' AND is_nullable = 'NO' AND column_default IS NULL
    AND data_type IN ('text', 'character varying')
LOOP EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT %L', found.table_name, found.column_name, ''); END LOOP;
END $$
"""
_STEPS = (_SUGGESTIONS, _DECISIONS, _DECIDED, _WRITTEN, _ALERTS, _SETTLED, _AUDIT)


def fill(suggestions: int, user: User) -> None:
    """Call with a growing number: what stands already is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_BLANK)
        cursor.execute("SELECT coalesce(max(os_id), 0) FROM matching_order")
        words = {
            "first": cursor.fetchone()[0],
            "orders": suggestions // CANDIDATES,
            "candidates": CANDIDATES,
            "user": user.pk,
            "reasons": _REASONS,
        }
        for step in (_ORDERS, _STAYS):
            cursor.execute(step.replace("%", "%%").replace("%%(", "%("), words)
        for step in _STEPS:
            cursor.execute(step, words)
        cursor.execute("VACUUM ANALYZE")


def fill_listings(rows: int) -> None:
    """The guest lists of yesterday and today, as the pipeline stores them, so that rooms and handover have guests."""
    today = current_business_date()
    for day in (today - timedelta(days=1), today):
        ingest = snapshot_manager.begin(stays.spec(day), business_date=day, run_id=None)
        ingest.add(_guest(number, day) for number in range(1, rows + 1))
        ingest.publish(rows, snapshot_manager.no_fence)


def _guest(number: int, day: date) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(stays.COLUMNS)
    return empty | {
        "id": number,
        "reserva_id": number // 2,
        "num_reserva": f"R{number // 2}",
        "nome_listagem": f"Pessoa{number} Figueiredo",
        "titular": number % 2 == 0,
        "status": "na_casa",
        "uh": str(100 + number % 300),
        "chegada": (day - timedelta(days=2)).isoformat(),
        "saida": (day + timedelta(days=number % 5)).isoformat(),
        "doc_hmac": f"hmac{number}",
        "doc_final": f"{number % 100:02}",
        "menor": False,
        "incognito": False,
        "visto_em": f"{day.isoformat()}T05:50:00+00:00",
    }


def fill_runs(runs: int, snapshots: int) -> None:
    now = timezone.now()
    JobRun.objects.bulk_create(
        JobRun(
            job="pipeline_diario",
            business_date=(now - timedelta(hours=8 * back)).date(),
            state="succeeded",
            trigger="schedule",
            fence=1,
            lease_seconds=90,
            queued_at=now - timedelta(hours=8 * back),
            started_at=now - timedelta(hours=8 * back),
            finished_at=now - timedelta(hours=8 * back) + timedelta(minutes=4),
        )
        for back in reversed(range(1, runs + 1))
    )
    source = Source.objects.create(
        name="listagem", title="Listagem", key_column="id", head_seq=snapshots, layout=["id"], columns=["id"]
    )
    Snapshot.objects.bulk_create(
        Snapshot(
            source=source,
            seq=seq,
            base_seq=seq - 1,
            status="published",
            business_date=(now - timedelta(days=snapshots - seq)).date(),
            finished_at=now - timedelta(days=snapshots - seq),
            received=400,
            rows=400,
            added=12,
            removed=9,
            changed=30,
        )
        for seq in range(1, snapshots + 1)
    )
