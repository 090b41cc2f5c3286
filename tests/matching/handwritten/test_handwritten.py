"""Orders as people write them, in twelve invented hotels: bounds that the engine may not fall below."""

import pytest

from tests.matching.handwritten.scoring import HOTELS, Score, score

# Hotel -> least share of first right, of recall at three, and of right ones among the sure heads.
BOUNDS = {
    "business": (0.95, 0.96, 0.97),
    "pousada": (0.89, 0.94, 0.94),
    "hospital": (0.95, 0.95, 0.94),
    "hostel": (0.95, 0.95, 0.93),
    "flat": (0.94, 0.94, 0.94),
    "fazenda": (0.95, 0.95, 0.94),
    "resort": (0.95, 0.97, 0.97),
    "misto": (0.93, 0.94, 0.97),
    "serra": (0.97, 0.97, 0.97),
    "costa": (0.95, 0.95, 0.97),
    "praia": (0.97, 0.97, 0.97),
    "torres": (0.93, 0.95, 0.97),
}


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return {hotel: score(hotel) for hotel in HOTELS}


@pytest.mark.parametrize("hotel", HOTELS)
def test_the_right_guest_is_first_or_among_three(scores: dict[str, Score], hotel: str) -> None:
    found, (first, three, _) = scores[hotel], BOUNDS[hotel]
    assert found.first_right >= first * found.about_a_guest, found.kinds
    assert found.among_three >= three * found.about_a_guest, found.kinds


@pytest.mark.parametrize("hotel", HOTELS)
def test_a_sure_head_is_right(scores: dict[str, Score], hotel: str) -> None:
    found = scores[hotel]
    assert found.sure >= found.about_a_guest / 2, "never being sure is no merit"
    assert found.sure_right >= BOUNDS[hotel][2] * found.sure, found.kinds


@pytest.mark.parametrize("hotel", HOTELS)
def test_no_order_is_left_without_an_answer(scores: dict[str, Score], hotel: str) -> None:
    assert scores[hotel].unanswered == 0


def test_an_order_about_nobody_is_mostly_known_as_such(scores: dict[str, Score]) -> None:
    about_nobody = sum(found.about_nobody for found in scores.values())
    assert sum(found.nobody_right for found in scores.values()) >= 0.85 * about_nobody
