"""A job's last thirty days over the list of runs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from pipeline import charts, run_charts
from pipeline.charts import Day
from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from sistema_os.chart_geometry import end_among

OpenSample = Callable[..., JobRun]
TODAY = date(2026, 11, 30)


def days_ago(days: int, seconds: float, **fields: int) -> Day:
    return Day(TODAY - timedelta(days=days), seconds, **fields)


@pytest.mark.parametrize(("longest", "top"), [(0, 1), (1, 1), (1.1, 2), (61, 120), (3601, 7200), (50_000, 50_000)])
def test_the_axis_ends_at_a_round_duration(longest: float, top: float) -> None:
    assert end_among(charts.AXIS_ENDS, longest) == top


def test_a_bar_is_as_high_as_its_share_of_the_axis_and_never_invisible() -> None:
    least, half, full = charts.chart([days_ago(0, 10), days_ago(1, 5), days_ago(2, 0)], TODAY).bars
    assert (full.y, full.height) == (16, 84)
    assert half.height == 42
    assert least.height == 3
    assert all(bar.y + bar.height == 100 for bar in (full, half, least))


def test_the_days_stand_in_their_places_and_what_is_older_is_left_out() -> None:
    drawn = charts.chart([days_ago(0, 4), days_ago(29, 4), days_ago(30, 900)], TODAY)
    first, today = drawn.bars
    assert first.x < 64 + 256 / 30
    assert today.x + today.width <= 320
    assert drawn.longest == 4
    assert [label.day for label in drawn.labels] == [TODAY - timedelta(days=n) for n in (0, 10, 20)]


@pytest.mark.parametrize(
    ("fields", "css"), [({}, "f-pos"), ({"partial": 1}, "f-neg"), ({"partial": 1, "failed": 1}, "f-bad")]
)
def test_the_worst_outcome_of_a_day_is_what_shows(fields: dict[str, int], css: str) -> None:
    (bar,) = charts.chart([days_ago(0, 4, runs=3, **fields)], TODAY).bars
    assert bar.css == css


def test_a_month_without_a_run_is_an_empty_chart() -> None:
    drawn = charts.chart([], TODAY)
    assert (drawn.bars, drawn.runs, drawn.longest) == ((), 0, 0)


def test_the_rows_are_a_line_of_their_own_below_and_a_day_without_any_is_left_out() -> None:
    drawn = charts.chart([days_ago(0, 4, rows=600), days_ago(1, 4), days_ago(2, 4, rows=300)], TODAY)
    assert drawn.most_rows == 600
    assert [bar.rows_y for bar in drawn.bars] == [132, 0, 116]
    first, _none, last = drawn.bars
    assert drawn.rows_line == f"M{first.middle} 132.0L{last.middle} 116.0"
    assert charts.chart([days_ago(0, 4)], TODAY).rows_line == ""


@pytest.fixture
def ended(db: None, open_sample: OpenSample) -> Callable[..., JobRun]:
    def end(
        state: str, days: int = 0, seconds: float = 1, summary: dict[str, Any] | None = None, **asked: object
    ) -> JobRun:
        run = lifecycle.claim(open_sample(**asked).pk)
        lifecycle.finish(run.pk, run.fence, state, summary=summary or {}, reason="")
        started = Now() - timedelta(days=days, seconds=seconds)
        JobRun.objects.filter(pk=run.pk).update(started_at=started)
        JobRun.objects.filter(pk=run.pk).update(finished_at=F("started_at") + timedelta(seconds=seconds))
        return run

    return end


def test_the_runs_of_a_day_are_one_bar_with_the_longest(ended: Callable[..., JobRun]) -> None:
    ended(State.SUCCEEDED, days=3, seconds=4)
    ended(State.FAILED, days=3, seconds=9)
    ended(State.SUCCEEDED, days=5, seconds=2)
    ended(State.SUCCEEDED, days=40, seconds=500)
    ended(State.FAILED, dry_run=True)
    (sample,) = run_charts.months(localdate())
    assert (sample.chart.runs, sample.chart.failed, sample.chart.longest) == (3, 1, 9)
    assert sorted((bar.day.runs, bar.day.seconds, bar.css) for bar in sample.chart.bars) == [
        (1, 2, "f-pos"),
        (2, 9, "f-bad"),
    ]


@pytest.mark.parametrize("summary", [{"listing": {"rows": 622}, "rows": 1}, {"rows": 622}])
def test_the_rows_of_a_day_are_the_most_that_a_run_read(ended: Callable[..., JobRun], summary: dict[str, Any]) -> None:
    ended(State.SUCCEEDED, summary=summary)
    ended(State.SUCCEEDED, summary={"rows": 7})
    ended(State.FAILED)
    (sample,) = run_charts.months(localdate())
    assert [bar.day.rows for bar in sample.chart.bars] == [622]
    assert sample.rows == "622"


def test_the_charts_are_one_question(ended: Callable[..., JobRun], django_assert_num_queries: Any) -> None:
    for days in range(8):
        ended(State.SUCCEEDED, days=days)
    with django_assert_num_queries(1):
        run_charts.months(localdate())


def test_the_list_shows_them_and_a_filtered_list_does_not(
    client: Client, people: dict[str, User], ended: Callable[..., JobRun]
) -> None:
    ended(State.FAILED, seconds=9)
    client.force_login(people["Operação"])
    url = reverse("admin:pipeline_jobrun_changelist")
    whole = client.get(url).content.decode()
    assert "Últimos 30 dias: execuções: 1; com falha: 1; a mais longa: 9,0 s; máximo de linhas: 0." in whole
    assert "f-bad" in whole
    assert 'role="img"' not in client.get(url, {"state__exact": "failed"}).content.decode()
