"""/metrics: what Prometheus reads, who may read it, and that dashboard and alert rules use what is there."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from pipeline import feed_report
from pipeline.business_date import current_business_date
from pipeline.models import Incident, JobRun, WatchBeat
from sistema_os.environment import networks
from sistema_os.metrics import database
from snapshots.models import Snapshot, Source
from tests.conftest import SharedWorld

DEPLOY: Final = Path(__file__).resolve().parents[2] / "docs" / "deploy"
TOKEN: Final = "a-token-of-this-test-only"
Samples = dict[str, dict[tuple[str, ...], float]]


def read(text: str) -> Samples:
    """Name -> label values -> value."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for name, value in sorted(sample.labels.items()) if name != "le")
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def scrape(client: Client, **headers: Any) -> Samples:
    response = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return read(response.content.decode())


@pytest.fixture(autouse=True)
def without_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_report.latest, "as_json", lambda: {"feed_age_seconds": 40, "feed_findings": []})


def a_morning() -> None:
    now, day = timezone.now(), current_business_date()
    for state, minutes in (("succeeded", 2), ("failed", 4)):
        JobRun.objects.create(
            job="pipeline_diario",
            business_date=day,
            trigger="schedule",
            state=state,
            started_at=now - timedelta(minutes=60 + minutes),
            finished_at=now - timedelta(minutes=60),
        )
    JobRun.objects.create(job="hospedes_casa", business_date=day, trigger="schedule")
    source = Source.objects.create(name="listagem_hospedes")
    for status, seq in (("published", 1), ("held", None)):
        Snapshot.objects.create(
            source=source, status=status, seq=seq, business_date=day, finished_at=now - timedelta(minutes=30)
        )
    WatchBeat.objects.create(host="server", at=now - timedelta(seconds=50))
    Incident.objects.create(kind="quarantine", key="listagem_hospedes", since=now)


@pytest.mark.django_db
class TestScrape:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def world(cls, shared_world: SharedWorld) -> None:
        shared_world(a_morning)

    @pytest.fixture(autouse=True)
    def token(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = TOKEN

    def test_the_figures_are_those_of_the_database(self, client: Client) -> None:
        found = scrape(client)
        assert found["sistema_os_database_up"] == {(): 1}
        assert found["sistema_os_runs_day"] == {("pipeline_diario", "failed"): 1, ("pipeline_diario", "succeeded"): 1}
        assert found["sistema_os_runs_live"] == {("hospedes_casa", "queued"): 1}
        assert found["sistema_os_run_seconds_mean"] == {("pipeline_diario",): 180}
        assert found["sistema_os_run_seconds_max"] == {("pipeline_diario",): 240}
        assert found["sistema_os_snapshots_held"] == {("listagem_hospedes",): 1}
        assert found["sistema_os_incidents_open"] == {("quarantine",): 1}
        assert set(found["sistema_os_suggestions_pending"]) == {("strong",), ("doubt",), ("weak",)}
        assert found["sistema_os_queue_alive"] == {(): 1}
        assert found["sistema_os_feed_age_seconds"] == {(): 40}
        assert found["sistema_os_writebacks_open"] == {(): 0}
        assert 1800 <= found["sistema_os_source_age_seconds"]["listagem_hospedes",] < 1860
        assert 3600 <= found["sistema_os_job_age_seconds"]["pipeline_diario",] < 3660
        assert 50 <= found["sistema_os_watch_age_seconds"][()] < 110

    def test_requests_are_counted_by_page_and_status(self, client: Client) -> None:
        key = ("GET", "302", "admin:index")
        before = scrape(client).get("sistema_os_http_requests_total", {}).get(key, 0)
        client.get("/admin/")
        after = scrape(client)
        assert after["sistema_os_http_requests_total"][key] == before + 1
        assert after["sistema_os_http_request_seconds_count"]["admin:index",] >= 1

    def test_dashboard_and_rules_use_figures_that_exist(self, client: Client) -> None:
        client.get("/admin/")
        there = set(scrape(client))
        rules = (DEPLOY / "prometheus-alerts.yml").read_text(encoding="utf-8")
        dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        assert len(queries) >= 10
        for text in (rules, *queries):
            used = set(re.findall(r"\bsistema_os_\w+", text))
            assert used
            assert used <= there

    def test_a_probe_by_address_is_answered(self, client: Client, settings: Settings) -> None:
        settings.ALLOWED_HOSTS = ["os.hotel.example"]
        for path in ("/healthz", "/readyz", "/metrics"):
            headers = {"host": "10.0.0.5:8000", "authorization": f"Bearer {TOKEN}"}
            assert client.get(path, headers=headers).status_code == 200
        assert client.get("/admin/login/", headers={"host": "10.0.0.5:8000"}).status_code == 400

    def test_without_the_database_the_scrape_says_so(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse() -> Iterator[Any]:
            raise DatabaseError

        monkeypatch.setattr(database, "_runs", refuse)
        found = scrape(client)
        assert found["sistema_os_database_up"] == {(): 0}
        assert "sistema_os_queue_alive" not in found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("configured", "asked", "status"),
    [
        ({}, {}, 404),
        ({"METRICS_TOKEN": TOKEN}, {}, 403),
        ({"METRICS_TOKEN": TOKEN}, {"headers": {"authorization": "Bearer wrong"}}, 403),
        ({"METRICS_TOKEN": TOKEN}, {"headers": {"authorization": "Bearer ümlaut"}}, 403),
        ({"METRICS_TOKEN": TOKEN}, {"headers": {"authorization": TOKEN}}, 403),
        ({"METRICS_ALLOWED": ["10.0.0.0/8"]}, {"REMOTE_ADDR": "10.1.2.3"}, 200),
        ({"METRICS_ALLOWED": ["10.0.0.0/8"]}, {"REMOTE_ADDR": "192.168.1.1"}, 403),
        ({"METRICS_ALLOWED": ["127.0.0.1"]}, {"headers": {"x-forwarded-for": "127.0.0.1"}}, 403),
        ({"METRICS_ALLOWED": ["127.0.0.1"]}, {"REMOTE_ADDR": ""}, 403),
    ],
)
def test_only_who_may_reads_the_metrics(
    client: Client, settings: Settings, configured: dict[str, Any], asked: dict[str, Any], status: int
) -> None:
    for name, value in configured.items():
        setattr(settings, name, value)
    assert client.get("/metrics", **asked).status_code == status


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="METRICS_ALLOWED"):
        networks("METRICS_ALLOWED", ["10.0.0.0/8", "everybody"])
