"""The sample's larger house: towers, chalets, suites and beds, typed in many ways and three languages."""

from collections import defaultdict

import pytest

from matching.core import Engine
from matching.core.evaluation.report import Judged, judge
from tests.benchmarks.hotel_rows import mornings


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    found: list[Judged] = []
    for morning in mornings(4, 4, rooms=100, large=True):
        answers: dict[int, list[tuple[int | None, float]]] = defaultdict(list)
        for candidate in Engine(morning.stays).match(morning.orders).candidates:
            answers[candidate.os_id].append((candidate.listagem_id, candidate.probability))
        found += judge(morning.truth, answers)
    return found


def test_the_first_suggestion_is_right(judged: list[Judged]) -> None:
    about_a_guest = [one for one in judged if one.right]
    assert len(about_a_guest) >= 60
    assert sum(one.is_right for one in about_a_guest) >= 0.93 * len(about_a_guest)


def test_a_sure_suggestion_is_right(judged: list[Judged]) -> None:
    sure = [one for one in judged if one.probability >= 0.9]
    assert len(sure) >= len(judged) / 2
    assert sum(one.is_right for one in sure) >= 0.97 * len(sure)
