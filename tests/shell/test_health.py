"""The two questions a load balancer asks."""

import re
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from pipeline import feed_report, queue
from pipeline.business_date import current_business_date
from pipeline.models import JobRun, WatchBeat
from pipeline.runs import drain
from sistema_os import health
from sistema_os.supabase import ServerInfo


def test_healthz_answers_without_a_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_reports_database_supabase_queue_and_data(client: Client) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    JobRun.objects.create(
        job="hospedes_casa",
        business_date=current_business_date(),
        trigger="command",
        state="succeeded",
        finished_at=an_hour_ago,
    )
    response = client.get("/readyz")
    report = response.json()
    assert response.status_code == 200, report
    assert (report["status"], report["database"], report["supabase"]) == ("ok", "ok", "ok")
    assert report["queue"] == {"alive": True, "tasks_waiting": 0, "cancel": "notify"}
    assert 3600 <= report["data"]["job_age_seconds"]["hospedes_casa"] < 3660
    assert report["watch"] == {"alive": False, "age_seconds": None}
    assert set(report["data"]) == {"job_age_seconds", "source_age_seconds", "feed_age_seconds", "feed_findings"}


@pytest.mark.django_db
def test_readyz_is_503_while_the_queue_is_dead_and_tells_the_age_of_the_watch(client: Client) -> None:
    WatchBeat.objects.create(host="server", at=timezone.now() - timedelta(minutes=5))
    Schedule.objects.create(name="hospedes_casa", func=queue.START, next_run=timezone.now() - timedelta(minutes=5))
    response = client.get("/readyz")
    report = response.json()
    assert (response.status_code, report["status"], report["queue"]["alive"]) == (503, "unavailable", False)
    assert report["watch"]["alive"] is False
    assert 300 <= report["watch"]["age_seconds"] < 360
    drain.begin("deploy", 60)
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_readyz_says_when_the_servers_row_cap_is_not_the_configured_one(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, hotel_db: psycopg.Connection
) -> None:
    hotel_db.execute(
        "insert into rm_diario (data_coleta, data_estadia, tipo_uh, uh_total, uh_vendidas, fonte) "
        "select '2026-01-01', date '2026-01-01' + n, 'TOTAL', 120, 60, 'teste' from generate_series(1, 1500) n"
    )
    for configured, told in ((1000, ""), (500, "; its row cap is 1000, SUPABASE_MAX_ROWS says 500")):
        settings.SUPABASE = {**settings.SUPABASE, "max_rows": configured}
        monkeypatch.setattr(health, "postgrest", health.PostgrestReport())
        response = client.get("/readyz")
        assert re.fullmatch(rf"PostgREST \d+\.[\d.]+{told}", response.json()["postgrest"])
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("expected", "told"),
    [("", ""), ("12", ""), ("12.0", ""), ("1", "; SUPABASE_VERSION says 1"), ("99.1", "; SUPABASE_VERSION says 99.1")],
)
def test_readyz_says_when_the_servers_version_is_not_the_expected_one(
    settings: Settings, expected: str, told: str
) -> None:
    settings.SUPABASE_VERSION = expected
    compared = health.PostgrestReport()._compared(ServerInfo(version="12.0.2"))
    assert compared == f"PostgREST 12.0.2{told}"


@pytest.mark.django_db
def test_readyz_answers_although_supabase_does_not(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SUPABASE = {**settings.SUPABASE, "url": "http://127.0.0.1:1"}
    report = health.PostgrestReport()
    monkeypatch.setattr(report, "SECONDS", 0.3)
    monkeypatch.setattr(health, "postgrest", report)
    feed = feed_report.FeedReport()
    monkeypatch.setattr(feed, "SECONDS", 0.3)
    monkeypatch.setattr(feed_report, "latest", feed)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["postgrest"]) == (200, "unknown")
    assert response.json()["data"]["feed_age_seconds"] is None


@pytest.mark.django_db
def test_readyz_reports_the_feed(client: Client, monkeypatch: pytest.MonkeyPatch, hotel_db: psycopg.Connection) -> None:
    hotel_db.execute(
        "with r as (insert into reservas (num_reserva, status, chegada_prevista, saida_prevista) "
        "values ('1', 'na_casa', current_date - 2, current_date + 2) returning id) "
        "insert into listagem_hospedes (reserva_id, nome_listagem, titular, status, uh, chegada, saida, visto_em) "
        "select id, 'Ana', true, 'na_casa', '201', current_date - 2, current_date + 2, now() - interval '2 days' from r"
    )
    monkeypatch.setattr(feed_report, "latest", feed_report.FeedReport())
    data = client.get("/readyz").json()["data"]
    assert 2 * 86_400 <= data["feed_age_seconds"] < 2 * 86_400 + 60
    assert data["feed_findings"] == ["visto_em_not_moving"]


def test_readyz_is_503_and_says_why_when_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bool:
        raise DatabaseError("connection refused, password=hunter2")

    monkeypatch.setattr(health.migrations, "complete", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "unavailable"
    assert b"hunter2" not in response.content


def test_readyz_is_503_while_migrations_are_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.migrations, "complete", lambda: False)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "manage.py migrate" in response.json()["database"]


@pytest.mark.django_db
def test_readyz_is_503_with_a_key_that_sees_nothing(client: Client, settings: Settings) -> None:
    settings.SUPABASE = {**settings.SUPABASE, "key": "sb_publishable_x"}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "public key" in response.json()["supabase"]
    assert "sb_publishable_x" not in response.content.decode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_answers_are_never_cached_and_only_read(client: Client, path: str) -> None:
    response = client.post(path)
    assert response.status_code == 405


@pytest.mark.django_db
def test_readyz_says_that_nothing_can_be_stored(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"].startswith("read only")
    monkeypatch.setattr(health, "FEWEST_FREE_BYTES", 2**62)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["disk"].startswith("full")
