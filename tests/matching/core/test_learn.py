"""What a model learns from orders alone."""

from dataclasses import replace

import pytest

from matching.core import Model
from matching.core.reestimation import LEARNED, reestimate
from tests.matching.core.house import Row, crowd, order, stay

NAMES = ["Pedro Figueira", "Clara Wosniak", "Otávio Pimentel", "Iara Leão", "Téo Sampaio", "Nina Galvão"]
STAYS = [*crowd(), *(stay(i, name, f"{i}23") for i, name in enumerate(NAMES, 1))]


def asked(room: str) -> list[Row]:
    """Forty orders for each guest by full name; `{i}` in the room is the guest's floor."""
    lines = [f"{name} apto {room.format(i=i)} toalha" for i, name in enumerate(NAMES, 1)] * 40
    return [order(text, os_id=i) for i, text in enumerate(lines, 1)]


def room_m(model: Model, level: str) -> float:
    return model.comparisons["room"][level][0]


def test_a_hotel_that_swaps_digits_teaches_it() -> None:
    learned = reestimate([(asked("{i}32"), STAYS)], version="swaps", rounds=2)
    assert room_m(learned, "swapped") > 5 * room_m(Model(), "swapped")
    assert room_m(learned, "same") < room_m(Model(), "same")
    assert learned.version == "swaps"


def test_a_hotel_that_types_rooms_right_is_trusted_more() -> None:
    learned = reestimate([(asked("{i}23"), STAYS)], version="right", rounds=2)
    assert room_m(learned, "same") > room_m(Model(), "same")
    assert room_m(learned, "different") < room_m(Model(), "different")


def test_a_few_orders_move_little() -> None:
    learned = reestimate([(asked("{i}32")[:6], STAYS)], version="few", rounds=2)
    assert room_m(learned, "swapped") == pytest.approx(room_m(Model(), "swapped"), abs=0.02)


def test_nothing_seen_changes_nothing_but_the_version() -> None:
    assert reestimate([([], STAYS)], version="none") == replace(Model(), version="none")


def test_chances_by_accident_and_the_scale_of_a_group_stay() -> None:
    learned = reestimate([(asked("{i}32"), STAYS)], version="scale", rounds=1)
    for name, group in LEARNED.items():
        old, new = Model().comparisons[name], learned.comparisons[name]
        assert [u for _, u in new.values()] == [u for _, u in old.values()]
        assert sum(new[x][0] for x in group) == pytest.approx(sum(old[x][0] for x in group))
