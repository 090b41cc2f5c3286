"""The kernel by itself, on numbers small enough to reckon by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from matching.core.kernel.blocks import Postings, among, cross, distinct, united
from matching.core.kernel.comparisons import ABSENT, Coded, Column, Comparison, chances
from matching.core.kernel.em import learn, shares
from matching.core.kernel.scores import compete, one_to_one, places, runs, total_of


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


codes = st.lists(st.integers(-1, 4), max_size=12)


# --- blocks --------------------------------------------------------------------------------------
@given(codes, codes, st.integers(1, 5))
def test_a_join_finds_exactly_the_pairs_that_share_a_key_borne_by_few_enough(
    ours: list[int], theirs: list[int], cap: int
) -> None:
    postings = Postings.of(np.array(theirs, dtype=np.int64), np.arange(len(theirs)), 5)
    left, right = postings.join(np.array(ours, dtype=np.int64), cap)
    expected = [(i, j) for i, a in enumerate(ours) for j, b in enumerate(theirs) if a == b >= 0]
    few = [(i, j) for i, j in expected if theirs.count(theirs[j]) <= cap]
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == few


def test_a_key_that_everybody_bears_costs_nothing() -> None:
    everybody = np.zeros(50_000, dtype=np.int64)
    left, _ = Postings.of(everybody, np.arange(50_000), 1).join(everybody, cap=100)
    assert len(left) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(-9, 9)), max_size=20))
def test_the_union_of_blocks_holds_each_pair_once_with_all_that_it_was_given(met: list[tuple[int, int, int]]) -> None:
    left, right, given_bits = (np.array([m[i] for m in met], dtype=np.int64) for i in range(3))
    pairs = united(left, right, given_bits.astype(np.float64), 5)
    expected: dict[tuple[int, int], int] = {}
    for one, other, bits in met:
        expected[one, other] = expected.get((one, other), 0) + bits
    found = dict(zip(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True), pairs.given.tolist(), strict=True))
    assert found == expected
    assert list(found) == sorted(expected)


def test_pairs_that_agree_on_any_column_meet_and_know_on_how_many() -> None:
    keys = [(ints(0, 1, -1), ints(1, 0)), (ints(5, 5, 7), ints(7, 5))]
    pairs = cross(keys, (3, 2), cap=10)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), pairs.given.tolist(), strict=True)) == [
        (0, 1, 2.0),
        (1, 0, 1.0),
        (1, 1, 1.0),
        (2, 0, 1.0),
    ]


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_a_sorted_list_knows_its_members(values: list[int], known: list[int]) -> None:
    ascending = distinct([np.array(known, dtype=np.int32)])
    assert ascending.tolist() == sorted(set(known))
    assert among(np.array(values, dtype=np.int64), ascending).tolist() == [v in known for v in values]


# --- levels --------------------------------------------------------------------------------------
NAME = Column("name", (0.9, 0.7), lambda one, other: cpdist(one, other, scorer=JaroWinkler.similarity), rarity=True)


def test_values_fall_into_levels_best_first_and_none_takes_no_part() -> None:
    left = ["marta", "marta", "marta", "marta", None, ""]
    right = ["marta", "martha", "mario", "xyz", "marta", "marta"]
    found = Coded.of(left, right).levels(NAME, np.arange(6), np.arange(6))
    assert found.tolist() == [0, 1, 2, 3, ABSENT, ABSENT]
    assert NAME.comparison.levels == ("equal", ">= 0.9", ">= 0.7", "different")


def test_a_rare_value_that_is_shared_says_more_than_a_common_one() -> None:
    coded = Coded.of(["silva", "wosniak", "silva"], ["silva"] * 30 + ["wosniak", "prado"])
    levels = coded.levels(NAME, ints(0, 1, 2), ints(0, 30, 31))
    common, rare, other = coded.rarity(ints(0, 1, 2), levels, 0.1).tolist()
    assert rare > common
    assert other == 0


def test_chances_by_accident_add_up_to_one_and_know_equality_exactly() -> None:
    coded = Coded.of(["a", "a", "b", "c"], ["a", "b", "b", "b"])
    found = chances(coded, NAME)
    assert found.sum() == pytest.approx(1)
    assert found[0] == pytest.approx(2 / 4 * 1 / 4 + 1 / 4 * 3 / 4)


def test_a_table_gives_no_bits_to_what_takes_no_part() -> None:
    table = Comparison("room", ("same", "different")).table({"same": 3.0, "different": -2.0}.__getitem__)
    assert table[np.array([0, 1, ABSENT])].tolist() == [3.0, -2.0, 0.0]


# --- learning ------------------------------------------------------------------------------------
def test_what_matches_share_is_learned_without_a_label() -> None:
    """Two thousand matches among twenty thousand pairs, drawn with known m and u."""
    random = np.random.default_rng(4)
    match = np.arange(20_000) < 2_000
    comparisons = [Comparison(name, ("same", "alike", "different")) for name in "abcd"]
    m, u = np.array([0.85, 0.1, 0.05]), np.array([0.02, 0.08, 0.9])
    drawn = [
        np.where(match, random.choice(3, 20_000, p=m), random.choice(3, 20_000, p=u)).astype(np.int8) for _ in "abcd"
    ]
    learned = learn(comparisons, drawn, [u] * 4, prior=0.01)
    assert learned.prior == pytest.approx(0.1, abs=0.01)
    for found in learned.m:
        assert found == pytest.approx(m, abs=0.03)
    said = learned.score(drawn) > 0
    assert (said == match).mean() > 0.99


def test_a_level_that_was_never_seen_is_not_impossible() -> None:
    assert (shares(np.zeros(10, dtype=np.int8), 3) > 0).all()


# --- scores --------------------------------------------------------------------------------------
owned = st.lists(st.tuples(st.integers(0, 4), st.floats(-400, 400)), max_size=20).map(sorted)


@given(owned, st.floats(-400, 400), st.floats(0.2, 3))
def test_shares_of_an_owner_and_its_rivals_add_up_to_one(
    hypotheses: list[tuple[int, float]], none: float, k: float
) -> None:
    owners = np.array([owner for owner, _ in hypotheses], dtype=np.int64)
    scores = np.array([score for _, score in hypotheses], dtype=np.float64)
    weights, against, everything = compete(scores, owners, np.full((5, 1), none), k)
    assert total_of(weights / everything[owners], owners, 5) + (against / everything[:, None])[:, 0] == pytest.approx(1)


@given(owned)
def test_an_owner_is_weighed_alone_as_among_others(hypotheses: list[tuple[int, float]]) -> None:
    owners = np.array([owner for owner, _ in hypotheses], dtype=np.int64)
    scores = np.array([score for _, score in hypotheses], dtype=np.float64)
    together, _, _ = compete(scores, owners, np.zeros((5, 1)))
    for start, end in runs(owners):
        alone, _, _ = compete(scores[start:end], np.zeros(end - start, dtype=np.int64), np.zeros((1, 1)))
        assert alone.tolist() == together[start:end].tolist()


def test_places_count_within_each_owner() -> None:
    assert places(ints(0, 0, 2, 2, 2, 5)).tolist() == [0, 1, 0, 1, 2, 0]
    assert runs(ints()) == []


def test_links_take_the_best_first_and_use_a_record_once() -> None:
    left, right = ints(0, 0, 1, 1, 2), ints(0, 1, 0, 1, 2)
    assert one_to_one(left, right, np.array([9.0, 8.0, 8.5, 1.0, -1.0]), 0.0).tolist() == [0, 3]


def test_of_equal_links_the_first_counts_whatever_the_order_of_the_pairs() -> None:
    links = one_to_one(ints(1, 0), ints(0, 0), np.array([5.0, 5.0]), 0.0)
    assert links.tolist() == [1]
