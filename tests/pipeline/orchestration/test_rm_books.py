"""What is on the books, computed by the collector: pure, fed with rows as PostgREST gives them."""

import io
import json
from datetime import date
from typing import Any

import pytest

from pipeline.hotel.on_the_books import TOTAL, booking, stock
from pipeline.jobs.rm_collector import FeedError, compute, main, read_feed

D = date(2026, 1, 10)


def reservation(arrival: str, departure: str, **fields: Any) -> dict[str, Any]:
    base = {
        "id": 1,
        "status": "confirmada",
        "chegada_prevista": arrival,
        "saida_prevista": departure,
        "saida_real": None,
        "tipo_uh": "STD",
        "adultos": 2,
        "criancas": 1,
        "grupo_codigo": None,
        "segmento": None,
        "diaria": 400.5,
    }
    return base | fields


def books(*reservations: dict[str, Any], days: int = 5, stocks: list[dict[str, Any]] | None = None) -> dict[Any, Any]:
    inventory = [stock(s) for s in stocks or []]
    rows = list(compute(D, days, inventory, [booking(r) for r in reservations]))
    return {(r["data_estadia"], r["tipo_uh"]): r for r in rows}


def inventory(room_type: str, since: str, rooms: int, blocked: int = 0) -> dict[str, Any]:
    return {"tipo_uh": room_type, "desde": since, "uh_total": rooms, "uh_bloqueadas": blocked}


def test_a_stay_is_sold_on_its_nights_and_not_on_the_day_of_departure() -> None:
    found = books(reservation("2026-01-11", "2026-01-13"))
    sold = [found[f"2026-01-{day}", "STD"]["uh_vendidas"] for day in range(10, 16)]
    assert sold == [0, 1, 1, 0, 0, 0]
    assert found["2026-01-11", "STD"]["chegadas"] == 1
    assert found["2026-01-13", "STD"]["saidas"] == 1
    assert found["2026-01-12", "STD"]["receita"] == 400.5
    assert found["2026-01-12", "STD"]["adultos"] == 2


def test_a_guest_in_house_since_before_the_collection_counts_from_today_on() -> None:
    found = books(reservation("2026-01-02", "2026-01-12", status="na_casa"))
    assert [found[f"2026-01-{d}", "STD"]["uh_vendidas"] for d in (10, 11, 12)] == [1, 1, 0]
    assert found["2026-01-10", "STD"]["chegadas"] == 0


def test_every_type_adds_up_to_the_total_of_the_day() -> None:
    found = books(
        reservation("2026-01-10", "2026-01-12"),
        reservation("2026-01-10", "2026-01-11", tipo_uh="LUX", diaria=900),
        stocks=[inventory("STD", "2025-01-01", 60), inventory("LUX", "2025-01-01", 20, 1)],
    )
    total = found["2026-01-10", TOTAL]
    assert (total["uh_vendidas"], total["receita"]) == (2, 1300.5)
    assert (total["uh_total"], total["uh_bloqueadas"]) == (80, 1)


def test_an_unconfirmed_reservation_is_counted_apart_and_earns_nothing() -> None:
    night = books(reservation("2026-01-10", "2026-01-12", status="a_confirmar"))["2026-01-10", "STD"]
    assert (night["uh_a_confirmar"], night["uh_vendidas"], night["receita"], night["chegadas"]) == (1, 0, 0, 0)


@pytest.mark.parametrize(("segment", "column"), [("Cortesia", "uh_cortesia"), ("uso_casa", "uh_uso_casa")])
def test_rooms_nobody_pays_for_do_not_thin_out_the_average_rate(segment: str, column: str) -> None:
    night = books(reservation("2026-01-10", "2026-01-12", segmento=segment))["2026-01-10", "STD"]
    assert (night[column], night["uh_vendidas"], night["receita"]) == (1, 0, 0)


def test_day_use_is_no_night() -> None:
    night = books(reservation("2026-01-10", "2026-01-10"))["2026-01-10", "STD"]
    assert (night["uh_day_use"], night["uh_vendidas"], night["chegadas"], night["saidas"]) == (1, 0, 1, 1)


def test_a_group_room_is_sold_and_marked() -> None:
    night = books(reservation("2026-01-10", "2026-01-11", grupo_codigo="GRP7"))["2026-01-10", "STD"]
    assert (night["uh_vendidas"], night["uh_grupo"]) == (1, 1)


def test_a_guest_who_left_early_frees_the_remaining_nights() -> None:
    gone = reservation("2026-01-08", "2026-01-14", status="saida", saida_real="2026-01-10T11:00:00-03:00")
    found = books(gone)
    assert [found[f"2026-01-{d}", "STD"]["uh_vendidas"] for d in (10, 11, 12)] == [0, 0, 0]
    assert found["2026-01-10", "STD"]["saidas"] == 1


def test_the_inventory_in_force_on_the_stay_date_counts() -> None:
    found = books(stocks=[inventory("STD", "2026-01-12", 58, 2), inventory("STD", "2025-01-01", 60)])
    assert [found[f"2026-01-{d}", "STD"]["uh_total"] for d in (10, 11, 12, 13)] == [60, 60, 58, 58]
    assert found["2026-01-12", TOTAL]["uh_bloqueadas"] == 2


def test_every_stay_date_of_the_horizon_has_a_row_even_where_nothing_is_sold() -> None:
    found = books(stocks=[inventory("STD", "2025-01-01", 60)], days=365)
    assert len(found) == 366 * 2
    assert max(day for day, _ in found) == "2027-01-10"


def test_the_order_of_the_feed_changes_nothing() -> None:
    several = [reservation(f"2026-01-{10 + n}", "2026-01-16", tipo_uh=t) for n, t in enumerate(("STD", "LUX", "STE"))]
    assert books(*several) == books(*reversed(several))


def test_a_line_that_makes_no_sense_is_named_by_number_and_never_quoted() -> None:
    lines = [json.dumps({"business_date": "2026-01-10", "days": 1}), '{"booking": {"diaria": "Maria 123.456.789-09"}}']
    with pytest.raises(FeedError) as caught:
        read_feed(lines)
    assert "line 2" in str(caught.value)
    assert "Maria" not in str(caught.value)


def test_the_program_answers_rows_or_a_sentence_and_code_2() -> None:
    feed = io.StringIO(
        json.dumps({"business_date": "2026-01-10", "days": 1})
        + "\n"
        + json.dumps({"booking": reservation("2026-01-10", "2026-01-11")})
        + "\n"
    )
    answer, errors = io.StringIO(), io.StringIO()
    assert main(feed, answer, errors) == 0
    rows = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert [(r["data_estadia"], r["tipo_uh"]) for r in rows] == [
        ("2026-01-10", "STD"),
        ("2026-01-10", TOTAL),
        ("2026-01-11", "STD"),
        ("2026-01-11", TOTAL),
    ]
    assert main(io.StringIO(""), answer, errors) == 2
    assert errors.getvalue() == "rm_collector: empty feed\n"
