"""Marks and lines: what tells a row that is spelt as before from one that has to be looked at."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from snapshots.canonical import hash_key
from snapshots.ingest.reader import Reader, as_lines
from snapshots.source_spec import SourceSpec
from tests.snapshots.hotel import SPEC, stay

KEY = hash_key("tests")
ABC = SourceSpec(name="abc", key="a", columns=("a", "b", "c"), freshness="seen")

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text(max_size=6),
    st.sampled_from(["],[", ",\n,", "\n", '"', "\\n"]),
)


@given(st.lists(st.tuples(values, values, st.lists(values, max_size=2)), max_size=8))
def test_every_row_is_its_own_line_whatever_is_in_it(rows: list[Any]) -> None:
    assert as_lines(rows) == [orjson.dumps(row) for row in rows]


@given(st.lists(st.fixed_dictionaries({}, optional={"a": values, "b": values, "c": values}), max_size=6))
def test_a_line_gives_the_row_back_and_what_lacks_is_null(rows: list[dict[str, Any]]) -> None:
    reader = Reader(ABC, KEY)
    page = reader.read(rows)
    assert [reader.row(line) for line in page.lines] == [{name: row.get(name) for name in "abc"} for row in rows]
    assert page.keys == [row.get("a") for row in rows]
    assert reader.received == len(rows)
    assert reader.seen == {name for row in rows for name in row}


@given(st.tuples(values, values), st.tuples(values, values))
def test_marks_agree_exactly_where_the_spelling_does(one: Any, other: Any) -> None:
    rows = [{"a": 1, "b": b, "c": c} for b, c in (one, other)]
    first, second = Reader(ABC, KEY).read(rows).marks
    assert (first == second) == (orjson.dumps(rows[0]) == orjson.dumps(rows[1]))


def test_a_column_that_a_row_lacks_is_spelt_as_null_and_the_order_of_the_keys_does_not_count() -> None:
    reader = Reader(ABC, KEY)
    rows: list[dict[str, Any]] = [{"a": 1, "c": 2}, {"c": 2, "b": None, "a": 1}, {"a": 1, "b": None, "c": 2, "x": 9}]
    assert len({*reader.read(rows).marks}) == 1
    assert reader.seen == {"a", "b", "c", "x"}


def test_another_declaration_or_key_marks_everything_otherwise() -> None:
    row = {"a": 1, "b": 1, "c": 1}
    turned = SourceSpec(name="abc", key="a", columns=("b", "a", "c"))
    found = [Reader(spec, key).read([row]).marks[0] for spec in (ABC, turned) for key in (KEY, hash_key("other"))]
    assert len({*found}) == 4


def test_the_moment_it_was_seen_is_read_and_not_marked() -> None:
    reader = Reader(ABC, KEY)
    marks = reader.read([{"a": 1, "b": 2, "c": 3, "seen": f"2026-01-0{day}"} for day in (2, 3, 1)]).marks
    assert len({*marks}) == 1
    assert reader.freshness == "2026-01-03"
    assert reader.seen == {"a", "b", "c"}


def test_a_declaration_of_one_column_is_read_too() -> None:
    reader = Reader(SourceSpec(name="one", key="a", columns=("a",)), KEY)
    assert reader.read([{"a": 5}]).lines == [b"[5]"]


def test_a_page_of_the_listing_is_marked_alike_every_day() -> None:
    rows = [{**stay(n), "visto_em": "2026-01-01"} for n in range(20)]
    later = [{**row, "visto_em": "2026-01-02"} for row in rows]
    assert Reader(SPEC, KEY).read(rows).marks == Reader(SPEC, KEY).read(later).marks
