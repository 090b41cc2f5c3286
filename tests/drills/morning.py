"""A morning of the sample hotel that the real pipeline can be hit in, any number of times from the same start."""

import os
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection

from matching.models import MatchSuggestion
from matching.models.choices import State, Verb
from matching.review import service
from pipeline.models import JobRun, Trigger
from pipeline.runs import lifecycle
from sistema_os.local.bootstrap import HOTEL_DATABASE
from tests import stack
from tests.conftest import SampleHotel
from tests.drills.tables import Saved
from tests.mornings import run

CHUNK = 3
ENVIRONMENT = {"EXTRA_JOB_MODULES": "tests.pipeline.sample_jobs,tests.drills.slow_motion", "DRILL_CHUNK": str(CHUNK)}
ENVIRONMENT["DRILL_PAGE"] = "100"
OPEN_WRITEBACKS = 3
Content = Callable[[], dict[str, list[str]]]


@dataclass
class Morning:
    """The second morning is due: the first is done, and a few of its links wait to be written back."""

    date: date
    saved: list[Saved]

    def again(self) -> None:
        """Both databases as they were before the second morning's first run."""
        connection.close()
        for database in self.saved:
            database.put_back()

    def open(self, trigger: str = Trigger.COMMAND) -> JobRun:
        return lifecycle.open_run("pipeline_diario", business_date=self.date, trigger=trigger)


def prepare(sample: Callable[..., SampleHotel], patch: pytest.MonkeyPatch, connections: ExitStack) -> Morning:
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    hotel = sample(seed=21, rooms=120, days=2)
    run("pipeline_diario", hotel.business_date)
    with patch.context() as away:
        away.setattr("matching.review.service.send_now", lambda _: None)
        _accept_some()
    hotel.advance()
    assert stack.running is not None
    urls = [stack.running.url(name) for name in (connection.settings_dict["NAME"], HOTEL_DATABASE)]
    databases = [connections.enter_context(psycopg.connect(url, autocommit=True)) for url in urls]
    return Morning(hotel.business_date, [Saved(database) for database in databases])


def _accept_some() -> None:
    user = User.objects.create_user("recepcao")
    user.user_permissions.add(Permission.objects.get(codename="decide_suggestion"))
    user = User.objects.get(pk=user.pk)
    best = MatchSuggestion.objects.filter(state=State.PENDING, rank=1, stay__isnull=False)
    for suggestion in best.order_by("-probability", "order_id")[:OPEN_WRITEBACKS]:
        service.decide(user, suggestion.pk, Verb.ACCEPT, suggestion.version)


def end(process: subprocess.Popen[bytes], number: int) -> None:
    """The signal, whether or not the process is still there to get it; then its end."""
    if process.poll() is None:
        os.kill(process.pid, number)
    process.wait(30)
