"""The hand-written set: no generator's habits to learn by heart."""

import pytest

from matching.core import Candidate, Engine
from matching.core.evaluation.report import judge, report
from tests.matching.core.house import order
from tests.matching.core.third_set import ORDERS, STAYS

THRESHOLD = 0.5


@pytest.fixture(scope="module")
def answers() -> dict[int, list[Candidate]]:
    rows = [order(text, os_id=i, **columns) for i, (text, columns, _) in enumerate(ORDERS, 1)]
    found: dict[int, list[Candidate]] = {i: [] for i in range(1, len(rows) + 1)}
    for candidate in Engine(STAYS).match(rows).candidates:
        found[candidate.os_id].append(candidate)
    return found


@pytest.mark.parametrize("place", range(1, len(ORDERS) + 1), ids=[text for text, _, _ in ORDERS])
def test_a_line_written_by_hand_finds_whom_it_means(place: int, answers: dict[int, list[Candidate]]) -> None:
    _, _, right = ORDERS[place - 1]
    found = answers[place]
    assert found, "no suggestion at all"
    first = found[0].listagem_id
    assert first in right if right else first is None
    assert found[0].probability >= THRESHOLD


def test_the_hand_written_set_as_a_whole(answers: dict[int, list[Candidate]]) -> None:
    truth = [{"os_id": i, "aceitaveis": sorted(right), "estilo": ""} for i, (_, _, right) in enumerate(ORDERS, 1)]
    given = {os_id: [(c.listagem_id, c.probability) for c in found] for os_id, found in answers.items()}
    result = report(judge(truth, given))
    assert result.default.precision >= 0.95
    assert result.default.recall >= 0.95
    assert result.sure[1] == 1.0, "what is preselected for bulk must be right"
