from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from pipeline.intake import read
from sistema_os.local.hotel import Hotel, export
from sistema_os.local.sample import Morning, Sample
from tests import stack
from tests.pipeline.intake.comparing import comparable

TODAY = date(2026, 3, 10)
YESTERDAY, DAY_BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)


def _sample(folder: Path, today: date = TODAY) -> Sample:
    assert stack.running is not None
    return Sample(folder, stack.running, today)


def _days(mornings: Iterator[Morning]) -> list[date]:
    return [morning.day for morning in mornings]


def test_three_dates_the_first_time_and_none_the_second(tmp_path: Path) -> None:
    assert _days(_sample(tmp_path).mornings()) == [DAY_BEFORE, YESTERDAY, TODAY]
    assert _days(_sample(tmp_path).mornings()) == []


def test_the_next_day_brings_one_date_and_a_month_later_three(tmp_path: Path) -> None:
    list(_sample(tmp_path).mornings())
    tomorrow, later = TODAY + timedelta(days=1), TODAY + timedelta(days=30)
    assert _days(_sample(tmp_path, tomorrow).mornings()) == [tomorrow]
    assert len(list(_sample(tmp_path, later).mornings())) == 3


def test_killed_while_a_date_is_worked_on_it_is_done_again_with_the_same_hotel(tmp_path: Path) -> None:
    mornings = _sample(tmp_path).mornings()
    assert next(mornings).day == DAY_BEFORE
    morning = next(mornings)
    before = [path.read_bytes() for path in morning.files]
    assert morning.day == YESTERDAY
    del mornings
    mornings = _sample(tmp_path).mornings()
    again = next(mornings)
    assert again.day == YESTERDAY
    assert [path.read_bytes() for path in again.files] == before


def test_three_mornings_come_in_three_layouts_and_are_read_exactly(tmp_path: Path) -> None:
    hotel = Hotel(7, start=DAY_BEFORE)
    endings = set()
    for _ in range(3):
        guests, orders = export(hotel, tmp_path)
        endings.add(guests.suffix)
        found = list(read(guests.read_bytes(), name=guests.name, date=hotel.date).lines)
        wanted = [
            {"line_id": f"L{line.guest.id}", "booking": f"R{line.booking.id}", "room": line.room, "status": line.status}
            | {"main": line.guest.main, "arrival": line.booking.arrival.isoformat()}
            for line in hotel.listing()
        ]
        assert [comparable(line, wanted[0]) for line in found] == [comparable(line, wanted[0]) for line in wanted]
        found = list(read(orders.read_bytes(), name=orders.name, date=hotel.date).lines)
        assert [(line["number"], line["status"], line["sector"]) for line in found] == [
            (order.number, order.status, order.sector) for order in hotel.orders
        ]
        hotel.advance()
    assert endings == {".csv", ".txt", ".xml"}


@pytest.mark.usefixtures("hotel_db")
def test_what_other_systems_know_completes_the_rows_that_the_door_wrote(
    tmp_path: Path, hotel_db: psycopg.Connection
) -> None:
    hotel_db.execute("insert into hospedes (pms_hospede_id, nome) select 'H' || n, 'X' from generate_series(1, 1200) n")
    hotel_db.commit()
    next(_sample(tmp_path).mornings()).complete()
    count = "select count(*) filter (where doc_numero is not null) > 100 from hospedes"
    assert hotel_db.execute(count).fetchone() == (True,)
    assert hotel_db.execute("select count(*) from inventario_uh").fetchone() != (0,)


def test_another_version_of_the_generator_never_mixes_its_hotel_into_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(mornings := _sample(tmp_path).mornings())
    next(mornings)
    monkeypatch.setattr("sistema_os.local.sample.GENERATOR", "another")
    assert _sample(tmp_path).outdated
    assert _days(_sample(tmp_path).mornings()) == []
    _sample(tmp_path).forget()
    assert not _sample(tmp_path).outdated


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text('{"first_day": "2026-')
    assert _sample(tmp_path).dates() == [DAY_BEFORE, YESTERDAY, TODAY]
