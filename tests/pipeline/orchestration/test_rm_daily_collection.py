"""On the books, from the hotel's reservations to `rm_diario`."""

from datetime import date, timedelta
from typing import Any

import pytest

from pipeline.jobs import rm_daily_collection
from pipeline.models import State
from tests.mornings import hotel_content, run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hotel(hotel: SmallHotel) -> SmallHotel:
    hotel.database.execute(
        "insert into inventario_uh values ('STD', '2026-01-01', 60, 2), ('LUX', '2026-01-01', 20, 0)"
    )
    return hotel


def night(hotel: SmallHotel, stay: date, room_type: str, collected: date = D) -> Any:
    query = (
        "select uh_vendidas, receita, ocupacao, diaria_media from rm_diario"
        " where (data_coleta, data_estadia, tipo_uh) = (%s, %s, %s)"
    )
    return hotel.database.execute(query, [collected, stay, room_type]).fetchone()


def test_a_year_of_stay_dates_is_collected_by_room_type_and_in_total(hotel: SmallHotel) -> None:
    hotel.booking(chegada_prevista=D, saida_prevista=D + timedelta(2), diaria=300)
    hotel.booking(chegada_prevista=D, saida_prevista=D + timedelta(2), diaria=500, tipo_uh="LUX")
    done = run("rm_daily_collection", D)
    assert done.state == State.SUCCEEDED, done.reason
    assert done.summary["rows"] == done.summary["written"] == 366 * 3
    sold, revenue, occupancy, rate = night(hotel, D + timedelta(1), "TOTAL")
    assert (sold, float(revenue), round(float(occupancy), 4), float(rate)) == (2, 800.0, round(2 / 78, 4), 400.0)
    assert night(hotel, D + timedelta(365), "TOTAL")[0] == 0
    assert done.summary["tonight"] == {"sold": 2, "occupancy": 0.0256, "average_rate": 400.0}


def test_more_reservations_than_one_answer_holds_are_all_counted(hotel: SmallHotel) -> None:
    hotel.database.execute(
        "insert into reservas (num_reserva, status, chegada_prevista, saida_prevista, tipo_uh, diaria)"
        " select 'X' || n, 'confirmada', %s, %s, 'STD', 100 from generate_series(1, 2345) n",
        [D, D + timedelta(1)],
    )
    run("rm_daily_collection", D)
    assert night(hotel, D, "STD")[0] == 2345


def test_a_later_date_is_a_photo_of_its_own_and_pickup_their_difference(hotel: SmallHotel) -> None:
    arrival = D + timedelta(10)
    hotel.booking(status="confirmada", chegada_prevista=arrival, saida_prevista=arrival + timedelta(1))
    run("rm_daily_collection", D)
    hotel.booking(status="confirmada", chegada_prevista=arrival, saida_prevista=arrival + timedelta(1))
    run("rm_daily_collection", D + timedelta(1))
    first, second = night(hotel, arrival, "STD"), night(hotel, arrival, "STD", D + timedelta(1))
    assert second[0] - first[0] == 1


def test_a_corrected_second_collection_of_a_date_writes_only_what_differs(hotel: SmallHotel) -> None:
    booking = hotel.booking(chegada_prevista=D, saida_prevista=D + timedelta(2))
    run("rm_daily_collection", D)
    before = hotel_content(hotel.database)["rm_diario"]
    assert run("rm_daily_collection", D).summary["written"] == 0
    assert hotel_content(hotel.database)["rm_diario"] == before
    hotel.change("reservas", booking, diaria=555)
    # Two nights, each for its type and for the total.
    assert run("rm_daily_collection", D).summary["written"] == 4


@pytest.mark.parametrize(
    "dates",
    [{"saida_prevista": "infinity"}, {"chegada_prevista": "-infinity"}, {"saida_prevista": "20000-01-01"}],
    ids=str,
)
def test_a_reservation_on_no_day_of_this_calendar_is_left_out_counted_and_named(
    hotel: SmallHotel, dates: dict[str, Any]
) -> None:
    usual = {"chegada_prevista": D, "saida_prevista": D + timedelta(2), "diaria": 300}
    hotel.booking(**usual)
    poisoned = hotel.booking(**{**usual, **dates})
    done = run("rm_daily_collection", D)
    assert (done.state, done.summary["unreadable_bookings"]) == (State.PARTIAL, 1), done.reason
    assert f": {poisoned}." in done.reason
    assert night(hotel, D, "TOTAL")[0] == 1
    hotel.change("reservas", poisoned, chegada_prevista=D, saida_prevista=D + timedelta(2))
    assert run("rm_daily_collection", D).state == State.SUCCEEDED
    assert night(hotel, D, "TOTAL")[0] == 2


def test_without_an_inventory_the_run_fails_in_one_sentence(hotel: SmallHotel) -> None:
    hotel.database.execute("delete from inventario_uh")
    done = run("rm_daily_collection", D)
    assert done.state == State.FAILED
    assert done.reason
    assert hotel_content(hotel.database)["rm_diario"] == []


def test_a_collector_that_fails_fails_the_run_and_writes_nothing(
    hotel: SmallHotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rm_daily_collection, "COLLECTOR", "tests.pipeline.orchestration.collectors")
    monkeypatch.setenv("COLLECTOR_TEST", "fails")
    done = run("rm_daily_collection", D)
    assert done.state == State.FAILED
    assert "3" in done.reason
    assert hotel_content(hotel.database)["rm_diario"] == []
