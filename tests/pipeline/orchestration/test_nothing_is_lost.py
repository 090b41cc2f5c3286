"""The main job broken off anywhere: nothing lost, nothing doubled, nothing written by a run that is over."""

from datetime import timedelta
from typing import Any

import pytest

from matching import suggestion_manager
from matching.models import Alert, MatchSuggestion
from matching.models.choices import State
from pipeline.models import JobRun, Trigger
from pipeline.models import State as RunState
from pipeline.orchestration import matching_step
from pipeline.orchestration.matching_step import MatchingStep
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from snapshots import snapshot_manager
from snapshots.models import Source
from tests.mornings import hotel_content, own_content, run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel
from tests.pipeline.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def busy(hotel: SmallHotel) -> SmallHotel:
    """Five guests, five orders, matched one by one."""
    for number in range(5):
        hotel.stay(f"{NAMES[number]} Souza", f"20{number}")
        hotel.order(f"{NAMES[number]} 20{number} chuveiro frio")
    return hotel


NAMES = ("Ana", "Bruno", "Caio", "Dora", "Elza")


def pending() -> dict[tuple[int, int | None], Any]:
    found = MatchSuggestion.objects.filter(state=State.PENDING)
    return {(s.order_id, s.stay_id): (s.probability, s.rank) for s in found}


def break_off(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, after: int = 0) -> None:
    """The function works `after` times and then raises, as a crash would end it."""
    calls = 0
    working = getattr(place, name)

    def breaking(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise RuntimeError("the machine went down")
        return working(*args, **kwargs)

    monkeypatch.setattr(place, name, breaking)


def uninterrupted(busy: SmallHotel) -> dict[tuple[int, int | None], Any]:
    run("pipeline_diario", D)
    wanted = pending()
    assert len({order for order, _ in wanted}) == 5
    return wanted


@pytest.mark.parametrize(
    ("place", "name", "after"),
    [
        (MatchingStep, "decide", 0),
        (matching_step, "match_orders", 0),
        (MatchingStep, "_begin", 0),
        (MatchingStep, "_publish", 0),
        (MatchingStep, "_publish", 2),
        (MatchingStep, "_close", 0),
        (suggestion_manager, "mirror", 0),
    ],
    ids=["before the diff", "in the engine", "before expiring", "before the first chunk", "between two chunks",
         "before the cursor moves", "before the mirror"],
)  # fmt: skip
def test_a_crash_anywhere_after_the_snapshot_loses_nothing(
    busy: SmallHotel, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, after: int
) -> None:
    monkeypatch.setattr(matching_step, "CHUNK", 1)
    with monkeypatch.context() as broken:
        break_off(broken, place, name, after)
        assert run("pipeline_diario", D).state == RunState.FAILED
    done = run("pipeline_diario", D)
    assert done.state == RunState.SUCCEEDED
    assert done.summary["listing"]["state"] == "same", "the crash came after the snapshot was published"
    after_crash = pending()
    assert len(MatchSuggestion.objects.all()) == len(after_crash), "nothing doubled"
    assert len(hotel_content(busy.database)["sugestoes_match"]) == len(after_crash)
    assert {order for order, _ in after_crash} == {1, 2, 3, 4, 5}


def test_an_expiry_that_crashed_half_way_is_done_by_the_next_run_with_its_alert(
    hotel: SmallHotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana 203 chuveiro frio")
    linked = hotel.order("Ana 203 toalha")
    hotel.stay("Bruno Lima", "415")
    run("pipeline_diario", D)
    hotel.database.execute("select vincular_os(%s, 1, %s, 'ana', 0.9)", [linked, ana])
    hotel.change("listagem_hospedes", ana, status="cancelada")
    hotel.next_morning()
    with monkeypatch.context() as broken:
        break_off(broken, MatchingStep, "_close")
        assert run("pipeline_diario", D + timedelta(1)).state == RunState.FAILED
    assert not Alert.objects.exists()
    run("pipeline_diario", D + timedelta(1))
    assert MatchSuggestion.objects.get(order=order, stay=ana).state == State.EXPIRED
    assert Alert.objects.get().order_id == linked


def test_a_resumed_run_goes_on_behind_the_last_committed_chunk(
    busy: SmallHotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_step, "CHUNK", 1)
    with monkeypatch.context() as broken:
        break_off(broken, MatchingStep, "_publish", after=3)
        failed = run("pipeline_diario", D)
    assert failed.checkpoint["last_order"] == 3
    published: list[int] = []
    working = suggestion_manager.publish

    def recording(result: Any, *, orders: Any, **rest: Any) -> Any:
        published.extend(orders)
        return working(result, orders=orders, **rest)

    monkeypatch.setattr(suggestion_manager, "publish", recording)
    resumed = execute(lifecycle.resume(failed).pk)
    assert resumed.state == RunState.SUCCEEDED
    assert published == [4, 5]
    assert {order for order, _ in pending()} == {1, 2, 3, 4, 5}
    assert resumed.checkpoint == {}


def test_a_checkpoint_of_other_changes_is_not_believed(busy: SmallHotel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching_step, "CHUNK", 1)
    with monkeypatch.context() as broken:
        break_off(broken, MatchingStep, "_publish", after=3)
        failed = run("pipeline_diario", D)
    busy.change("ordens_servico", 1, descricao="Bruno 201 chuveiro frio")
    resumed = execute(lifecycle.resume(failed).pk)
    assert resumed.state == RunState.SUCCEEDED
    assert MatchSuggestion.objects.get(order=1, rank=1, state=State.PENDING).texto_versao == 2


@pytest.mark.parametrize(
    ("place", "name"),
    [(snapshot_manager, "begin"), (matching_step, "match_orders"), (MatchingStep, "_close")],
    ids=["while reading", "while matching", "before the cursor moves"],
)
def test_a_run_declared_lost_that_goes_on_writes_nothing_any_more(
    busy: SmallHotel, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    """From the moment somebody else ended it, neither database changes, but for what keeps the run's own story."""
    working = getattr(place, name)
    seen: dict[str, Any] = {}

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        answer = working(*args, **kwargs) if name != "_close" else None
        live = JobRun.objects.live().get()
        assert lifecycle.force_end(live, RunState.LOST, "drill")
        seen["before"] = own_content(), hotel_content(busy.database)
        return working(*args, **kwargs) if name == "_close" else answer

    monkeypatch.setattr(place, name, overtaken)
    assert run("pipeline_diario", D).state == RunState.LOST
    assert (own_content(), hotel_content(busy.database)) == seen["before"]


def test_a_cancelled_run_stops_between_chunks_and_keeps_what_was_committed(
    busy: SmallHotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_step, "CHUNK", 1)
    working = MatchingStep._publish

    def cancelling(self: MatchingStep, *args: Any) -> None:
        working(self, *args)
        lifecycle.request_cancel(JobRun.objects.live().get())
        until(lambda: self.context._control.stop == "cancel")

    monkeypatch.setattr(MatchingStep, "_publish", cancelling)
    done = run("pipeline_diario", D)
    assert done.state == RunState.CANCELLED
    assert len({order for order, _ in pending()}) == 1
    monkeypatch.undo()
    run("pipeline_diario", D)
    assert {order for order, _ in pending()} == {1, 2, 3, 4, 5}


def test_one_step_alone_matches_against_what_is_in_force(busy: SmallHotel) -> None:
    wanted = uninterrupted(busy)
    order = busy.order("Elza 204 pediu toalha")
    opened = lifecycle.open_run("pipeline_diario", business_date=D, trigger=Trigger.ADMIN, steps=["orders"])
    assert execute(opened.pk).state == RunState.SUCCEEDED
    assert pending() == wanted
    opened = lifecycle.open_run("pipeline_diario", business_date=D, trigger=Trigger.ADMIN, steps=["matching"])
    done = execute(opened.pk)
    assert (done.state, done.summary["orders_matched"]) == (RunState.SUCCEEDED, 1)
    assert (order, 5) in pending()


def test_without_any_listing_in_force_no_order_is_judged(hotel: SmallHotel) -> None:
    hotel.order("Ana 203 chuveiro frio")
    done = run("pipeline_diario", D)
    assert done.state == RunState.PARTIAL
    assert done.reason
    assert not MatchSuggestion.objects.exists()
    hotel.stay("Ana Souza", "203")
    assert run("pipeline_diario", D).summary["orders_matched"] == 1


def test_while_the_orders_are_held_nothing_is_matched_and_the_work_waits(busy: SmallHotel) -> None:
    run("pipeline_diario", D)
    source = Source.objects.filter(name="ordens_servico")
    source.update(changed_floor=0, changed_share=0)
    busy.change("ordens_servico", 1, descricao="Bruno 201 chuveiro frio")
    done = run("pipeline_diario", D)
    assert (done.state, done.summary["orders"]["state"]) == (RunState.PARTIAL, "held")
    assert "orders_matched" not in done.summary
    source.update(changed_floor=200)
    assert run("pipeline_diario", D).summary["orders_matched"] == 1


def test_a_listing_longer_than_one_answer_is_read_to_its_end(hotel: SmallHotel) -> None:
    reservation = hotel.booking()
    hotel.database.execute(
        "insert into listagem_hospedes (reserva_id, nome_listagem, status, uh, chegada, saida, visto_em)"
        " select %s, 'Hóspede ' || n, 'na_casa', n::text, '2026-03-08', '2026-03-14', '2026-03-10T09:00:00Z'"
        " from generate_series(1, 2345) n",
        [reservation],
    )
    done = run("pipeline_diario", D)
    assert done.summary["listing"]["rows"] == done.summary["listing"]["new"] == 2345


def test_the_documents_of_the_guests_stand_nowhere_in_our_database(hotel: SmallHotel) -> None:
    hotel.stay("Ana Souza", "203", doc="52998224725")
    hotel.order("Ana 203 CPF 529.982.247-25 nota fiscal")
    run("pipeline_diario", D)
    everything = str(own_content()) + str(hotel_content(hotel.database)["sugestoes_match"])
    assert "Ana Souza" in everything
    for written in ("52998224725", "529.982.247-25", "529982247"):
        assert written not in everything
