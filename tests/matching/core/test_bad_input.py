"""Rows that no hotel should send: skipped and counted with a reason that holds no value, or read all the same."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from matching.core import Engine, match
from matching.core.blocking import KEY_CAP, MOST_WEIGHED, ROOM_CAP
from matching.core.bounded_cache import remembered
from matching.core.comparisons.batch import Batch
from matching.core.engine import BATCH
from matching.core.index.columns import MOST_WORDS
from matching.core.index.house_index import KEPT_DAYS
from matching.core.parsing.orders import parse_order
from matching.hospede_matcher import match_orders
from tests.matching.core.house import TODAY, Row, ask, best, crowd, order, stay

HOUSE = [*crowd(), stay(1, "Pedro Figueira", "203")]

BAD_ORDERS: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "id is missing"),
    "id is no number": ({"id": "many"}, "id is not a whole number"),
    "id is true": ({"id": True}, "id is not a whole number"),
    "text is a list": ({"descricao": ["toalha"]}, "descricao is not text"),
    "guest is a number": ({"hospede_texto": 7}, "hospede_texto is not text"),
}


@pytest.mark.parametrize(("columns", "problem"), BAD_ORDERS.values(), ids=BAD_ORDERS.keys())
def test_an_order_that_cannot_be_read_is_skipped_and_the_rest_is_done(columns: dict[str, Any], problem: str) -> None:
    rows = [order("secret 203", os_id=5) | columns, order("Pedro 203 toalha", os_id=6)]
    outcome = Engine(HOUSE).match(rows)
    assert [(s.side, s.row, s.problem) for s in outcome.skipped] == [("orders", 1, problem)]
    assert {c.os_id for c in outcome.candidates} == {6}


UNDATED: dict[str, Any] = {
    "opened never": None,
    "impossible date": "2026-02-30T10:00:00Z",
    "date beyond the calendar": "0001-01-01T00:00:00+14:00",
}


@pytest.mark.parametrize("opened", UNDATED.values(), ids=UNDATED.keys())
def test_an_order_without_a_readable_date_is_dated_otherwise_and_says_so(opened: Any) -> None:
    row = order("Pedro 203 toalha", os_id=5) | {"aberta_em": opened}
    made = Engine(HOUSE).match([row | {"created_at": f"{TODAY}T09:00:00-03:00"}])
    fallen_back = Engine(HOUSE, business_date=dt.date.fromisoformat(TODAY)).match([row])
    for outcome, level in ((made, "created_at"), (fallen_back, "business_date")):
        assert outcome.skipped == []
        assert outcome.candidates[0].listagem_id == 1
        assert all(("date", level) in [(r.comparison, r.level) for r in c.reasons] for c in outcome.candidates)


BAD_STAYS: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "id is missing"),
    "no arrival": ({"chegada": None}, "chegada is missing"),
    "impossible date": ({"saida": "2026-02-30"}, "saida is not a date"),
    "leaves before it comes": ({"saida": "2026-01-01"}, "saida lies before chegada"),
    "no status": ({"status": None}, "status is missing"),
    "unknown status": ({"status": "fugiu"}, "status is not one of the hotel's"),
    "name is a number": ({"nome_listagem": 12}, "nome_listagem is not text"),
    "guest is text": ({"hospedes": "Pedro"}, "hospedes is not an embedded row"),
    "rooms of the past are text": ({"ocupacoes": "203"}, "ocupacoes is not a list"),
    "a room of the past is text": ({"ocupacoes": ["203"]}, "ocupacoes holds something that is no interval"),
}


@pytest.mark.parametrize(("columns", "problem"), BAD_STAYS.values(), ids=BAD_STAYS.keys())
def test_a_stay_that_cannot_be_read_is_skipped_and_the_rest_is_done(columns: dict[str, Any], problem: str) -> None:
    result = match_orders([order("Pedro 203 toalha")], [stay(2, "Secret Person", "204") | columns, *HOUSE])
    assert [(s.side, s.row, s.problem) for s in result.skipped] == [("stays", 1, problem)]
    assert result.candidates[0].listagem_id == 1


@pytest.mark.parametrize("row", [None, 7, "text", [1]], ids=repr)
def test_what_is_no_row_at_all_is_skipped(row: Any) -> None:
    outcome = Engine([row, *HOUSE]).match([row, order("Pedro 203 toalha")])
    assert [(s.side, s.row, s.problem) for s in outcome.skipped] == [
        ("stays", 1, "not a row"),
        ("orders", 1, "not a row"),
    ]
    assert outcome.candidates[0].listagem_id == 1


def test_unknown_columns_are_ignored_and_absent_ones_that_may_be_absent_too() -> None:
    bare = {"id": 1, "aberta_em": "2026-03-10T15:00:00Z", "descricao": "Pedro Figueira 203", "new_column": {"x": 1}}
    guest = {"id": 9, "nome_listagem": "Pedro Figueira", "status": "na_casa", "uh": "203"}
    found = match([bare], [guest | {"chegada": "2026-03-08", "saida": "2026-03-12", "new": 1}, *crowd()])
    assert found[0].listagem_id == 9


def test_of_two_rows_with_one_id_one_counts_and_the_other_is_reported() -> None:
    twice = [stay(1, "Pedro Figueira", "203"), stay(1, "Pedro Figueira", "203")]
    outcome = Engine([*crowd(), *twice]).match([order("Pedro 203"), order("Pedro 203")])
    assert [(s.side, s.problem) for s in outcome.skipped] == [
        ("stays", "id stands there twice"),
        ("orders", "id stands there twice"),
    ]
    assert sum(c.listagem_id == 1 for c in outcome.candidates) == 1


def test_a_row_that_vanished_from_the_export_is_no_candidate() -> None:
    gone = stay(1, "Pedro Figueira", "203") | {"removido_em": "2026-03-09T06:00:00Z"}
    assert all(c.listagem_id != 1 for c in ask("Pedro Figueira 203", [*crowd(), gone]))


def test_no_stays_and_no_orders_are_fine() -> None:
    assert match([], []) == []
    assert match([], HOUSE) == []
    assert [c.listagem_id for c in match([order("piscina azulejo solto")], [])] in ([None], [])


ODD_TEXTS = {
    "empty": "",
    "blanks": " \t\n ",
    "emoji": "🛁🚿😀 203 🙏",
    "right to left": "غرفة 203 من فضلك منشفة",
    "right to left marks": "\u202e302 otraf\u202c apto 203",
    "zero width": "P\u200bedro 2\u200b03",
    "only marks": "/// --- ... ,,, ((( #### ",
    "null character": "Pedro\x00 203",
    "astral letters": "𝓟𝓮𝓭𝓻𝓸 203",
    "combining pile": "P" + "\u0301" * 300 + "edro 203",
    "ten kilobytes": "Pedro Figueira 203 toalha " * 400,
    "ten kilobytes of digits": "9" * 10_000,
    "ten kilobytes of separators": "9 - " * 2_500,
    "ten kilobytes without a space": "a" * 10_000,
    "ten kilobytes of at signs": "a@" * 5_000,
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_any_text_gets_an_answer(text: str) -> None:
    outcome = Engine(HOUSE).match([order(text), order(text, os_id=2, hospede_texto=text, solicitante_texto=text)])
    assert outcome.skipped == []


@pytest.mark.parametrize("name", ["emoji", "zero width", "astral letters", "ten kilobytes", "null character"])
def test_odd_signs_do_not_hide_the_guest(name: str) -> None:
    assert best(ODD_TEXTS[name], HOUSE).listagem_id == 1


def test_names_from_anywhere_can_stand_in_the_register() -> None:
    names = ["محمد علي", "王小明", "Владимир Петров", "", "-", "🙂", "A", "de da", "X" * 5_000]
    stays: list[Row] = [stay(i, name, str(100 + i)) for i, name in enumerate(names, 1)]
    outcome = Engine(stays).match(
        [order("محمد علي 101"), order("王小明 102", os_id=2), order("Владимир Петров", os_id=3)]
    )
    first = {c.os_id: c.listagem_id for c in outcome.candidates if c.rank == 1}
    assert outcome.skipped == []
    assert first == {1: 1, 2: 2, 3: 3}


def test_ten_thousand_stays_of_one_room_and_name_cost_an_order_no_more_than_the_caps() -> None:
    stays = [stay(i, "Pedro Figueira", "203", booking=i) for i in range(1, 10_001)]
    engine = Engine(stays)
    batch = Batch.of([parse_order(order("Pedro Figueira 203 toalha"), engine.rooms)])
    assert 0 < len(engine.blocking.block(batch, engine.presence.seen(batch)).pairs) <= MOST_WEIGHED
    assert engine.match([order("Pedro Figueira 203 toalha")]).skipped == []


def test_orders_without_end_are_answered_as_they_come() -> None:
    """Neither rows nor answers stand in memory together: the first answer comes before the thousandth row is read."""
    read = 0

    def endless() -> Iterator[Row]:
        nonlocal read
        while True:
            read += 1
            yield order("203 toalha", os_id=read)

    answers = Engine(HOUSE).answers(endless(), [])
    assert next(answers).os_id == 1
    assert read <= BATCH


def test_one_booking_room_phone_and_firm_of_twenty_thousand_is_bounded_work() -> None:
    """Whatever everybody shares, an order weighs at most so many, each against a name of a few words."""
    shared: Row = {"booking": 7, "phone": "48 99876-5432", "agency": "Pampa", "email": "a@b.com", "unnamed": True}
    stays = [stay(i, "ACOMPANHANTE", "203", **shared) for i in range(1, 20_001)]
    stays += [stay(30_000 + i, "Ana Prado " * 60, "203", booking=7) for i in range(30)]
    engine = Engine(stays)
    texts = ["Ana e Bia Prado 203 pampa 48 99876-5432 a@b.com " + "Ana " * 300] * 5
    batch = Batch.of([parse_order(order(text, os_id=i), engine.rooms) for i, text in enumerate(texts)])
    seen = engine.presence.seen(batch)
    met = engine.blocking.met(batch)
    weighed = engine.weigher.weigh(batch, engine.blocking.block(batch, seen), seen)
    assert len(met) <= 5 * (ROOM_CAP + 2 * KEY_CAP + 30)
    assert len(weighed.pairs) <= 5 * MOST_WEIGHED
    assert engine.index.part_counts.max() <= MOST_WORDS
    assert engine.match([order(text, os_id=i) for i, text in enumerate(texts)]).skipped == []


def test_orders_of_ever_new_days_and_rooms_are_not_all_remembered() -> None:
    engine = Engine(HOUSE)
    days = [f"{1900 + i // 12}-{i % 12 + 1:02d}-10T15:00:00Z" for i in range(KEPT_DAYS * 3)]
    engine.match([order(f"Pedro {100 + i} toalha", os_id=i, at=day) for i, day in enumerate(days)])
    assert len(engine.index._kinds) <= KEPT_DAYS
    known: dict[int, int] = {}
    assert [remembered(known, i, lambda i=i: i * 2, most=3) for i in range(9)] == [i * 2 for i in range(9)]  # type: ignore[misc]  # bound at once
    assert len(known) <= 3
