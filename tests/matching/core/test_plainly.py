"""What is weighed in arrays is what a plain reading weighs, to the last reason of every stay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.core import Model, Reason
from matching.core.comparisons.batch import Batch
from matching.core.explanation import Explainer
from matching.core.hypotheses import Hypotheses
from matching.core.parsing.orders import parse_order
from tests.benchmarks.hotel_rows import mornings
from tests.matching.core.house import Row, crowd, order, stay
from tests.matching.core.plainly import Plain
from tests.matching.core.test_properties import asked, houses, texts

TAUGHT = replace(Model(), aliases={"tuca": {"jose": 0.3, "beatriz": 0.2}, "ana": {"francisco": 0.1}})
WORDS = ["Tuca", "e", "ze", "Sra.", "Bia", "M.", "12/03", "99876-5432", "ana@prado.com", "R77", "Pampa", "Filho"]
typed = st.builds(" ".join, st.tuples(texts, st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)))


def assert_same(rows: Sequence[Row], orders: Sequence[Row], model: Model | None = None) -> None:
    """All orders in one batch, and the same without taking the guests of a booking together."""
    plain = Plain(rows, model)
    engine = plain.engine
    batch = Batch.of([parse_order(row, engine.rooms, engine.labels, engine.names) for row in orders])
    seen = engine.presence.seen(batch)
    weighed = engine.weigher.weigh(batch, engine.blocking.block(batch, seen), seen)
    size = len(weighed.pairs)
    alone = Hypotheses(np.arange(size), weighed.scores, np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.int64))
    tell = Explainer(engine.index, weighed, alone, np.arange(size), 1.0)
    expected = [plain.weigh(asked) for asked in batch.orders]
    assert size == sum(len(found) for found in expected)
    for row in range(size):
        reasons = expected[weighed.pairs.left[row]][int(weighed.pairs.right[row])]
        assert_alike(tell.evidence(row), reasons)
        assert weighed.scores[row] == pytest.approx(sum(r.weight_bits for r in reasons), abs=1e-9)


def assert_alike(found: Sequence[Reason], expected: Sequence[Reason]) -> None:
    assert [tuple(r)[:4] for r in found] == [tuple(r)[:4] for r in expected]
    assert [r.weight_bits for r in found] == pytest.approx([r.weight_bits for r in expected], abs=1e-9)


@given(houses, st.lists(typed, min_size=1, max_size=4))
@settings(deadline=None, max_examples=80)
def test_in_any_small_hotel(stays: list[Row], lines: list[str]) -> None:
    assert_same(stays, asked(lines))


@given(houses, st.lists(typed, min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_in_one_that_has_learned_what_it_calls_its_guests(stays: list[Row], lines: list[str]) -> None:
    assert_same(stays, asked(lines), TAUGHT)


days = st.integers(1, 14)
spans = st.lists(st.tuples(st.sampled_from(["203", "230", "415", "12a"]), days, st.none() | days), max_size=3)


@given(spans, st.sampled_from(["203", "302", "204", "203/415", "415"]), st.integers(1, 16), st.booleans())
@settings(deadline=None, max_examples=120)
def test_wherever_a_guest_slept(slept: list[Any], room: str, day: int, is_free: bool) -> None:
    """Occupancies in any order, with gaps, overlapping, and with or without a room today."""
    rows = [
        {"uh": uh, "de": f"2026-03-{since:02d}", "ate": f"2026-03-{until:02d}" if until else None}
        for uh, since, until in slept
    ]
    now = None if is_free else "415"
    guest = stay(
        1, "Pedro Figueira", now, slept=rows, arrival="2026-03-10", departure="2026-03-15", status="confirmada"
    )
    assert_same([*crowd(), guest], [order(f"Pedro Figueira {room}", at=f"2026-03-{day:02d}T15:00:00-03:00")])


def test_on_mornings_of_the_sample_hotel() -> None:
    for morning in mornings(seed=2, days=2, rooms=40):
        assert_same(morning.stays, morning.orders)


def test_companions_without_a_name_beside_the_family_of_their_booking() -> None:
    booked = [
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "ACOMPANHANTE 1", "203", booking=7, titular=False, unnamed=True),
        stay(3, "Otávio Prado Leão", "203", booking=7, titular=False),
    ]
    lines = [
        "Clara Figueira 203 toalha",
        "Clara 203",
        "Pedro Leao e Iara Prado 203",
        "Figueira Clara",
        "Sra. Figueira 203",
    ]
    assert_same([*crowd(), *booked], asked(lines))
