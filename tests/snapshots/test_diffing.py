"""The pure comparison, for any listings."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.canonical import Canonical, Kinds, Row, add_digest, canonical_value, hash_key, recipe
from snapshots.diffing import ChangeView, compose, diff

Listing = dict[str, Row]
COLUMNS = ("uh", "nome", "noites", "titular")
KINDS = {"uh": "room", "noites": "number"}
KEY = hash_key("tests")

values = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text("aAáã 0", max_size=4))
rows = st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, values))
listings = st.dictionaries(st.sampled_from("abcdefgh"), rows, max_size=8)


def compared(before: Listing, after: Listing) -> list[ChangeView]:
    return list(diff(before.items(), after.items(), COLUMNS, KINDS))


def row_hash(row: Row, columns: Sequence[str], kinds: Kinds, key: bytes) -> int:
    return Canonical(columns, kinds, key).hash(row)


def applied(before: Listing, changes: Collection[ChangeView]) -> Listing:
    result = {key: row for key, row in before.items() if key not in {change.key for change in changes}}
    return result | {change.key: change.after for change in changes if change.after is not None}


def hashes(listing: Listing) -> dict[str, int]:
    return {key: row_hash(row, COLUMNS, KINDS, KEY) for key, row in listing.items()}


@given(listings, listings)
def test_diff_then_apply_gives_the_target(before: Listing, after: Listing) -> None:
    result = applied(before, compared(before, after))
    assert hashes(result) == hashes(after)


@given(listings)
def test_the_diff_of_equal_listings_is_empty(listing: Listing) -> None:
    assert compared(listing, dict(listing)) == []


@given(listings, listings, st.randoms())
def test_order_does_not_matter(before: Listing, after: Listing, shuffle: Random) -> None:
    old, new = list(before.items()), list(after.items())
    shuffle.shuffle(old)
    shuffle.shuffle(new)
    again = diff(old, new, COLUMNS, KINDS)
    assert {change.key: change for change in again} == {change.key: change for change in compared(before, after)}


@given(listings, listings, listings)
def test_two_diffs_composed_are_the_direct_one(first: Listing, second: Listing, third: Listing) -> None:
    composed = compose(compared(first, second), compared(second, third), COLUMNS, KINDS)
    direct = {change.key: (change.kind, change.fields) for change in compared(first, third)}
    assert {change.key: (change.kind, change.fields) for change in composed} == direct


@given(listings, listings)
def test_hashes_differ_exactly_where_the_diff_finds_something(before: Listing, after: Listing) -> None:
    old, new = hashes(before), hashes(after)
    different = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    assert {change.key for change in compared(before, after)} == different


@given(st.dictionaries(st.sampled_from(COLUMNS), values))
def test_the_order_of_the_keys_does_not_change_the_hash(row: dict[str, Any]) -> None:
    backwards = dict(reversed(row.items()))
    assert row_hash(row, COLUMNS, KINDS, KEY) == row_hash(backwards, COLUMNS[::-1], KINDS, KEY)


@given(st.text(max_size=30))
def test_a_unicode_form_does_not_change_the_hash(text: Any) -> None:
    forms = {row_hash({"nome": unicodedata.normalize(form, text)}, COLUMNS, KINDS, KEY) for form in ("NFC", "NFD")}
    assert len(forms) == 1


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3))
def test_a_number_is_the_same_however_it_is_spelt(number: Decimal) -> None:
    spellings = [str(number), f"{number:.5f}", f" {number} ", Decimal(number)]
    assert len({str(canonical_value(spelling, "number")) for spelling in spellings}) == 1


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.randoms())
def test_a_digest_is_the_same_in_any_order_and_gives_rows_back(numbers: list[Any], shuffle: Random) -> None:
    digest = add_digest(0, *numbers)
    shuffle.shuffle(numbers)
    assert add_digest(0, *numbers) == digest
    for number in numbers:
        digest = add_digest(digest, -number)
    assert digest == 0


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("text", "1", 1),
        ("text", "João", "Joao"),
        ("text", "", None),
        ("exact", "Ana", "ana"),
        ("room", "12A", "12B"),
        ("room", "0", ""),
        ("number", "1.5", "1.05"),
        ("instant", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00-03:00"),
        ("text", True, 1),
        ("text", [True], [1]),
        ("text", 2**64, 2**64 + 1),
        ("text", 10**30, str(10**30)),
        ("text", ["a", "b"], ["b", "a"]),
    ],
)
def test_what_the_kind_calls_different_has_another_hash(kind: str, one: Any, other: Any) -> None:
    first, second = (row_hash({"x": value}, ["x"], {"x": kind}, KEY) for value in (one, other))
    assert first != second


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("text", " Ana  Paula ", "ANA PAULA"),
        ("room", "0203", " 203"),
        ("room", 203, "203"),
        ("text", 1, 1.0),
        ("text", 10**20, 1e20),
        ("number", "1.50", 1.5),
        ("instant", "2026-01-01T10:00:00+00:00", "2026-01-01T07:00:00-03:00"),
        ("text", {"a": 1, "b": "X"}, {"b": "x", "a": 1.0}),
    ],
)
def test_what_the_kind_calls_equal_has_one_hash(kind: str, one: Any, other: Any) -> None:
    first, second = (row_hash({"x": value}, ["x"], {"x": kind}, KEY) for value in (one, other))
    assert first == second


def test_another_key_or_another_declaration_is_another_recipe() -> None:
    assert recipe(KINDS, KEY) != recipe(KINDS, hash_key("other"))
    assert recipe(KINDS, KEY) != recipe({**KINDS, "nome": "exact"}, KEY)
    assert recipe(KINDS, KEY) == recipe(dict(reversed(KINDS.items())), KEY)
