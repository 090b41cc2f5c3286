"""What holds for any hotel and any order."""

import json
import math
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.core import Candidate, Engine, match
from tests.matching.core.house import Row, crowd, order, stay

GIVEN = ["José", "Maria", "Ana", "Luiz", "Francisco", "Thiago", "Beatriz", "Conceição", "Wellington", "Eduarda"]
FAMILY = ["Silva", "Souza", "Prado", "Queiroz", "Xavier", "Müller", "D'Ávila", "Rosa", "Brandão", "Neto"]
SAID = [
    "toalha extra",
    "chuveiro frio",
    "ligou",
    "reclama de barulho",
    "preventiva",
    "piscina",
    "achado",
    "chegada 12/03",
]
ROOMS = ["101", "102", "110", "201", "210", "0301", "12A"]

names = st.builds(" ".join, st.tuples(st.sampled_from(GIVEN), st.sampled_from(FAMILY), st.sampled_from(FAMILY)))
guests = st.tuples(names, st.sampled_from([*ROOMS, None]), st.booleans(), st.integers(0, 6), st.integers(1, 9))
texts = st.builds(
    " ".join,
    st.lists(st.sampled_from([*GIVEN, *FAMILY, *SAID, *ROOMS, "apto", "Sr.", "e", "hóspede", "/"]), max_size=8),
)
any_texts = st.one_of(texts, st.text(max_size=60))


def house(members: list[tuple[str, str | None, bool, int, int]]) -> list[Row]:
    """Arrivals from the 4th to the 10th, one night or more."""
    return [
        stay(
            i,
            name,
            room,
            titular=titular,
            booking=i // 2,
            arrival=f"2026-03-{4 + since:02d}",
            departure=f"2026-03-{4 + since + nights:02d}",
        )
        for i, (name, room, titular, since, nights) in enumerate(members, 1)
    ]


houses = st.lists(guests, max_size=12).map(house)


def by_order(found: list[Candidate]) -> dict[int, list[Candidate]]:
    answers: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in found:
        answers[candidate.os_id].append(candidate)
    return answers


def asked(lines: list[str]) -> list[Row]:
    return [order(text, os_id=i) for i, text in enumerate(lines, 1)]


@given(houses, st.lists(any_texts, max_size=5))
@settings(deadline=None, max_examples=80)
def test_probabilities_of_an_order_add_up_to_one_at_most_and_ranks_follow_them(
    stays: list[Row], lines: list[str]
) -> None:
    """To less than 1 where somebody who may not be shown is likelier than doubt."""
    for found in by_order(match(asked(lines), stays)).values():
        assert 0 < math.fsum(c.probability for c in found) <= 1 + 1e-9
        assert [c.rank for c in found] == list(range(1, len(found) + 1))
        assert [c.probability for c in found] == sorted((c.probability for c in found), reverse=True)
        assert len({c.listagem_id for c in found}) == len(found)


@given(houses, st.lists(any_texts, max_size=5))
@settings(deadline=None, max_examples=80)
def test_the_bits_of_the_reasons_are_the_log_odds_shown(stays: list[Row], lines: list[str]) -> None:
    for candidate in match(asked(lines), stays):
        odds = candidate.probability / (1 - candidate.probability) if 1e-9 < candidate.probability < 1 - 1e-9 else None
        if odds is not None:
            bits = math.fsum(reason.weight_bits for reason in candidate.reasons)
            assert bits == pytest.approx(math.log2(odds), abs=1e-6)


@given(houses, st.lists(any_texts, max_size=5))
@settings(deadline=None, max_examples=80)
def test_between_two_hypotheses_the_evidence_differs_by_their_odds(stays: list[Row], lines: list[str]) -> None:
    """What the competition leaves apart, which closes the sum of each."""
    for found in by_order(match(asked(lines), stays)).values():
        scores = [math.fsum(r.weight_bits for r in c.reasons if r.comparison != "competition") for c in found]
        for candidate, score in zip(found, scores, strict=True):
            if candidate.probability > 1e-12 and found[0].probability > 0:
                odds = math.log2(candidate.probability / found[0].probability)
                assert odds == pytest.approx(score - scores[0], abs=1e-6)


@given(houses, st.lists(any_texts, max_size=5))
@settings(deadline=None, max_examples=40)
def test_every_order_has_an_answer(stays: list[Row], lines: list[str]) -> None:
    rows = asked(lines)
    assert by_order(match(rows, stays)).keys() == {row["id"] for row in rows}


@given(houses, st.lists(texts, min_size=1, max_size=4), st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_of_rows_changes_nothing(stays: list[Row], lines: list[str], random: Any) -> None:
    rows = asked(lines)
    expected = by_order(match(rows, stays))
    random.shuffle(rows)
    random.shuffle(stays)
    assert by_order(match(rows, stays)) == expected


@given(houses, st.lists(texts, min_size=1, max_size=4))
@settings(deadline=None, max_examples=40)
def test_one_order_at_a_time_gives_what_all_at_once_give(stays: list[Row], lines: list[str]) -> None:
    engine = Engine(stays)
    rows = asked(lines)
    apart = [c for row in rows for c in engine.match([row]).candidates]
    assert apart == match(rows, stays)


@given(guests, st.sampled_from(["101", "777", None]))
@settings(deadline=None, max_examples=40)
def test_an_unrelated_guest_does_not_change_a_certain_match(
    other: tuple[str, str | None, bool, int, int], room: str | None
) -> None:
    stays = [*crowd(), stay(5_001, "Leocádia Wosniak", "203", phone="48 99876-5432")]
    asks = [order("Leocádia Wosniak 203 - 48 99876-5432 toalha")]
    before = match(asks, stays)[0]
    newcomer = stay(5_002, other[0], room, titular=other[2])
    after = match(asks, [*stays, newcomer])[0]
    assert before.probability > 0.99
    assert after.listagem_id == before.listagem_id
    assert after.probability == pytest.approx(before.probability, abs=0.005)


@given(houses, any_texts)
@settings(deadline=None, max_examples=40)
def test_every_answer_can_be_written_as_json(stays: list[Row], text: str) -> None:
    for candidate in match([order(text)], stays):
        assert json.loads(json.dumps([vars_of(r) for r in candidate.reasons]))


def vars_of(reason: Any) -> dict[str, Any]:
    return {
        name: getattr(reason, name) for name in ("comparison", "level", "order_value", "guest_value", "weight_bits")
    }
