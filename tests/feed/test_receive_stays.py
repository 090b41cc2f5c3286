import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.feed.conftest import DAY, Line, Receive, counts, stay

pytestmark = pytest.mark.stack
HOUSE = [
    stay("MENDONCA, CARLOS EDUARDO", "0201", booking="48201"),
    stay("Ana Lima", "0202", booking="48202"),
    stay("Bruno Lima", "0202", booking="48202", main=False, minor=True),
    stay("ACOMPANHANTE 1", "0202", booking="48202", main=False),
    stay("Carla Souza", "0203", booking="48203", departure="2026-03-13"),
    stay("Diego Rocha", "0204", arrival="2026-03-11"),
    stay("Elisa Nunes", "0205", booking="48205", arrival="2026-03-15", departure="2026-03-18", status="confirmada"),
]
NEXT, AFTER, LATER = (DAY + timedelta(days=n) for n in (1, 2, 3))
NEW = ("novas", "alteradas", "iguais")
MISSING = ("faltaram", "sairam", "sumiram")


def without(name: str, lines: list[Line] = HOUSE) -> list[Line]:
    return [line for line in lines if line["name"] != name]


def changed(who: str, /, **values: Any) -> list[Line]:
    return [line | values if line["name"] == who else line for line in HOUSE]


def row(hotel: psycopg.Connection, name: str) -> dict[str, Any]:
    query = """
        select to_jsonb(l) || jsonb_build_object('booking', to_jsonb(r), 'person', to_jsonb(h))
          from listagem_hospedes l join reservas r on r.id = l.reserva_id left join hospedes h on h.id = l.hospede_id
         where nome_listagem = %s"""
    found = hotel.execute(query, (name,)).fetchall()
    assert len(found) == 1, (name, found)
    value: dict[str, Any] = found[0][0]
    return value


def everything(hotel: psycopg.Connection) -> list[Any]:
    """All rows of the three tables, without `visto_em`."""
    return [
        hotel.execute(query).fetchall()
        for query in (
            "select to_jsonb(t) - 'visto_em' from listagem_hospedes t order by id",
            "select to_jsonb(t) from reservas t order by id",
            "select to_jsonb(t) from hospedes t order by id",
        )
    ]


def test_lines_become_reservations_people_and_rows(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    assert counts(receive_stays(HOUSE), "recebidas", *NEW, *MISSING) == [7, 7, 0, 0, 0, 0, 0]
    child = row(hotel_db, "Bruno Lima")
    assert (child["titular"], child["person"]["menor"], child["booking"]["num_reserva"]) == (False, True, "48202")
    assert (child["booking"]["adultos"], child["booking"]["criancas"]) == (2, 1)
    assert row(hotel_db, "ACOMPANHANTE 1")["person"] is None
    assert row(hotel_db, "Diego Rocha")["booking"]["num_reserva"].startswith("sem-numero:")
    assert row(hotel_db, "Ana Lima")["uh"] == "0202"


def test_the_same_list_again_moves_visto_em_alone(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(HOUSE)
    before, seen = everything(hotel_db), hotel_db.execute("select min(visto_em) from listagem_hospedes").fetchone()
    assert counts(receive_stays(HOUSE), *NEW, *MISSING) == [0, 0, 7, 0, 0, 0]
    assert everything(hotel_db) == before
    assert hotel_db.execute("select min(visto_em) > %s from listagem_hospedes", seen).fetchone() == (True,)


def test_a_guest_who_is_missing_once_stays_and_is_out_after_the_second_list(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays(HOUSE)
    assert counts(receive_stays(without("Diego Rocha"), NEXT), *MISSING) == [1, 0, 0]
    assert row(hotel_db, "Diego Rocha")["status"] == "na_casa"
    assert counts(receive_stays(without("Diego Rocha"), NEXT), *MISSING) == [1, 0, 0]  # the same date says it once
    assert row(hotel_db, "Diego Rocha")["status"] == "na_casa"
    assert counts(receive_stays(changed("Diego Rocha", name="Nova Gente", room="209"), AFTER), *MISSING)[1] >= 1
    gone = row(hotel_db, "Diego Rocha")
    assert (gone["status"], gone["booking"]["status"], gone["saida"]) == ("saida", "saida", NEXT.isoformat())
    assert gone["removido_em"] is None


def test_a_guest_who_is_back_has_not_been_away(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(HOUSE)
    receive_stays(without("Diego Rocha"), NEXT)
    receive_stays(changed("Carla Souza", departure="2026-03-16"), AFTER)
    assert counts(receive_stays(without("Diego Rocha"), LATER), *MISSING) == [1, 0, 0]
    assert row(hotel_db, "Diego Rocha")["status"] == "na_casa"


def test_a_vanished_booking_is_removed_after_two_lists_and_can_return(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays(HOUSE)
    shorter = without("Elisa Nunes", changed("Carla Souza", departure="2026-03-20"))
    receive_stays(shorter, NEXT)
    assert row(hotel_db, "Elisa Nunes")["removido_em"] is None
    assert counts(receive_stays([*shorter, stay("Fabio Dias", "301")], AFTER), *MISSING) == [0, 0, 1]
    vanished = row(hotel_db, "Elisa Nunes")
    assert (vanished["status"], vanished["removido_em"] is not None) == ("confirmada", True)
    assert counts(receive_stays(HOUSE, LATER), "voltaram") == [1]
    assert row(hotel_db, "Elisa Nunes")["removido_em"] is None
    assert row(hotel_db, "Elisa Nunes")["id"] == vanished["id"]


def test_the_planned_departure_is_over(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(HOUSE)
    assert counts(receive_stays(without("Carla Souza"), NEXT), *MISSING) == [1, 0, 0]  # she may leave today
    assert counts(receive_stays([*without("Carla Souza"), stay("X Y", "299")], AFTER), *MISSING) == [0, 1, 0]
    assert row(hotel_db, "Carla Souza")["saida"] == "2026-03-13"


@pytest.mark.parametrize("scope", ["chegadas", "saidas", "grupo"])
def test_a_partial_list_removes_nobody(hotel_db: psycopg.Connection, receive_stays: Receive, scope: str) -> None:
    receive_stays(HOUSE)
    for day in (NEXT, AFTER, LATER):
        assert counts(receive_stays([stay("Gil Reis", "310", status=None)], day, scope), *MISSING) == [0, 0, 0]
    live = hotel_db.execute("select count(*) from listagem_hospedes where removido_em is null and status <> 'saida'")
    assert live.fetchone() == (8,)


def test_a_list_of_arrivals_does_not_check_anybody_out_again(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays(HOUSE)
    receive_stays([HOUSE[0] | {"status": "confirmada"}], DAY, "chegadas")
    assert row(hotel_db, HOUSE[0]["name"])["status"] == "na_casa"


def test_what_the_list_does_not_say_is_kept(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(changed("Ana Lima", phone="51 99999-0000", company="ACME", channel="Booking.com"))
    hotel_db.execute("update hospedes set incognito = true where nome = 'Ana Lima'")
    receive_stays([line | {"minor": None} for line in HOUSE], NEXT)
    ana, child = row(hotel_db, "Ana Lima"), row(hotel_db, "Bruno Lima")
    assert (ana["person"]["incognito"], ana["person"]["telefone"], ana["booking"]["empresa"]) == (
        True,
        "51 99999-0000",
        "ACME",
    )
    assert child["person"]["menor"] is True


def test_a_persons_number_that_comes_later_keeps_the_flags(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays(HOUSE)
    before = row(hotel_db, "Bruno Lima")
    receive_stays([line | {"minor": None, "person_id": f"P{n}"} for n, line in enumerate(HOUSE)], NEXT)
    after = row(hotel_db, "Bruno Lima")
    assert (after["id"], after["hospede_id"], after["person"]["menor"]) == (before["id"], before["hospede_id"], True)
    assert after["person"]["pms_hospede_id"] == "P2"


def test_rows_keep_their_id(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    """Moved, corrected, named, extended, promoted, and written by another layout."""
    receive_stays(HOUSE)
    ids = {line["name"]: row(hotel_db, line["name"])["id"] for line in HOUSE}
    changes: dict[str, Line] = {
        "MENDONCA, CARLOS EDUARDO": {"name": "Carlos Eduardo Mendonça", "room": "201"},
        "Ana Lima": {"main": False, "departure": "2026-03-19"},
        "Bruno Lima": {"main": True},
        "ACOMPANHANTE 1": {"name": "Zilda Prado"},
        "Carla Souza": {"room": "0410"},
        "Diego Rocha": {"room": "411"},
        "Elisa Nunes": {"name": "Elisa Nunnes", "room": "0412", "status": "na_casa", "arrival": "2026-03-13"},
    }
    lines = [line | changes[line["name"]] for line in HOUSE]
    random.Random(1).shuffle(lines)
    assert counts(receive_stays(lines, NEXT), *NEW, *MISSING) == [0, 7, 0, 0, 0, 0]
    for old, change in changes.items():
        assert row(hotel_db, str(change.get("name", old)))["id"] == ids[old], old
    assert row(hotel_db, "Bruno Lima")["titular"] is True
    assert row(hotel_db, "Carlos Eduardo Mendonça")["uh"] == "0201"  # the same room, written otherwise
    assert hotel_db.execute("select count(*) from reservas").fetchone() == (5,)


def test_a_booking_of_several_rooms_has_a_reservation_for_each(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    rooms = [stay(f"Grupo {n}", f"30{n}", booking="500") for n in range(1, 4)]
    receive_stays(rooms)
    assert hotel_db.execute("select array_agg(num_reserva order by uh) from reservas").fetchone() == (
        ["500", "500#302", "500#303"],
    )
    moved = [rooms[0], rooms[1] | {"room": "399"}, rooms[2]]
    assert counts(receive_stays(moved, NEXT), *NEW) == [0, 1, 2]
    assert hotel_db.execute("select uh from reservas where num_reserva = '500#302'").fetchone() == ("399",)


def test_a_layout_with_booking_numbers_adopts_the_stays_of_one_without(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays([line | {"booking": None} for line in HOUSE])
    assert counts(receive_stays(HOUSE, NEXT), "novas", *MISSING) == [0, 0, 0, 0]
    assert row(hotel_db, "Ana Lima")["booking"]["num_reserva"] == "48202"


def test_two_guests_of_the_same_name_in_a_room_are_two(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    lines = [stay("José Alves", booking="9"), stay("José Alves", booking="9", main=False)]
    assert counts(receive_stays(lines), "novas") == [2]
    assert counts(receive_stays(lines), "iguais") == [2]


def test_a_bad_line_is_refused_with_its_reason_and_nobody_is_missing_for_it(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    receive_stays(HOUSE)
    bad = [line | {"arrival": "31/02/2026"} if line["name"] == "Diego Rocha" else line for line in HOUSE]
    answer = receive_stays(bad, NEXT)
    assert answer["recusadas"] == [{"linha": 6, "motivo": "a chegada “31/02/2026” não é uma data AAAA-MM-DD"}]
    assert counts(answer, *MISSING) == [0, 0, 0]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": " "}, "falta o nome"),
        ({"departure": "2026-02-31"}, "a saída “2026-02-31” não é uma data AAAA-MM-DD"),
        ({"departure": "2026-03-01"}, "a saída é antes da chegada"),
        ({"status": "hospedado"}, "a situação “hospedado” não existe"),
    ],
)
def test_reasons(receive_stays: Receive, values: dict[str, Any], reason: str) -> None:
    answer = receive_stays([*HOUSE, stay("Fim", "1") | values])
    assert answer["recusadas"] == [{"linha": 8, "motivo": reason}]
    assert counts(answer, "novas") == [7]


def test_a_list_is_refused_in_a_sentence_and_nothing_changes(
    hotel_db: psycopg.Connection, receive_stays: Receive
) -> None:
    house = [stay(f"Hóspede Número{n} Silva", f"{100 + n}", booking=f"{n}") for n in range(30)]
    receive_stays(house, DAY, hotel="Hotel Central")
    receive_stays([house[0] | {"departure": "2026-03-22"}, *house[1:]], NEXT)
    other = [stay(f"Outra Pessoa{n}", f"{100 + n}", booking=f"9{n}") for n in range(30)]
    before = everything(hotel_db)
    wrong = {
        "já há uma da casa inteira": (house, DAY, {}),
        "já foi recebida antes": (house, NEXT, {}),  # yesterday's file under today's date
        "de outro hotel": (house, NEXT, {"hotel": "Hotel da Praia"}),
        "só 0 estão nesta lista": (other, NEXT, {}),
        "está vazia": ([], NEXT, {}),
        "um dia anterior": ([line | {"departure": "2026-03-12"} for line in house], NEXT, {}),
        "um dia posterior": ([line | {"arrival": "2026-03-14"} for line in house], NEXT, {}),
        "ainda não chegou": (house, DAY.replace(year=2100), {}),
        "Nenhuma linha serve": ([{"name": "X"}], NEXT, {}),
        "objeto JSON": (["X"], NEXT, {}),
        "escopo precisa": (house, NEXT, {"escopo": "hotel"}),
    }
    for sentence, (lines, day, others) in wrong.items():
        answer = receive_stays(lines, day, **others)
        assert sentence in (answer["recusa"] or ""), (sentence, answer)
        assert answer["novas"] == answer["alteradas"] == answer["sairam"] == 0
    assert everything(hotel_db) == before
    # A list that was cut is no list of another hotel: it is received, and nobody leaves.
    assert counts(receive_stays(house[1:10], AFTER), "sairam", "sumiram") == [0, 0]


def test_a_simulation_counts_and_writes_nothing(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(HOUSE)
    before = hotel_db.execute("select to_jsonb(t) from listagem_hospedes t order by id").fetchall()
    simulated = receive_stays(without("Diego Rocha"), NEXT, simular=True)
    assert simulated["simulado"] is True
    assert hotel_db.execute("select to_jsonb(t) from listagem_hospedes t order by id").fetchall() == before
    assert hotel_db.execute("select count(*) from cargas_recebidas").fetchone() == (1,)
    assert receive_stays(without("Diego Rocha"), NEXT) == simulated | {"simulado": False}


def test_calls_at_once_are_one_after_the_other(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: receive_stays(HOUSE), range(4)))
    assert sorted(answer["novas"] for answer in answers) == [0, 0, 0, 7]
    assert hotel_db.execute("select count(*) from listagem_hospedes").fetchone() == (7,)


def test_an_erased_guest_is_not_filled_again(hotel_db: psycopg.Connection, receive_stays: Receive) -> None:
    receive_stays(HOUSE)
    hotel_db.execute("update hospedes set nome = '-', anonimizado_em = now() where nome = 'Carla Souza'")
    receive_stays(changed("Carla Souza", phone="51 3333-3333"), NEXT)
    assert hotel_db.execute("select telefone from hospedes where nome = '-'").fetchone() == (None,)
