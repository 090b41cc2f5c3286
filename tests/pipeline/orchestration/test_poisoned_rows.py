"""A stay that cannot be read is left out, counted and named on the run; an order falls back to another date."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from matching.models import MatchSuggestion, Order
from pipeline import labels
from pipeline.models import JobRun, LogLine
from pipeline.models import State as RunState
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(hotel: SmallHotel) -> SmallHotel:
    hotel.stay("Ana Souza", "203")
    hotel.stay("Bruno Lima", "415")
    hotel.order("Ana 203 chuveiro frio")
    return hotel


def logged(run: JobRun) -> str:
    return "\n".join(LogLine.objects.filter(run=run).values_list("text", flat=True))


def first(order: int) -> int | None:
    return MatchSuggestion.objects.get(order=order, rank=1).stay_id


def dated_by(order: int) -> list[str]:
    """Levels of the reason that names the fallback of the opening date."""
    reasons = MatchSuggestion.objects.pending().get(order=order, rank=1).reasons
    return [reason["level"] for reason in reasons if reason["comparison"] == "date"]


def test_a_stay_that_ends_before_it_begins(house: SmallHotel) -> None:
    poisoned = house.stay("Caio Prado", "416", chegada="2026-03-12", saida="2026-03-09")
    done = run("pipeline_diario", D)
    assert (done.state, done.summary["skipped_rows"]) == (RunState.SUCCEEDED, 1)
    assert first(1) == 1
    assert f"{poisoned} of stays" in logged(done)
    assert "Caio" not in logged(done)


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01T00:00:00Z", "4713-01-01 00:00:00 BC"])
def test_an_order_opened_at_no_moment_of_this_calendar(house: SmallHotel, moment: str) -> None:
    poisoned = house.order("Bruno 415 toalha", aberta_em=moment)
    house.change("ordens_servico", poisoned, created_at="2026-03-09T18:00:00Z")
    done = run("pipeline_diario", D)
    assert (done.state, done.summary["skipped_rows"], done.summary["undated_orders"]) == (RunState.SUCCEEDED, 0, 1)
    assert (first(1), first(poisoned)) == (1, 2)
    assert dated_by(poisoned) == ["created_at"]
    assert Order.objects.get(pk=poisoned).opened_at == datetime(2026, 3, 9, 18, tzinfo=UTC)
    assert dict(labels.summary_rows(done.summary))["OS sem data de abertura legível"] == "1"
    assert run("rematch", D).summary["undated_orders"] == 1
    house.change("ordens_servico", poisoned, aberta_em="2026-03-09T17:00:00Z")
    assert run("pipeline_diario", D + timedelta(1)).summary["undated_orders"] == 0
    assert dated_by(poisoned) == [], "once the hotel has corrected it, its own date counts"


def test_an_order_without_any_readable_date_counts_as_opened_on_the_business_date(house: SmallHotel) -> None:
    poisoned = house.order("Bruno 415 toalha", aberta_em="infinity", created_at="-infinity")
    done = run("pipeline_diario", D)
    assert (done.state, done.summary["undated_orders"]) == (RunState.SUCCEEDED, 1), done.reason
    assert first(poisoned) == 2
    assert dated_by(poisoned) == ["business_date"]


@pytest.mark.parametrize(
    "columns", [{"saida": "infinity"}, {"chegada": "-infinity"}, {"saida": "20000-01-01"}], ids=str
)
def test_a_stay_on_no_day_of_this_calendar(house: SmallHotel, columns: dict[str, Any]) -> None:
    order = house.order("Caio 416 toalha")
    poisoned = house.stay("Caio Prado", "416", **columns)
    done = run("pipeline_diario", D)
    assert (done.state, done.summary["skipped_rows"]) == (RunState.SUCCEEDED, 1), done.reason
    assert first(1) == 1
    assert not MatchSuggestion.objects.filter(stay=poisoned).exists()
    house.change("listagem_hospedes", poisoned, chegada="2026-03-08", saida="2026-03-14")
    house.next_morning()
    assert run("pipeline_diario", D + timedelta(1)).summary["skipped_rows"] == 0
    assert first(order) == poisoned, "once the hotel has put it right it is offered"


@pytest.mark.parametrize(
    "text",
    ["x" * 200_000, "203 " * 5_000, "\u202eana\u202c 203", "🛁" * 2_000, "Ana\x0b203\x1f"],
    ids=["very long", "a thousand rooms", "right to left", "emoji", "control characters"],
)
def test_a_text_of_any_kind_is_matched_or_left_without_breaking_the_run(house: SmallHotel, text: str) -> None:
    house.order(text)
    done = run("pipeline_diario", D)
    assert done.state == RunState.SUCCEEDED, done.reason
    assert done.summary["orders_matched"] == 2
    assert first(1) == 1


def test_the_count_stands_on_the_run_in_words(house: SmallHotel) -> None:
    house.stay("Caio Prado", "416", chegada="2026-03-12", saida="2026-03-09")
    shown = dict(labels.summary_rows(run("pipeline_diario", D).summary))
    assert shown["OS que não puderam ser analisadas"] == "1"
