"""The wording of runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline import labels, run_charts
from pipeline.models import JobRun, State
from pipeline.runs import registry

START = datetime(2026, 11, 22, 8, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "0,2 s"),
        (2, "2,0 s"),
        (9.96, "10 s"),
        (61, "1 min 01 s"),
        (601, "10 min 01 s"),
        (3600, "1 h"),
        (3960, "1 h 06 min"),
    ],
)
def test_a_duration_is_read_at_a_glance(seconds: float, said: str) -> None:
    assert labels.duration(timedelta(seconds=seconds)) == said


def test_the_summary_of_the_morning_reads_as_a_manager_wants_it() -> None:
    summary = {
        "queue": {"weak": 24, "doubt": 38, "strong": 61},
        "listing": {"new": 54, "gone": 54, "rows": 1622, "state": "held", "changed": 150},
        "suggestions": {"created": 1, "rescored": 2, "superseded": 0},
        "orders_matched": 24,
        "seconds": {"listing": 3.0},
    }
    assert list(labels.summary_rows(summary)) == [
        ("Listagem", "1.622 linhas, 54 novas, 54 saíram, 150 mudaram, em quarentena, aguardando decisão"),
        ("OS analisadas", "24"),
        ("Sugestões", "1 novas, 2 recalculadas, 0 substituídas"),
        ("Aguardando revisão", "61 fortes, 38 em dúvida, 24 fracas"),
    ]
    assert labels.headline(summary) == "1.622 linhas, 24 OS analisadas, 1 sugestão nova"


def test_every_phase_of_every_job_has_a_title() -> None:
    jobs = {name: job for name, job in registry.load().items() if name != "sample"}
    assert jobs.keys() >= {"cleanup_stale_runs", "hospedes_casa", "pipeline_diario", "rm_daily_collection"}
    assert not [phase for job in jobs.values() for phase in job.phases if phase not in labels.PHASES]


def test_every_state_has_a_chip() -> None:
    assert set(labels.CHIPS) == set(State)


def run_of(phases: list[tuple[str, int]], ended: int | None, state: str, **fields: Any) -> JobRun:
    entered = [{"name": name, "at": (START + timedelta(seconds=at)).isoformat()} for name, at in phases]
    finished = None if ended is None else START + timedelta(seconds=ended)
    return JobRun(job="x", state=state, started_at=START, finished_at=finished, phases=entered, **fields)


def test_the_median_of_a_phase_is_what_it_usually_takes() -> None:
    runs = [run_of([("a", 0), ("b", took)], took + 10, State.SUCCEEDED) for took in (10, 20, 90)]
    assert run_charts.usual_times(runs) == {"a": timedelta(seconds=20), "b": timedelta(seconds=10)}


def test_a_phase_that_stopped_the_run_goes_beyond_its_median() -> None:
    run = run_of([("a", 0), ("b", 20)], 100, State.FAILED)
    usual = {"a": timedelta(seconds=20), "b": timedelta(seconds=30), "c": timedelta(seconds=5)}
    a, b, c = run_charts.phase_bars(run, ("a", "b", "c"), usual, START)
    assert [(bar.name, bar.state) for bar in (a, b, c)] == [("a", "done"), ("b", "stopped"), ("c", "waiting")]
    assert (a.took, b.took, c.took) == (timedelta(seconds=20), timedelta(seconds=80), None)
    assert a.beyond == 0
    assert b.width == pytest.approx(run_charts.PHASES_WIDTH * 0.3, abs=0.2)
    assert b.beyond == pytest.approx(run_charts.PHASES_WIDTH * 0.5, abs=0.2)
    assert b.x + b.width + b.beyond == pytest.approx(run_charts.PHASES_WIDTH, abs=0.2)


def test_a_live_phase_grows_until_now_and_the_last_one_of_a_good_run_is_done() -> None:
    live = run_of([("a", 0)], None, State.RUNNING)
    (bar,) = run_charts.phase_bars(live, ("a",), {}, START + timedelta(seconds=7))
    assert (bar.state, bar.took) == ("running", timedelta(seconds=7))
    (bar,) = run_charts.phase_bars(run_of([("a", 0)], 5, State.SUCCEEDED), ("a",), {}, START)
    assert bar.state == "done"


def test_a_run_of_one_step_waits_for_no_other() -> None:
    run = run_of([("b", 0)], 5, State.SUCCEEDED, steps=["b"])
    assert [bar.name for bar in run_charts.phase_bars(run, ("a", "b", "c"), {}, START)] == ["b"]


def test_nothing_at_all_is_spoken_of_in_the_plural() -> None:
    said = labels.headline({"listing": {"rows": 735}, "orders_matched": 0, "suggestions": {"created": 1}})
    assert said == "735 linhas, 0 OS analisadas, 1 sugestão nova"


def test_a_phase_with_nothing_to_do_has_no_bar(db: None, open_sample: Callable[..., JobRun]) -> None:
    run = open_sample()
    run.total = 0
    assert "progress" not in labels.progress(run)
