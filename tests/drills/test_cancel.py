"""A person cancels the real pipeline in each of its phases; resumed, it ends in the tables of an undisturbed run."""

import signal
import subprocess
from collections.abc import Callable
from functools import partial

import pytest

from pipeline.models import JobRun, State
from pipeline.orchestration.listagem_hospedes_orchestrator import STEPS
from pipeline.runs import lifecycle
from tests.drills.morning import Content, Morning
from tests.drills.record import Drill
from tests.pipeline.waiting import beaten, until

Started = Callable[..., subprocess.Popen[bytes]]
pytestmark = [pytest.mark.usefixtures("children_see_the_test"), pytest.mark.timeout(600), pytest.mark.slow_drill]
ROUNDS = 2


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1) + 0.5)]


@pytest.mark.drill("cancel in each phase of the real pipeline; resumed", within=15.0)
def test_a_cancel_in_any_phase_is_obeyed_and_what_is_resumed_ends_the_same(
    morning: Morning, both: Content, started: Started, drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert started("runjob", str(morning.open().pk)).wait(60) == 0
    wanted = both()
    took: list[float] = []
    for number in range(ROUNDS):
        for phase in STEPS:
            morning.again()
            monkeypatch.setenv("DRILL_PACE", "0.5")
            monkeypatch.setenv("DRILL_SLOW_IN", phase)
            cancelled, seconds = cancel_in(phase, morning, started)
            took.append(seconds)
            monkeypatch.setenv("DRILL_PACE", "0")
            if number == 0:
                assert started("runjob", str(lifecycle.resume(cancelled).pk)).wait(60) == 0
                drill.compare(both(), wanted)
                assert both() == wanted
    drill.took(max(took))
    drill.at_most("cancel of a healthy run, p95, s", p95(took), 1.0)
    drill.seen = f"{len(took)} cancels, p95 {p95(took):.2f} s; same tables"


def cancel_in(phase: str, morning: Morning, started: Started) -> tuple[JobRun, float]:
    """From the request to the recorded end, by the database's clock."""
    run = morning.open()
    child = started("runjob", str(run.pk))
    until(partial(beaten, run, phase))
    assert lifecycle.request_cancel(run)
    assert child.wait(30) == 130
    run.refresh_from_db()
    assert (run.state, run.phase) == (State.CANCELLED, phase)
    request = lifecycle.cancel_requested(run.pk)
    assert request is not None
    assert run.finished_at is not None
    return run, (run.finished_at - request.at).total_seconds()


@pytest.mark.drill("SIGTERM to the real pipeline's process in mid-run; resumed", within=15.0)
def test_a_service_that_stops_loses_nothing(
    morning: Morning, both: Content, started: Started, drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert started("runjob", str(morning.open().pk)).wait(60) == 0
    wanted = both()
    morning.again()
    monkeypatch.setenv("DRILL_PACE", "0.3")
    run = morning.open()
    child = started("runjob", str(run.pk))
    until(lambda: beaten(run, "matching"))
    with drill.clock():
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 130
    monkeypatch.setenv("DRILL_PACE", "0")
    run.refresh_from_db()
    assert started("runjob", str(lifecycle.resume(run).pk)).wait(60) == 0
    drill.compare(both(), wanted)
    assert both() == wanted
    drill.seen = "cancelled at a checkpoint; resumed, same tables"
