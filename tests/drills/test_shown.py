"""How old is what an open page shows: the real endpoint, asked as often as the page asks it."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pipeline.models import JobRun, State
from pipeline.worker import supervisor
from tests.drills.record import Drill
from tests.pipeline.waiting import beaten, until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]
pytestmark = [pytest.mark.usefixtures("children_see_the_test"), pytest.mark.slow_drill]


def poll_seconds() -> float:
    """Between two questions of a page that somebody looks at, as its script says."""
    script = (Path(settings.BASE_DIR) / "pipeline/static/pipeline/live.js").read_text()
    found = re.search(r"document.hidden \? \d+ : (\d+)", script)
    assert found is not None
    return int(found[1]) / 1000


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("creep", marks=pytest.mark.drill("an open page, at a beat of 30 s", within=5.0)),
        pytest.param(
            "creep_writing", marks=pytest.mark.drill("an open page, the run's row held by its writers", within=5.0)
        ),
    ],
)
def test_what_an_open_page_shows_is_seconds_old(
    open_sample: OpenSample,
    in_background: InBackground,
    people: dict[str, User],
    drill: Drill,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """Each answer stands on the page until the next one: its age then is the age of the position in it plus a poll."""
    monkeypatch.setenv("HEARTBEAT_SECONDS", "30")
    drill.figure = "age of the progress on an open page, s"
    run = open_sample(step)
    watched = in_background(lambda: supervisor.supervise(run.pk))
    client = Client()
    client.force_login(people["Consulta"])
    url = reverse("admin:pipeline_jobrun_live", args=[run.pk])
    until(lambda: beaten(run, step))
    time.sleep(1)
    etag, shown, ages, unchanged = "", 0, [], 0
    while JobRun.objects.get(pk=run.pk).live and watched.is_alive():
        answer = client.get(url, headers={"If-None-Match": etag} if etag else {})
        if answer.status_code == 200:
            etag, shown = answer["ETag"], answer.json()["done"]
        unchanged += answer.status_code == 304
        if shown:
            ages.append(time.monotonic() - shown / 1000)
        time.sleep(0.25)
    watched.join(20)
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert len(ages) > 20
    drill.took(max(ages[:-4]) + poll_seconds())
    drill.seen = f"at most {max(ages[:-4]):.1f} s when sent, asked each {poll_seconds():g} s; {unchanged} times 304"
