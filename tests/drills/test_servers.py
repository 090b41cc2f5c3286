"""PostgreSQL and PostgREST restarted under a run of the real pipeline, which the queue executes."""

import signal

import pytest

from pipeline.models import LIVE, State
from tests.drills.house import FAST, IMMEDIATE, House
from tests.drills.record import Drill
from tests.pipeline.waiting import until

pytestmark = [pytest.mark.slow_drill, pytest.mark.timeout(300)]
_LIVE = [str(state) for state in LIVE]


def state_of(house: House, run: int) -> str:
    return str(house.ask("select state from pipeline_jobrun where id = %s", run))


def over(house: House, run: int) -> bool:
    return bool(house.ask("select count(*) from pipeline_jobrun where id = %s and state <> all(%s)", run, _LIVE))


def in_phase(house: House, run: int, phase: str) -> bool:
    return bool(house.ask("select count(*) from pipeline_beat where run_id = %s and phase = %s", run, phase))


@pytest.mark.drill("PostgreSQL restarted under a run in the queue", within=60.0)
@pytest.mark.parametrize("how", [FAST, IMMEDIATE], ids=["fast", "immediate"])
def test_a_restart_of_postgres_ends_the_run_and_the_queue_goes_on(
    house: House, drill: Drill, how: signal.Signals
) -> None:
    cluster = house.start("qcluster", DRILL_PACE="0.2")
    run = house.queue()
    until(lambda: in_phase(house, run, "matching"))
    with drill.clock():
        house.restart_postgres(how)
        until(lambda: over(house, run))
    ended = state_of(house, run)
    after = house.queue()
    until(lambda: over(house, after))
    assert state_of(house, after) == State.SUCCEEDED
    if ended != State.SUCCEEDED:
        assert ended == State.FAILED
        assert "DATABASE_URL" in str(house.ask("select reason from pipeline_jobrun where id = %s", run))
    drill.compare(house.both(), house.wanted)
    assert house.both() == house.wanted
    cluster.terminate()
    assert cluster.wait(30) == 0
    drill.done += f" ({'fast' if how == FAST else 'immediate'})"
    drill.seen = f"{ended}; the same queue ran it again, same tables"


@pytest.mark.drill("PostgREST restarted under a run", within=60.0)
@pytest.mark.parametrize("phase", ["listing", "mirror"])
def test_a_restart_of_postgrest_is_got_over(house: House, drill: Drill, phase: str) -> None:
    run = house.start("pipeline_diario", "--date", str(house.date), DRILL_PACE="0.2")
    until(lambda: house.ask("select count(*) from pipeline_beat where phase = %s", phase))
    with drill.clock():
        house.restart_postgrest()
        code = run.wait(60)
    if code:
        assert house.run("pipeline_diario", "--date", str(house.date)) == 0
    drill.compare(house.both(), house.wanted)
    assert house.both() == house.wanted
    drill.done += f", in {phase}"
    drill.seen = "same tables; the run " + ("ended and was run again" if code else "waited and went on")
