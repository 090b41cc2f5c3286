"""The watch outside the cluster."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models.functions import Now
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from matching.models import WriteBack
from matching.models.choices import WriteState
from matching.review import service
from pipeline import queue
from pipeline.management.commands import jobwatch
from pipeline.models import JobRun, State, Trigger
from pipeline.runs import lifecycle
from tests.matching.conftest import Card, ana, card, hotel  # noqa: F401  fixtures of the review's tests
from tests.pipeline.conftest import DAY
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]


def test_the_watch_looks_once_and_tells_a_frozen_queue_by_its_exit_code(db: None, open_sample: OpenSample) -> None:
    call_command("jobwatch", "--once")
    open_sample()
    call_command("jobwatch", "--once")
    JobRun.objects.update(queued_at=Now() - timedelta(minutes=3))
    with pytest.raises(SystemExit) as end:
        call_command("jobwatch", "--once")
    assert end.value.code == 4


@pytest.mark.stack
def test_the_watch_delivers_what_was_accepted_while_supabase_was_away(
    card: Card,  # noqa: F811  a fixture
    ana: User,  # noqa: F811  a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
    service.decide(ana, card.best.pk, "accept", None)
    assert card.hotel.link_of(card.order)["listagem_id"] is None
    call_command("jobwatch", "--once")
    assert card.hotel.link_of(card.order)["listagem_id"] == card.neto
    assert WriteBack.objects.get().state == WriteState.DONE


@pytest.mark.stack
def test_the_watch_survives_a_supabase_that_is_away(
    card: Card,  # noqa: F811  a fixture
    ana: User,  # noqa: F811  a fixture
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
    service.decide(ana, card.best.pk, "accept", None)
    settings.SUPABASE = {**settings.SUPABASE, "url": "http://127.0.0.1:1", "deadline": 2}
    call_command("jobwatch", "--once")
    assert WriteBack.objects.get().state == WriteState.OPEN


def test_the_watch_ends_a_lost_run_and_resumes_it(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample(trigger=Trigger.SCHEDULE).pk)
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.001)
    call_command("jobwatch", "--once")
    run.refresh_from_db()
    assert run.state == State.LOST
    assert JobRun.objects.get(resume_of=run).state == State.QUEUED


def test_the_watch_stops_cleanly_when_it_is_asked_to(child_env: dict[str, str], open_sample: OpenSample) -> None:
    lost = lifecycle.claim(open_sample(trigger=Trigger.COMMAND).pk)
    JobRun.objects.filter(pk=lost.pk).update(lease_seconds=0.001)
    command = [sys.executable, str(Path(project.BASE_DIR) / "manage.py"), "jobwatch", "--every", "0.1"]
    with subprocess.Popen(command, env=child_env, stderr=subprocess.DEVNULL) as watch:
        until(lambda: JobRun.objects.filter(pk=lost.pk, state=State.LOST).exists())
        os.kill(watch.pid, signal.SIGTERM)
        assert watch.wait(180) == 0


def watch_of(patience: float, settings: Settings) -> jobwatch.Command:
    settings.QUEUE_FROZEN_SECONDS = patience
    watch = jobwatch.Command()
    watch._requeued_at = {}
    return watch


def test_the_queue_is_frozen_only_when_putting_the_run_back_did_not_help(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    watch = watch_of(120, settings)
    now = 1000.0
    monkeypatch.setattr(jobwatch, "monotonic", lambda: now)
    run = queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    JobRun.objects.update(queued_at=Now() - timedelta(minutes=3))
    OrmQ.objects.update(lock=Now() - timedelta(minutes=3))
    assert watch._look() == []  # put back
    now += 29
    assert watch._look() == []
    now += 2
    assert watch._look() == [run]


def test_a_run_that_began_after_it_was_put_back_is_forgotten(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    watch = watch_of(120, settings)
    now = 1000.0
    monkeypatch.setattr(jobwatch, "monotonic", lambda: now)
    run = queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    JobRun.objects.update(queued_at=Now() - timedelta(minutes=3))
    OrmQ.objects.all().delete()
    assert watch._look() == []
    lifecycle.claim(run.pk)
    now += 3600
    assert watch._look() == []
    assert watch._requeued_at == {}
