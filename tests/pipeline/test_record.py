"""The page of a run while the run is live."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from pipeline import labels, run_page
from pipeline.admin.views import StartForm
from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from pipeline.runs.control import Position

OpenSample = Callable[..., JobRun]


@pytest.mark.parametrize(
    ("per_second", "said"),
    [(62.4, "62 por segundo"), (1.5, "1,5 por segundo"), (0.5, "30 por minuto"), (0.05, "3,0 por minuto")],
)
def test_a_rate_is_shown_in_the_unit_in_which_it_is_one_or_more(per_second: float, said: str) -> None:
    assert labels.rate(per_second) == said


@pytest.fixture
def half_done(db: None, open_sample: OpenSample) -> JobRun:
    """A thousand seconds in its phase, half done."""
    run = lifecycle.claim(open_sample().pk)
    began = timezone.now() - timedelta(seconds=1000)
    lifecycle.append_beat(run.pk, run.fence, Position("listing", 30_000, 60_000, phases=(("listing", began),)))
    run.refresh_from_db()
    return run


def test_the_rate_and_the_time_left_come_from_the_phase_so_far(half_done: JobRun) -> None:
    moving = run_page.moving(half_done)
    assert moving["rate"] == "30 por segundo"
    assert moving["left"].startswith("16 min")


def test_without_a_total_there_is_a_rate_and_no_time_left(db: None, open_sample: OpenSample) -> None:
    run = lifecycle.claim(open_sample().pk)
    began: datetime = timezone.now() - timedelta(seconds=1000)
    lifecycle.append_beat(run.pk, run.fence, Position("listing", 30_000, None, phases=(("listing", began),)))
    run.refresh_from_db()
    moving = run_page.moving(run)
    assert (moving["rate"], moving["left"]) == ("30 por segundo", "")


def test_a_run_that_is_over_has_neither(half_done: JobRun) -> None:
    lifecycle.finish(half_done.pk, half_done.fence, State.SUCCEEDED, summary={}, reason="")
    half_done.refresh_from_db()
    moving = run_page.moving(half_done)
    assert (moving["rate"], moving["left"]) == ("", "")


def test_the_page_shows_phase_count_rate_and_time_left(half_done: JobRun, admin_client: Any) -> None:
    page = admin_client.get(reverse("admin:pipeline_jobrun_change", args=[half_done.pk])).content.decode()
    for name in ("phase", "done", "total", "rate", "left", "beat"):
        assert f'data-f="{name}"' in page
    assert "30 por segundo" in page


def test_the_form_offers_the_main_job_first_and_housekeeping_last() -> None:
    names = [name for name, _title in StartForm().fields["job"].choices]  # type: ignore[attr-defined]  # a ChoiceField
    assert (names[0], "cleanup_stale_runs" in names[:2]) == ("pipeline_diario", False)
