"""What staff read, and what nobody may read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.admin.display import describe, shown
from snapshots.charts import Day, chart
from snapshots.diffing import ChangeView
from snapshots.models import Source

SOURCE = Source(
    name="listagem",
    key_column="id",
    room_column="uh",
    label_column="nome",
    columns=["id", "nome", "uh", "status", "doc_hmac", "doc_final", "telefone", "email", "saida"],
    layout=["id", "nome", "uh", "status", "doc_hmac", "doc_final", "telefone", "email", "saida"],
    kinds={"doc_final": "document", "doc_hmac": "secret"},
    labels={"uh": "Room", "status=na_casa": "in force"},
)


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("doc_final", "25", "***.***.***-25"),
        ("cpf", "52998224725", "***.***.***-25"),
        ("telefone", "+55 48 99999-0007", "final 07"),
        ("email", "ana.lima@exemplo.com.br", "a***@exemplo.com.br"),
        ("doc_hmac", "0badcafe", "cadastrado"),
        ("saida", "2026-11-22", "22/11/2026"),
        ("aberta_em", "2026-11-22T10:15:00+00:00", "22/11/2026 07:15"),
        ("status", "a_confirmar", "a confirmar"),
        ("status", "na_casa", "em vigor"),
        ("titular", True, "sim"),
        ("titular", False, "não"),
        ("noites", 3, "3"),
        ("nome", "", None),
        ("nome", None, None),
    ],
)
def test_values_are_told_in_words_and_masked(column: str, value: Any, text: Any) -> None:
    assert shown(SOURCE, column, value) == text


def test_another_document_with_the_same_ending_is_told_and_not_shown() -> None:
    before, after = ({"nome": "Ana", "doc_hmac": code, "doc_final": "25"} for code in ("aa", "bb"))
    told = describe(SOURCE, ChangeView("changed", "1", before, after, ("doc_hmac",)))
    assert [(field.old, field.new) for field in told.fields] == [(None, "outro")]


def test_a_changed_document_is_told_once() -> None:
    before = {"nome": "Ana", "doc_hmac": "aa", "doc_final": "25"}
    after = {"nome": "Ana", "doc_hmac": "bb", "doc_final": "91"}
    told = describe(SOURCE, ChangeView("changed", "1", before, after, ("doc_hmac", "doc_final")))
    assert [(field.old, field.new) for field in told.fields] == [("***.***.***-25", "***.***.***-91")]


def test_a_row_without_a_name_goes_by_its_key() -> None:
    told = describe(SOURCE, ChangeView("added", "318", None, {"nome": None, "uh": "203"}, ("uh",)))
    assert (told.name, told.room) == ("linha 318", "203")


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 9000))))
def test_a_chart_stays_inside_its_frame(numbers: list[Any]) -> None:
    until = date(2026, 11, 22)
    drawn = chart([Day(until - timedelta(days=ago), *counts) for ago, *counts in numbers], until)
    assert len(drawn.columns) == 30
    for column in drawn.columns:
        assert 36 <= column.x <= 606 - 9
        assert 22 <= column.added_y <= 142
        assert column.removed_y + column.removed_height <= 243.1
        assert column.changed_y >= 21.9


def test_days_without_a_listing_are_left_empty() -> None:
    until = date(2026, 11, 22)
    drawn = chart([Day(until, 5, 5, 5, held=True)], until)
    assert [column.day.known for column in drawn.columns] == [False] * 29 + [True]
    assert drawn.columns[-1].day.held
