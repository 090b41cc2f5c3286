"""The full re-match: what the daily run left out is found, what it did is confirmed, and what people said stands."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.core import Model
from matching.learning import model_registry
from matching.models import MatchSuggestion, ModelVersion
from matching.models.choices import State
from matching.review import service
from pipeline.models import State as RunState
from tests.conftest import SampleHotel
from tests.mornings import hotel_content, own_content, run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

# What a few days of other names in the house do to a probability, at most.
DRIFT = 0.02

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def pending() -> dict[tuple[int, int | None], Any]:
    found = MatchSuggestion.objects.filter(state=State.PENDING)
    return {(s.order_id, s.stay_id): (s.probability, s.rank) for s in found}


def states() -> list[tuple[Any, ...]]:
    decided = MatchSuggestion.objects.filter(decision__isnull=False).order_by("pk")
    return list(decided.values_list("pk", "state", "probability", "version", "decision_id", "updated_at"))


@pytest.fixture
def ana(transactional_db: None) -> User:
    return User.objects.create_superuser("ana")


@pytest.fixture
def house(hotel: SmallHotel) -> SmallHotel:
    hotel.stay("Ana Souza", "203")
    hotel.stay("Bruno Lima", "415")
    hotel.stay("Caio Prado", "416")
    hotel.order("Ana 203 chuveiro frio")
    hotel.order("Bruno 415 toalha")
    run("pipeline_diario", D)
    return hotel


def test_right_after_the_daily_run_there_is_nothing_to_change(house: SmallHotel) -> None:
    before = pending(), hotel_content(house.database)["sugestoes_match"]
    done = run("rematch", D)
    made = done.summary["suggestions"]
    assert (done.state, done.summary["orders_matched"]) == (RunState.SUCCEEDED, 2)
    assert (made["created"], made["rescored"], made["superseded"]) == (0, 0, 0)
    assert made["unchanged"] == len(before[0])
    assert (pending(), hotel_content(house.database)["sugestoes_match"]) == before


def test_what_was_lost_is_made_again(house: SmallHotel) -> None:
    before = pending()
    MatchSuggestion.objects.filter(order=1, rank=1).delete()
    assert run("pipeline_diario", D).summary["orders_matched"] == 0
    dry = run("rematch", D, dry_run=True)
    lost = len(before) - len(pending())
    assert dry.summary["suggestions"]["created"] == lost > 0
    assert run("rematch", D).summary["suggestions"]["created"] == lost
    assert pending() == before


def test_a_dry_run_counts_exactly_and_writes_nothing(house: SmallHotel) -> None:
    """A new order and another text: what the dry run counts is what the run then does."""
    house.order("Caio 416 lâmpada")
    house.change("ordens_servico", 2, descricao="Caio 416 toalha")
    before = own_content(), hotel_content(house.database)
    dry = run("rematch", D, dry_run=True)
    assert (own_content(), hotel_content(house.database)) == before
    assert dry.summary["suggestions"] == run("rematch", D).summary["suggestions"]


def test_an_accepted_link_and_a_rejected_pair_stay_as_they_are(house: SmallHotel, ana: User) -> None:
    service.decide(ana, MatchSuggestion.objects.get(order=1, rank=1).pk, "accept", None)
    service.decide(ana, MatchSuggestion.objects.get(order=2, rank=1).pk, "reject", None)
    decided = states()
    done = run("rematch", D)
    assert done.summary["orders_matched"] == 1
    assert done.summary["suggestions"]["withheld"] == 1
    assert states() == decided
    assert (2, 2) not in pending()


def test_changes_that_wait_for_the_daily_run_still_wait_after_it(house: SmallHotel) -> None:
    house.change("listagem_hospedes", 1, status="cancelada")
    house.next_morning()
    run("pipeline_diario", D + timedelta(1), steps=["listing", "orders"])
    assert run("rematch", D + timedelta(1)).summary["expired"] == 0
    assert MatchSuggestion.objects.get(order=1, stay=1).state != State.EXPIRED
    assert run("pipeline_diario", D + timedelta(1)).summary["expired"] > 0


def test_the_model_in_use_scores_and_is_named(house: SmallHotel) -> None:
    dull = model_registry.numbers_of(Model()) | {"sharpness": 0.8}
    model_registry.promote(ModelVersion.objects.create(version="dull", numbers=dull, origin="trained"))
    done = run("rematch", D)
    assert done.summary["model"] == "dull"
    assert done.summary["suggestions"]["rescored"] > 0
    assert set(MatchSuggestion.objects.values_list("model_version", flat=True)) == {"dull"}


def test_a_model_that_nobody_can_read_gives_way_to_the_program_s_own_and_the_run_says_so(house: SmallHotel) -> None:
    model_registry.promote(ModelVersion.objects.create(version="odd", numbers={"sharpness": 1.0}, origin="trained"))
    ModelVersion.objects.filter(version="odd").update(numbers={"comparisons": 5})
    done = run("rematch", D)
    assert done.state == RunState.PARTIAL
    assert "odd" in done.reason
    assert done.summary["model"] == Model().version


def test_every_suggestion_names_a_version_that_can_be_looked_up(house: SmallHotel) -> None:
    names = set(MatchSuggestion.objects.values_list("model_version", flat=True))
    assert names
    for name in names:
        found = model_registry.resolve(name)
        assert found is not None
        assert model_registry.load(found).version == name


def test_morning_after_morning_the_daily_run_leaves_what_a_full_rematch_would(
    sample_hotel: Callable[..., SampleHotel],
) -> None:
    """Only what changed is matched each day. Names grow rarer and commoner meanwhile, so a probability drifts a little;
    no candidate appears or goes by it, and no order that is clear gets another first one."""
    sample = sample_hotel(seed=11, days=1, rooms=40)
    matched = 0
    for morning in range(6):
        if morning:
            sample.advance()
        done = run("pipeline_diario", sample.business_date)
        assert done.state == RunState.SUCCEEDED, done.reason
        matched += done.summary["orders_matched"]
    daily = pending()
    made = run("rematch", sample.business_date).summary["suggestions"]
    full = pending()
    assert matched > made["unchanged"] > 20, "there was something to compare"
    assert (made["created"], made["superseded"]) == (0, 0)
    assert full.keys() == daily.keys()
    assert max(abs(float(full[pair][0] - daily[pair][0])) for pair in full) < DRIFT


def test_a_no_of_yesterday_leaves_its_share_to_the_others_this_morning(hotel: SmallHotel, ana: User) -> None:
    hotel.stay("Ana Souza", "203")
    hotel.stay("Ana Lima", "203")
    order = hotel.order("Ana 203 chuveiro frio")
    run("pipeline_diario", D)
    first, second = MatchSuggestion.objects.filter(order=order, stay__isnull=False).order_by("rank")
    service.decide(ana, first.pk, "reject", None)
    done = run("pipeline_diario", D + timedelta(1))
    assert done.summary["orders_matched"] == 1
    before, after = second.probability, MatchSuggestion.objects.get(pk=second.pk).probability
    assert after > before
    assert run("pipeline_diario", D + timedelta(1)).summary["suggestions"]["rescored"] == 0
    decision = MatchSuggestion.objects.get(pk=first.pk).decision
    assert decision is not None
    service.undo(ana, decision.pk)
    run("pipeline_diario", D + timedelta(2))
    assert MatchSuggestion.objects.get(pk=second.pk).probability == before
    assert MatchSuggestion.objects.get(pk=first.pk).state == State.PENDING


def test_an_order_that_nobody_fitted_is_tried_again_when_the_list_changes(hotel: SmallHotel) -> None:
    """However long ago it was opened: the guest may have been written into the list only now."""
    for number in range(12):
        hotel.stay(f"{GIVEN[number % 4]} Prado", f"50{number}")
    order = hotel.order("Sr. Ottokar Wyszynski pede toalha", aberta_em="2026-03-08T18:00:00Z")
    done = run("pipeline_diario", D)
    assert (done.summary["orders_matched"], done.summary["unanswered"]) == (1, 1)
    assert run("pipeline_diario", D + timedelta(1)).summary["orders_matched"] == 0, "nothing changed"
    guest = hotel.stay("Ottokar Wyszynski", "410")
    hotel.next_morning()
    assert run("pipeline_diario", D + timedelta(2)).summary["orders_matched"] == 1
    assert MatchSuggestion.objects.get(order=order, rank=1).stay_id == guest


GIVEN = ("Helena", "Bruno", "Renata", "Paula")
