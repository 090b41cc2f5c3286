"""Several clusters, one database: what `check --database default` reports."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from pipeline import business_date, checks, queue
from pipeline.models import Trigger
from tests.pipeline.conftest import DAY


def checked() -> str:
    said = StringIO()
    call_command("check", databases=["default"], stdout=said, stderr=said)
    return said.getvalue()


def test_one_machine_with_its_own_tasks_has_nothing_to_complain_of(db: None) -> None:
    queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    assert "pipeline." not in checked()


@pytest.mark.parametrize("minutes", [-1, 1])
def test_a_clock_that_is_wrong_is_an_error(db: None, monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    monkeypatch.setattr(business_date, "database_time", lambda: timezone.now() + timedelta(minutes=minutes))
    with pytest.raises(CommandError, match="60 s apart"):
        checked()


def test_tasks_of_another_key_are_a_warning(db: None) -> None:
    queue.start("sample", business_date=DAY, trigger=Trigger.ADMIN)
    OrmQ.objects.update(payload="signed by somebody else")
    assert "pipeline.W111" in checked()


def test_without_naming_the_database_nothing_is_asked_of_it() -> None:
    assert checks.clocks_agree() == checks.tasks_can_be_read() == []


def test_behind_a_transaction_pooler_cancelling_waits_for_a_heartbeat_and_readyz_says_so(
    db: None, settings: Settings, client: Client
) -> None:
    assert client.get("/readyz").json()["queue"]["cancel"] == "notify"
    settings.DATABASE_TRANSACTION_POOLER = True
    assert checks.cancelling_by() == "poll"
    assert [str(problem.id) for problem in checks.cancels_are_notified()] == ["pipeline.W112"]
    assert client.get("/readyz").json()["queue"]["cancel"] == "poll"
