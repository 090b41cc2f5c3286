"""Wilson's interval and the geometry of the manager's drawings."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.reports import charts


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Published values of the score interval without continuity correction (Newcombe 1998, table I).
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    found = charts.measured(hits, of)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


def test_nothing_measured_is_no_share() -> None:
    assert charts.measured(0, 0) is None


@given(st.integers(1, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_its_share_and_stays_within_0_and_1(case: tuple[int, int]) -> None:
    found = charts.measured(*case)
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.low < found.high


@given(st.integers(1, 500), st.integers(2, 50))
def test_more_cases_of_the_same_share_make_it_narrower(hits: int, times: int) -> None:
    few, many = charts.measured(hits, 2 * hits), charts.measured(hits * times, 2 * hits * times)
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


def test_a_whisker_stands_between_the_ends_of_its_line() -> None:
    none, all_ = charts.measured(0, 3), charts.measured(3, 3)
    assert none is not None
    assert all_ is not None
    assert charts.whisker(none).x == "8.0"
    assert charts.whisker(all_).x == "288.0"


def test_a_line_needs_two_points_and_bridges_a_day_without_any() -> None:
    assert charts.share_line([None, 0.5, None]) is None
    drawn = charts.share_line([0.5, None, 0.9])
    assert drawn is not None
    assert drawn.line.count("L") == 1


def test_two_shares_are_apart_only_where_their_intervals_leave_a_gap() -> None:
    few, many, other = charts.measured(9, 10), charts.measured(900, 1000), charts.measured(700, 1000)
    assert few
    assert many
    assert other
    assert charts.apart(many, other)
    assert charts.apart(other, many)
    assert not charts.apart(few, other)
    assert not charts.apart(many, many)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=90), st.integers(0, 100))
def test_every_point_of_a_line_lies_on_the_drawing(shares: list[float | None], target: int) -> None:
    drawn = charts.share_line(shares, target=target)
    if drawn is None:
        assert sum(share is not None for share in shares) < 2
        return
    assert (drawn.target is None) == (target == 0)
    assert drawn.target is None or 39.9 <= float(drawn.target.place) <= 160.1
    for point in drawn.line[1:].split("L"):
        x, y = map(float, point.split())
        assert 40 <= x <= 545
        assert 39.9 <= y <= 160.1
    assert all(39.9 <= float(tick.place) <= 160.1 for tick in drawn.lines)


def test_bars_are_as_long_as_their_counts_and_the_last_is_late() -> None:
    bars = charts.time_bars([1, 2, 0])
    assert [bar.width for bar in bars] == ["99.0", "198.0", "1.5"]
    assert [bar.percent for bar in bars] == [33, 67, 0]
    assert [bar.late for bar in bars] == [False, False, True]
    assert [bar.percent for bar in charts.time_bars([0, 0])] == [0, 0]


def test_weeks_without_a_verdict_have_no_mark() -> None:
    found = charts.measured(3, 4)
    drawn = charts.weeks([[None, found], [None, None], [found, found]])
    assert [[mark.week for mark in row] for row in drawn.series] == [[1], [], [0, 1]]
    assert math.isclose(float(drawn.lines[0].place), 182)
