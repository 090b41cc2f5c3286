from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.feed.conftest import DAY, Receive, counts, order

pytestmark = pytest.mark.stack
ORDERS = [
    order("1", "Chuveiro não esquenta", sector="manutencao", status="aberta"),
    order(None, "Toalhas para o 412", room=None, requester="Recepção"),
    order("3", "TV sem sinal", status="concluida", closed="2026-03-12 09:10"),
]
NEW = ("novas", "alteradas", "iguais")
NEXT, AFTER = DAY + timedelta(days=1), DAY + timedelta(days=2)


def rows(hotel: psycopg.Connection) -> list[dict[str, Any]]:
    return [row[0] for row in hotel.execute("select to_jsonb(t) from ordens_servico t order by id").fetchall()]


def test_orders_arrive_at_the_hotels_time(hotel_db: psycopg.Connection, receive_orders: Receive) -> None:
    assert counts(receive_orders(ORDERS), "recebidas", *NEW) == [3, 3, 0, 0]
    opened = hotel_db.execute("select aberta_em = '2026-03-12 06:40-03', setor from ordens_servico where numero = '1'")
    assert opened.fetchone() == (True, "manutencao")
    assert [row["status"] for row in rows(hotel_db)] == ["aberta", "aberta", "concluida"]
    assert rows(hotel_db)[1]["numero"].startswith("sem-numero:")


def test_the_same_orders_again_change_nothing(hotel_db: psycopg.Connection, receive_orders: Receive) -> None:
    receive_orders(ORDERS)
    before = rows(hotel_db)
    blanks = [line | {"text": line["text"].replace(" ", "  ")} for line in ORDERS if line["number"]]
    assert counts(receive_orders(ORDERS), *NEW) == [0, 0, 3]
    assert counts(receive_orders(blanks), *NEW) == [0, 0, 2]
    assert rows(hotel_db) == before


def test_what_changed_is_written_and_the_link_is_not_touched(
    hotel_db: psycopg.Connection, receive_orders: Receive
) -> None:
    receive_orders(ORDERS)
    hotel_db.execute("select vincular_os(id, 1, null, 'ana') from ordens_servico where numero = '1'")
    later = [order("1", "Chuveiro não esquenta", room=None, status="em_andamento"), order("4", "Nova")]
    assert counts(receive_orders(later, NEXT), *NEW) == [1, 1, 0]
    first = rows(hotel_db)[0]
    assert (first["status"], first["uh_texto"], first["matched_by"], first["texto_versao"], first["setor"]) == (
        "em_andamento",
        "305",
        "ana",
        1,
        "manutencao",
    )
    receive_orders([order("1", "Chuveiro queimou")], AFTER)
    assert rows(hotel_db)[0]["texto_versao"] == 2
    assert len(rows(hotel_db)) == 4


def test_lines_that_are_no_orders_and_bad_lines(receive_orders: Receive) -> None:
    lines = [
        *ORDERS,
        order(None, "Bom dia") | {"order": False},
        order("5", "x", opened="12/03/2026 06:40"),
        order("6", "x", opened="2026-02-30 06:40"),
        order("7", "x", closed="2026-03-11 06:40"),
        order("8", "x", sector="cozinha"),
        order("9", "x", opened="2026-12-03 06:40"),
    ]
    answer = receive_orders([*lines, *(order(f"2{n}", "x") for n in range(20))])
    assert counts(answer, "ignoradas", "novas") == [1, 23]
    assert answer["recusadas"] == [
        {"linha": 5, "motivo": "a abertura “12/03/2026 06:40” não é AAAA-MM-DD HH:MM"},
        {"linha": 6, "motivo": "a abertura “2026-02-30 06:40” não é AAAA-MM-DD HH:MM"},
        {"linha": 7, "motivo": "o encerramento é antes da abertura"},
        {"linha": 8, "motivo": "o setor “cozinha” não existe"},
        {"linha": 9, "motivo": "a abertura é depois da data da lista"},
    ]


def test_older_orders_after_newer_ones_are_refused(hotel_db: psycopg.Connection, receive_orders: Receive) -> None:
    receive_orders(ORDERS)
    receive_orders([ORDERS[0] | {"status": "concluida", "closed": "2026-03-13 08:00"}], NEXT)
    before = rows(hotel_db)
    assert "já há outras de 13/03/2026" in receive_orders(ORDERS, DAY)["recusa"]
    assert "já foram recebidas" in receive_orders(ORDERS, NEXT)["recusa"]
    assert receive_orders(ORDERS, NEXT, simular=True)["recusa"]
    assert rows(hotel_db) == before


def test_a_simulation_writes_nothing(hotel_db: psycopg.Connection, receive_orders: Receive) -> None:
    assert counts(receive_orders(ORDERS, simular=True), "novas") == [3]
    assert rows(hotel_db) == []
