from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from sistema_os.local.sample import Sample
from tests import stack

TODAY = date(2026, 3, 10)
YESTERDAY, DAY_BEFORE = TODAY - timedelta(days=1), TODAY - timedelta(days=2)


def _sample(folder: Path, today: date = TODAY) -> Sample:
    assert stack.running is not None
    return Sample(folder, stack.running, today)


@pytest.mark.usefixtures("hotel_db")
def test_three_dates_the_first_time_and_none_the_second(tmp_path: Path) -> None:
    assert list(_sample(tmp_path).mornings()) == [DAY_BEFORE, YESTERDAY, TODAY]
    assert list(_sample(tmp_path).mornings()) == []


@pytest.mark.usefixtures("hotel_db")
def test_the_next_day_brings_one_date_and_a_month_later_three(tmp_path: Path) -> None:
    list(_sample(tmp_path).mornings())
    tomorrow, later = TODAY + timedelta(days=1), TODAY + timedelta(days=30)
    assert list(_sample(tmp_path, tomorrow).mornings()) == [tomorrow]
    assert len(list(_sample(tmp_path, later).mornings())) == 3


def test_killed_while_a_date_is_worked_on_it_is_done_again_with_the_same_hotel(
    tmp_path: Path, hotel_db: psycopg.Connection
) -> None:
    def stored() -> list[tuple[object, ...]]:
        return hotel_db.execute("select id, nome_listagem, status from listagem_hospedes order by id").fetchall()

    mornings = _sample(tmp_path).mornings()
    assert [next(mornings), next(mornings)] == [DAY_BEFORE, YESTERDAY]
    before = stored()
    del mornings
    again = _sample(tmp_path).mornings()
    assert next(again) == YESTERDAY
    assert stored() == before


@pytest.mark.usefixtures("hotel_db")
def test_another_version_of_the_generator_never_mixes_its_hotel_into_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(mornings := _sample(tmp_path).mornings())
    next(mornings)
    monkeypatch.setattr("sistema_os.local.sample.GENERATOR", "another")
    assert _sample(tmp_path).outdated
    assert list(_sample(tmp_path).mornings()) == []
    _sample(tmp_path).forget()
    assert not _sample(tmp_path).outdated


def test_a_damaged_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text('{"first_day": "2026-')
    assert _sample(tmp_path).dates() == [DAY_BEFORE, YESTERDAY, TODAY]
