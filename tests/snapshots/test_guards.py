"""The decisions alone: which facts raise which reason."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from django.utils.translation import override

from snapshots import guards
from snapshots.guards import Facts, Past, Thresholds, integrity, sentence, shape

DAY = date(2026, 1, 10)
LIMITS = Thresholds()
WEEK = tuple(Past(DAY - timedelta(days=n), 600, {"nome": 600, "telefone": 300, "vip": 20}) for n in range(1, 8))
CLEAN = Facts(
    business_date=DAY,
    received=610,
    declared=610,
    filled={"nome": 610, "telefone": 290, "vip": 21},
    freshness="2026-01-10T05:58",
    head_rows=600,
    head_date=DAY - timedelta(days=1),
    head_freshness="2026-01-09T05:58",
    added=54,
    removed=44,
    unexplained=0,
    changed=150,
    history=WEEK,
)


def codes(**facts: Any) -> list[str]:
    wrong = replace(CLEAN, **facts)
    return [reason.code for reason in (*integrity(wrong, LIMITS), *shape(wrong, LIMITS))]


def test_a_clean_day_passes() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"declared": 611}, "count_mismatch"),
        ({"declared_after": 612}, "count_moved"),
        ({"null_keys": 1}, "null_key"),
        ({"duplicate_keys": 1}, "duplicate_key"),
        ({"business_date": DAY - timedelta(days=2)}, "older_date"),
        ({"freshness": "2026-01-09T05:58"}, "stale"),
        ({"lost_columns": ("telefone",), "filled": {"nome": 610}}, "lost_column"),
        ({"filled": {"nome": 610, "telefone": 0, "vip": 21}}, "null_column"),
        ({"mojibake": 7}, "mojibake"),
        ({"unexplained": 31}, "removed"),
        ({"changed": 201}, "changed"),
        ({"business_date": DAY - timedelta(days=1), "freshness": "2026-01-09T05:57"}, "rewound"),
        ({"business_date": DAY - timedelta(days=1), "freshness": "", "changed": 80, "reverted": 90}, "reverted"),
        ({"renamed": 167}, "other_people"),
        ({"filled_before": {"telefone": 300}, "reshaped": {"telefone": 151}}, "reshaped_column"),
        ({"added": 601}, "added"),
        ({"received": 440, "declared": 440, "filled": {}}, "below_median"),
    ],
)
def test_each_fault_has_its_reason(facts: dict[str, Any], code: str) -> None:
    assert codes(**facts) == [code]


@pytest.mark.parametrize(
    "facts",
    [
        {"declared": None},
        {"renamed": 166},
        {"filled_before": {"telefone": 300}, "reshaped": {"telefone": 150}},
        {"added": 600},
        {"reverted": 600, "changed": 200},
        {"unexplained": 30},
        {"changed": 200},
        {"mojibake": 6},
        {"mojibake": 40, "mojibake_before": 30},
        {"received": 460, "declared": 460, "filled": {"nome": 460, "telefone": 100}},
        {"filled": {"nome": 610, "telefone": 290, "vip": 0}},
        {"business_date": DAY - timedelta(days=1), "freshness": "2026-01-09T05:58"},
        {"business_date": DAY + timedelta(days=2), "changed": 500},
    ],
)
def test_just_within_the_limits_passes(facts: dict[str, Any]) -> None:
    assert codes(**facts) == []


def test_a_floor_is_no_more_than_a_share_of_a_small_hotel_unless_staff_set_it() -> None:
    small = replace(CLEAN, received=20, declared=20, head_rows=20, filled={}, history=(), added=0, removed=0, changed=0)
    assert shape(replace(small, unexplained=4), LIMITS)
    assert not shape(replace(small, unexplained=3, changed=14), LIMITS)
    assert shape(replace(small, changed=15), LIMITS)
    assert shape(replace(small, mojibake=3), LIMITS)
    wide = Thresholds(removed_floor=19, changed_floor=199, mojibake_floor=4)
    assert not shape(replace(small, unexplained=19, changed=20, mojibake=4), wide)


def test_a_head_that_claims_to_be_of_tomorrow_proves_nothing() -> None:
    assert codes(head_freshness="2031-01-01T00:00:00+00:00") == []
    assert codes(head_freshness="infinity") == []


def test_moments_are_compared_and_not_their_texts() -> None:
    assert codes(freshness="2026-01-09T22:30:00-03:00", head_freshness="2026-01-10T01:00:00+00:00") == []


def test_nothing_at_all_is_empty() -> None:
    assert "empty" in codes(received=0, declared=0, filled={})


def test_a_table_that_people_type_into_may_move_a_little_while_it_is_read() -> None:
    live = Thresholds(count_drift=5)
    moved = replace(CLEAN, declared=608, declared_after=611)
    assert integrity(moved, live) == []
    assert [reason.code for reason in integrity(replace(moved, declared_after=614), live)] == ["count_moved"]
    assert [reason.code for reason in integrity(replace(moved, received=607), live)] == ["count_mismatch"]


def test_whole_pages_are_suspect_when_rows_are_fewer_or_nobody_counted() -> None:
    big = {"received": 2000, "declared": 2000, "history": (), "filled": {}}
    assert codes(**big, head_rows=2050) == ["whole_pages"]
    assert codes(**big, head_rows=1990) == []
    assert codes(**{**big, "declared": None}, head_rows=1990) == ["whole_pages"]


def test_without_history_only_what_is_wrong_in_itself_counts() -> None:
    first = {"head_rows": None, "head_date": None, "head_freshness": "", "history": (), "added": 610, "unexplained": 0}
    assert codes(**first, received=1000, declared=1000) == []
    assert codes(**first, duplicate_keys=1) == ["duplicate_key"]
    assert codes(**{**first, "history": WEEK[:2]}, received=100, declared=100, filled={}) == []


def test_thresholds_are_each_sources_own() -> None:
    wide = Thresholds(changed_floor=1000, min_rows=0, median_share=0)
    assert shape(replace(CLEAN, changed=900), wide) == []
    assert integrity(replace(CLEAN, received=0, declared=0), wide) == []


@pytest.mark.parametrize("text", ["JosÃ© da Silva", "Concei\u00c3\u00a7\u00e3o", "Jo\ufffdo", "cafâ€™e"])
def test_broken_accents_are_seen(text: Any) -> None:
    assert guards.has_mojibake(orjson.dumps({"id": 1, "nome": text}))


@pytest.mark.parametrize("text", ["JOÃO", "São João", "ANTÃO Âmbar", "Zoë Ångström", "plain", None, 7])
def test_sound_text_is_left_alone(text: Any) -> None:
    assert not guards.has_mojibake(orjson.dumps({"id": 1, "nome": text}))


PARAMS = {
    "declared": 622, "received": 412, "before": 1, "after": 2, "date": "2026-01-01", "head": "2026-01-02",
    "freshness": "05:58", "columns": ["uh", "nome"], "column": "uh", "usual": 80, "now": 0, "unexplained": 30,
    "added": 9, "limit": 20, "changed": 300, "page": 1000, "percent": 66, "error": "x", "rows": 2, "removed": 40,
}  # fmt: skip


@pytest.mark.parametrize("code", [*guards._SENTENCES, "null_key", "duplicate_key", "mojibake"])
def test_every_reason_has_a_sentence_in_both_languages(code: str) -> None:
    with override("en"):
        english = sentence({"code": code, "params": PARAMS})
    with override("pt-br"):
        portuguese = sentence({"code": code, "params": PARAMS})
    assert english != portuguese
    assert not re.search(r"%\(|%%", english + portuguese)
