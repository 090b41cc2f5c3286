import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.utils import translation

from pipeline.hotel.feed import Feed, feed_findings
from tests.feed.conftest import DAY, Receive, stay

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
Row = dict[str, Any]


def listed(number: int, **values: Any) -> Row:
    return {
        "id": number,
        "reserva_id": number,
        "titular": True,
        "status": "na_casa",
        "uh": f"{100 + number}",
        "chegada": "2026-03-10",
        "saida": "2026-03-14",
        "visto_em": "2026-03-12T08:00:00+00:00",
        "hospedes": {"menor": number == 1},
    } | values


def opened(number: int, **values: Any) -> Row:
    return {"id": number, "status": "aberta", "uh_texto": "101", "aberta_em": "2026-03-12T09:40:00+00:00"} | values


HOUSE = [listed(n) for n in range(60)]
ORDERS = [opened(n) for n in range(6)]


def codes(stays: list[Row], orders: list[Row] = ORDERS) -> list[str]:
    return [finding.code for finding in feed_findings(Feed(stays, orders), DAY, NOW)]


def all_with(**values: Any) -> list[Row]:
    return [row | values for row in HOUSE]


def first_with(**values: Any) -> list[Row]:
    return [HOUSE[0] | values, *HOUSE[1:]]


def test_a_good_feed_has_no_findings() -> None:
    assert codes(HOUSE) == []


@pytest.mark.parametrize(
    ("stays", "found"),
    [
        ([], "empty"),
        (all_with(visto_em="2026-03-10T08:00:00+00:00"), "visto_em_not_moving"),
        ([*all_with(visto_em="2026-03-08T08:00:00+00:00")[:40], *HOUSE[40:]], "visto_em_partly"),
        (first_with(status="hospedado"), "unknown_status"),
        (first_with(chegada="2026-10-03", saida="2026-12-03"), "swapped_dates"),
        (first_with(chegada="2026-03-10", saida="2026-12-03"), "swapped_dates"),
        (first_with(saida="2026-03-11"), "still_in_house"),
        (all_with(titular=False), "nobody_main"),
        (first_with(uh="APTO 412"), "unknown_rooms"),
        (first_with(uh="412.0"), "unknown_rooms"),
        (all_with(hospedes={"menor": False}), "no_minors"),
    ],
)
def test_a_fault_is_found(stays: list[Row], found: str) -> None:
    assert found in codes(stays)


def test_faults_of_orders() -> None:
    assert codes(HOUSE, [opened(1, aberta_em="2026-12-03T06:40:00+00:00")]) == ["orders_in_the_future"]
    assert codes(HOUSE, [opened(n, uh_texto=f"9{n}9") for n in range(6)]) == ["rooms_of_orders"]


def test_rooms_as_hotels_write_them_are_rooms() -> None:
    written = ("0412", "12A", "B-204", "BL2", "CH07")
    assert codes([row | {"uh": written[n % 5]} for n, row in enumerate(HOUSE)], []) == []


def test_errors_come_first_and_the_sentences_are_portuguese() -> None:
    stays = [row | {"uh": "APTO 9", "visto_em": "2026-03-01T08:00:00+00:00"} for row in HOUSE]
    with translation.override("pt-br"):
        findings = feed_findings(Feed(stays, []), DAY, NOW)
    assert [finding.level for finding in findings] == ["error", "warning"]
    assert findings[0].sentence.startswith("O `visto_em` não anda desde 01/03/2026 05:00")
    assert "“APTO 9”" in findings[1].sentence


@pytest.mark.stack
def test_the_command_reads_the_hotels_tables(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays([stay("Ana Lima"), stay("Bruno Reis", "APTO 9")])
    out = StringIO()
    call_command("check_feed", "--json", date=DAY, stdout=out)
    report = json.loads(out.getvalue())
    assert (report["stays"], [finding["code"] for finding in report["findings"]]) == (2, ["unknown_rooms"])
    assert "Ana" not in out.getvalue()


@pytest.mark.stack
def test_an_error_ends_the_command_with_1(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays([stay("Ana Lima")])
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_feed", date=DAY + timedelta(days=10), stdout=out)
    assert ended.value.code == 1
    assert len(out.getvalue().splitlines()) == 1
