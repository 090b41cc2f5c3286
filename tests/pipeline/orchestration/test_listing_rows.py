"""From the hotel's rows to ours and to the engine's: what is kept, what is equal, what never leaves."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipeline.hotel import orders, stays
from pipeline.hotel.stays import flatten, for_matching, occupied
from tests.pipeline.orchestration.samples import D, order, stay

CPF = "52998224725"


def source(**person: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "reserva_id": 70,
        "hospede_id": 700,
        "nome_listagem": "  SOUZA,   ANA ",
        "titular": True,
        "status": "na_casa",
        "uh": "     203",
        "chegada": "2026-01-08",
        "saida": "2026-01-12",
        "visto_em": "2026-01-10T09:00:00+00:00",
        "reservas": {"num_reserva": "R70", "grupo_codigo": None},
        "hospedes": {"nome": "Ana Souza", "doc_tipo": "CPF", "doc_numero": CPF, "menor": False, **person},
    }


def test_a_snapshot_row_holds_no_document_and_nothing_that_was_not_asked_for() -> None:
    row = flatten(source(data_nascimento="1980-01-01", raca="x"), hash_key="k")
    assert CPF not in json.dumps(row)
    assert row["doc_final"] == "25"
    assert set(row) == {*stays.COLUMNS, "visto_em"}


def test_the_same_document_however_it_is_written_gives_the_same_mark() -> None:
    plain, dotted = flatten(source(), hash_key="k"), flatten(source(doc_numero="529.982.247-25"), hash_key="k")
    assert plain["doc_hmac"] == dotted["doc_hmac"]
    assert plain["doc_hmac"] != flatten(source(doc_numero="11144477735"), hash_key="k")["doc_hmac"]
    assert plain["doc_hmac"] != flatten(source(), hash_key="another")["doc_hmac"]
    assert flatten(source(doc_numero=None), hash_key="k")["doc_hmac"] is None


def test_padding_doubled_spaces_and_decomposed_accents_are_normalised() -> None:
    row = flatten(source(nome="Jose\u0301  Lima"), hash_key="k")
    assert (row["uh"], row["nome_listagem"], row["nome"]) == ("203", "SOUZA, ANA", "José Lima")


def test_a_companion_without_a_name_has_no_person() -> None:
    unnamed = source() | {"hospede_id": None, "hospedes": None, "nome_listagem": "ACOMPANHANTE 1"}
    row = flatten(unnamed, hash_key="k")
    assert (row["nome"], row["menor"], row["doc_hmac"]) == (None, False, None)
    assert for_matching(row)["hospedes"] is None


def test_the_engine_gets_postgrests_shape_back() -> None:
    flat = flatten(source(telefone="(48) 99999-0000"), hash_key="k")
    back = for_matching(flat, [{"uh": "203", "de": "2026-01-08", "ate": "2026-01-12"}], CPF)
    assert back["reservas"]["num_reserva"] == "R70"
    assert back["hospedes"]["telefone"] == "(48) 99999-0000"
    assert back["hospedes"]["doc_numero"] == CPF
    assert back["ocupacoes"][0]["uh"] == "203"


def test_nothing_is_read_with_a_star_and_no_forbidden_column_is_named() -> None:
    for select in (stays.SELECT, orders.SELECT):
        assert "*" not in select
    for column in ("nascimento", "raca", "deficiencia", "profissao", "endereco"):
        assert column not in stays.SELECT


def test_the_notes_of_a_reservation_reach_the_engine_and_no_snapshot() -> None:
    assert not {"observacoes", "canal", "tipo_uh"} & set(stays.COLUMNS)
    row = flatten(source(), hash_key="k")
    noted = source() | {"reservas": {"num_reserva": "R70", "observacoes": "PLACA ABC1D23", "canal": None}}
    details = stays.details_of(noted)
    assert details == {"observacoes": "PLACA ABC1D23"}
    assert for_matching(row, details=details)["reservas"]["observacoes"] == "PLACA ABC1D23"


def test_the_hash_leaves_out_what_our_own_writes_and_each_export_touch() -> None:
    assert not {"visto_em", "updated_at"} & set(stays.COLUMNS)
    assert not {*orders.LINK, "updated_at"} & set(orders.COLUMNS)


@pytest.mark.parametrize(
    ("fields", "explained"),
    [
        ({"status": "saida"}, True),
        ({"status": "cancelada"}, True),
        ({"status": "no_show"}, True),
        ({"status": "na_casa"}, False),
        ({"status": "confirmada"}, False),
        ({"status": "na_casa", "saida": "2026-01-08"}, True),
    ],
    ids=["out", "cancelled", "no-show", "in-house", "expected", "departure before the window"],
)
def test_only_an_unexplained_absence_counts_as_vanished(fields: dict[str, Any], explained: bool) -> None:
    assert stays.spec(D).explained(stay(**fields)) is explained


def test_a_guest_who_never_moved_has_no_rooms_over_time() -> None:
    assert occupied(stay(), [("203", date(2026, 1, 8), None)]) == []
    assert occupied(stay(), [(None, date(2026, 1, 6), date(2026, 1, 8)), ("203", date(2026, 1, 8), None)]) == []


def test_a_move_happened_on_the_day_before_the_listing_that_shows_it() -> None:
    rooms = occupied(stay(uh="415"), [("203", date(2026, 1, 8), date(2026, 1, 10)), ("415", date(2026, 1, 10), None)])
    assert rooms == [
        {"uh": "203", "de": "2026-01-08", "ate": "2026-01-09"},
        {"uh": "415", "de": "2026-01-09", "ate": "2026-01-12"},
    ]


def test_orders_keep_what_was_typed_without_documents_and_with_instants_in_one_zone() -> None:
    row = orders.flatten(order(descricao="CPF 529.982.247-25 chuveiro", aberta_em="2026-01-09T12:00:00-03:00"))
    assert row["descricao"] == "CPF ***.***.***-25 chuveiro"
    assert row["aberta_em"] == "2026-01-09T15:00:00+00:00"
    assert set(row) == set(orders.COLUMNS)


def test_a_second_run_of_a_date_reads_the_orders_changed_since_the_same_moment() -> None:
    assert orders.changed_since(D, date(2026, 1, 9)) == datetime(2026, 1, 8, 3, tzinfo=UTC)
    assert orders.changed_since(D, None) == datetime(2026, 1, 8, 3, tzinfo=UTC)


def test_after_days_without_a_run_the_orders_closed_meanwhile_are_read_too() -> None:
    assert orders.changed_since(D, date(2026, 1, 5)) == datetime(2026, 1, 4, 3, tzinfo=UTC)
