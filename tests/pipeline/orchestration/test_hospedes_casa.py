"""The photo of the house on the hotel's own tables."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline.hotel.house_photo import HouseChange, compare
from pipeline.models import State
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def photo(hotel: SmallHotel, day: Any = D) -> list[tuple[Any, ...]]:
    query = "select listagem_id, uh, nome_listagem, pax from hospedes_casa where data_hoteleira = %s order by 1"
    return hotel.database.execute(query, [day]).fetchall()


def test_the_photo_shows_who_is_in_the_house_and_nobody_else(hotel: SmallHotel) -> None:
    reservation = hotel.booking(adultos=2, criancas=1)
    ana = hotel.stay("Ana Souza", "     203", reservation=reservation, titular=True)
    hotel.stay("Bruno Lima", "415", status="confirmada")
    hotel.stay("Caio Reis", "500", status="saida")
    hotel.stay("Davi Melo", "501", removido_em="2026-03-10T06:00:00Z")
    hotel.stay("Edu Paz", None)
    done = run("hospedes_casa", D)
    assert done.state == State.SUCCEEDED
    assert photo(hotel) == [(ana, "203", "Ana Souza", 3)]
    assert done.summary["rows"] == 1
    assert done.summary["without_room"] == 1


def test_a_departure_on_no_day_of_this_calendar_is_photographed_as_it_stands(hotel: SmallHotel) -> None:
    endless = hotel.stay("Ana Souza", "203", saida="infinity")
    for _ in range(2):
        assert run("hospedes_casa", D).state == State.SUCCEEDED
    assert photo(hotel) == [(endless, "203", "Ana Souza", 1)]


def test_the_summary_says_who_arrived_left_and_moved_since_the_photo_before(hotel: SmallHotel) -> None:
    ana, bruno = hotel.stay("Ana Souza", "203"), hotel.stay("Bruno Lima", "415")
    hotel.stay("Caio Reis", "500")
    run("hospedes_casa", D)
    hotel.change("listagem_hospedes", ana, uh="204")
    hotel.change("listagem_hospedes", bruno, status="saida")
    hotel.stay("Davi Melo", "501")
    hotel.stay("Edu Paz", "502")
    summary = run("hospedes_casa", D + timedelta(1)).summary
    counts = {name: summary[name] for name in ("arrived", "left", "moved", "stayed")}
    assert counts == {"arrived": 2, "left": 1, "moved": 1, "stayed": 1}


def test_a_second_photo_of_the_same_date_corrects_the_first(hotel: SmallHotel) -> None:
    ana, bruno = hotel.stay("Ana Souza", "203"), hotel.stay("Bruno Lima", "415")
    run("hospedes_casa", D)
    hotel.change("listagem_hospedes", ana, uh="204")
    hotel.change("listagem_hospedes", bruno, status="saida")
    summary = run("hospedes_casa", D).summary
    assert [(row[0], row[1]) for row in photo(hotel)] == [(ana, "204")]
    assert (summary["written"], summary["removed"]) == (1, 1)


def test_another_dates_photo_is_left_alone(hotel: SmallHotel) -> None:
    ana = hotel.stay("Ana Souza", "203")
    run("hospedes_casa", D)
    hotel.change("listagem_hospedes", ana, uh="204")
    run("hospedes_casa", D + timedelta(1))
    assert photo(hotel)[0][1] == "203"
    assert photo(hotel, D + timedelta(1))[0][1] == "204"


def test_an_empty_house_after_a_full_one_is_doubted_and_not_written(hotel: SmallHotel) -> None:
    ana = hotel.stay("Ana Souza", "203")
    run("hospedes_casa", D)
    hotel.change("listagem_hospedes", ana, status="saida")
    done = run("hospedes_casa", D + timedelta(1))
    assert done.state == State.PARTIAL
    assert done.reason
    assert photo(hotel, D + timedelta(1)) == []


def test_no_photo_is_taken_of_a_listing_that_is_held(hotel: SmallHotel) -> None:
    stays = [hotel.stay(f"Ana {number}", str(100 + number)) for number in range(30)]
    run("pipeline_diario", D)
    hotel.next_morning()
    for stay in stays[5:]:
        hotel.change("listagem_hospedes", stay, removido_em="2026-03-11T06:00:00Z")
    run("pipeline_diario", D + timedelta(1))
    done = run("hospedes_casa", D + timedelta(1))
    assert done.state == State.PARTIAL
    assert done.reason
    assert photo(hotel, D + timedelta(1)) == []


def test_an_earlier_date_gets_no_photo_of_todays_house(hotel: SmallHotel) -> None:
    ana = hotel.stay("Ana Souza", "203")
    run("hospedes_casa", D)
    hotel.change("listagem_hospedes", ana, status="saida")
    run("pipeline_diario", D + timedelta(2))
    done = run("hospedes_casa", D)
    assert done.state == State.FAILED
    assert "12/03/2026" in done.reason
    assert [row[0] for row in photo(hotel)] == [ana]


def test_the_first_photo_compares_with_nothing() -> None:
    assert compare([], [{"listagem_id": 1, "uh": "203"}]) == HouseChange(arrived=1, left=0, moved=0, stayed=0)
