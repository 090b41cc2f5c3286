"""The geometry that all charts share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sistema_os.chart_geometry import Scale, Slots, end_among, every, grid_line, labelled, number, round_end, spread_out


@pytest.mark.parametrize(("largest", "end"), [(0, 10), (11, 20), (54, 100), (100, 100), (101, 200), (4999, 5000)])
def test_an_axis_ends_at_a_round_number(largest: float, end: int) -> None:
    assert round_end(largest) == end


@pytest.mark.parametrize(("largest", "end"), [(0, 1), (1, 1), (1.1, 2), (6, 6)])
def test_an_axis_ends_at_the_first_end_that_fits_or_at_the_largest_value(largest: float, end: float) -> None:
    assert end_among((1, 2, 5), largest) == end


@pytest.mark.parametrize(("count", "most"), [(1, 5), (2, 5), (7, 5), (13, 7), (30, 5)])
def test_the_last_place_always_has_its_label(count: int, most: int) -> None:
    places = labelled(count, most)
    assert places[-1] == count - 1
    assert len(places) <= most


def test_every_nth_place_is_counted_from_the_last() -> None:
    assert every(30, 10) == [9, 19, 29]


@given(st.floats(0, 1), st.floats(-500, 500), st.floats(-500, 500))
def test_a_scale_stays_between_its_ends(share: float, start: float, end: float) -> None:
    scale = Scale(10, 20, start, end)
    at = scale.at(10 + 10 * share)
    assert min(start, end) - 1e-9 <= at <= max(start, end) + 1e-9
    assert scale.length(10 + 10 * share) <= abs(end - start) + 1e-9


def test_a_grid_line_has_its_label_under_it() -> None:
    line = grid_line(Scale(0, 10, 100, 0), 5)
    assert (line.y, line.text_y, line.value) == (50, 54, 5)


def test_slots_and_places_cover_the_axis() -> None:
    slots = Slots(4, 20, 100)
    assert (slots.width, slots.middle(0), slots.middle(3)) == (20, 30, 90)
    assert spread_out(3, 0, 10) == [0, 5, 10]
    assert spread_out(1, 0, 10) == [10]


def test_a_coordinate_has_a_point_whatever_the_language() -> None:
    assert number(84) == "84.0"
