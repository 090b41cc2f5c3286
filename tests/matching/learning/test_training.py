"""Learning is guarded: what carries a signal is promoted, what does not is not, and the same input learns the same."""

from dataclasses import replace

import pytest

from matching.core import Model
from matching.core.reestimation import Verdict
from matching.learning.aliases import find_aliases
from matching.learning.calibration import calibrate
from matching.learning.cross_validation import compare, figures, table
from matching.learning.trainer import CALIBRATION, WEIGHTS, TooFewDecisions, Training, train
from matching.learning.training_set import TrainingSet
from tests.matching.core.house import order, stay
from tests.matching.learning import school


def quick(examples: TrainingSet, **options: object) -> Training:
    return train(examples, Model(), **options)  # type: ignore[arg-type]  # named as in the signature


def test_a_house_with_its_own_nickname_is_learned_and_found_better_on_what_was_held_out() -> None:
    done = quick(school.house_with_nicknames())
    assert done.is_better, done.doubt
    assert set(done.model.aliases) == {"bolota"}
    assert set(done.model.aliases["bolota"]) == {"arthur"}
    assert done.comparison.new.f1 > done.comparison.old.f1
    assert done.comparison.new.log_loss < done.comparison.old.log_loss


@pytest.mark.parametrize("seed", range(3))
def test_answers_dealt_out_again_teach_nothing(seed: int) -> None:
    done = quick(school.shuffled(school.house_with_nicknames(), seed))
    assert not done.is_better
    assert done.doubt == "decisions"


@pytest.mark.parametrize("seed", range(3))
def test_yes_and_no_that_do_not_follow_the_evidence_teach_nothing(seed: int) -> None:
    """A model that is only less sure of everything foresees such decisions better, and must not be taken for better."""
    done = quick(school.at_random(school.house_with_nicknames(), 0.8, seed))
    assert not done.is_better


def test_naive_relearning_on_few_decisions_loses_on_the_held_out_ones_and_is_refused() -> None:
    few = school.house_as_the_model_thinks(60, {9: "901", 33: "402"})
    naive = quick(few, fewest=60, ways=((WEIGHTS,),), strength=1.0)
    assert naive.comparison.gain < 0
    assert not naive.is_better
    drawn_back = quick(few, fewest=60, ways=((WEIGHTS,),))
    assert drawn_back.comparison.gain > naive.comparison.gain


def test_the_same_decisions_and_seed_learn_the_same_and_other_folds_are_another_trial() -> None:
    examples = school.house_with_nicknames()
    first, again, other = (quick(examples, seed=seed, ways=((CALIBRATION,),)) for seed in (1, 1, 2))
    assert (first.model, first.comparison) == (again.model, again.comparison)
    assert first.comparison != other.comparison


def test_too_few_decisions_are_refused_with_both_numbers() -> None:
    few = school.house_with_nicknames().only(range(101))
    with pytest.raises(TooFewDecisions) as refused:
        quick(few)
    assert (refused.value.there, refused.value.needed) == (100, 120)


def test_the_calibration_of_a_house_that_is_right_hardly_moves_and_never_far() -> None:
    told = school.house_as_the_model_thinks(12, {})
    learned = calibrate(told.score(Model()), told.verdicts, Model(), version="x")
    assert learned.sharpness == pytest.approx(Model().sharpness, rel=0.2)
    wrong = TrainingSet(told.days, {key: Verdict(frozenset({None})) for key in told.verdicts})
    bent = calibrate(told.score(Model()), wrong.verdicts, Model(), version="x")
    assert bent.nobody["prior"] > Model().nobody["prior"]
    assert bent.nobody["prior"] <= Model().nobody["prior"] + 3.01


def test_a_refused_pair_alone_lowers_what_was_believed_of_it() -> None:
    told = school.house_as_the_model_thinks(40, {})
    refused = {key: Verdict(refused=verdict.right) for key, verdict in told.verdicts.items()}
    learned = calibrate(told.score(Model()), refused, Model(), version="x")
    before = figures(told.score(Model()), refused)
    after = figures(told.score(learned), refused)
    assert after.log_loss < before.log_loss


class TestAnAlias:
    def find(self, rows: list[tuple[str, int | None]], names: list[str], bookings: list[int] | None = None) -> object:
        """Orders as (what stands in the guest's field, who was meant); guests by their place, each in a room."""
        stays = [*school.guests("Otávio")[:60]]
        stays += [
            stay(500 + n, name, str(500 + n), booking=(bookings or range(800, 900))[n]) for n, name in enumerate(names)
        ]
        told = school.examples(
            [
                (
                    order("toalha", os_id=n, hospede_texto=text, uh_texto=str(500 + (who or 0))),
                    frozenset({None if who is None else 500 + who}),
                )
                for n, (text, who) in enumerate(rows, 1)
            ],
            stays,
        )
        return find_aliases(told, told.score(Model()))

    ARTHURS = ("Arthur Lemos", "Arthur Prates", "Arthur Ribas")

    def test_takes_two_guests_of_that_name(self) -> None:
        found = self.find([("Bolota", 0), ("Bolota", 1), ("Bolota", 2)], list(self.ARTHURS))
        assert found == {"bolota": {"arthur": pytest.approx(3.5 / 8, abs=0.001)}}

    def test_is_not_one_guest_s_own(self) -> None:
        assert self.find([("Bolota", 0), ("Bolota", 0), ("Bolota", 0)], list(self.ARTHURS)) == {}

    def test_is_not_what_two_of_one_booking_share(self) -> None:
        assert self.find([("Bolota", 0), ("Bolota", 1)], list(self.ARTHURS), [800, 800, 801]) == {}

    def test_is_not_a_word_that_stands_with_anybody(self) -> None:
        names = [*self.ARTHURS, "Iara Leão", "Nina Galvão", "Téo Sampaio"]
        assert self.find([("Bolota", n) for n in range(6)], names) == {}

    def test_is_not_a_word_that_stands_where_nobody_is_meant(self) -> None:
        rows: list[tuple[str, int | None]] = [("Bolota", 0), ("Bolota", 1), ("Bolota", None), ("Bolota", None)]
        assert self.find(rows, list(self.ARTHURS)) == {}

    def test_is_never_a_name_of_its_own(self) -> None:
        assert self.find([("Carlos", 0), ("Carlos", 1), ("Carlos", 2)], list(self.ARTHURS)) == {}


def test_a_model_as_good_as_the_old_one_is_not_better() -> None:
    told = school.house_as_the_model_thinks(20, {})
    found = told.score(Model())
    same = compare(found, told.score(replace(Model(), version="copy")), told.verdicts)
    assert not same.is_better
    assert same.objections == ["no_gain", "may_be_luck"]


def test_the_table_stands_old_beside_new() -> None:
    told = school.house_as_the_model_thinks(20, {})
    lines = table(compare(told.score(Model()), told.score(Model()), told.verdicts))
    for title in ("precision", "recall", "F1", "log loss", "Brier", "calibration error"):
        assert any(line.startswith(title) for line in lines), title


def test_a_house_indexed_once_answers_every_model_like_a_fresh_one() -> None:
    told = school.house_with_nicknames(1)
    dull = replace(Model(), sharpness=0.7, aliases={"bolota": {"arthur": 0.4}})
    told.score(Model())
    fresh = TrainingSet(told.days, told.verdicts)
    assert told.score(dull) == fresh.score(dull)
    assert told.only(range(9)).score(dull) == {key: c for key, c in fresh.score(dull).items() if key < 9}


def test_a_house_that_swaps_the_digits_of_rooms_is_learned_to_do_so() -> None:
    swapped = {n: "1" + school.ROOMS[n % 30][:0:-1] for n in range(1, 151) if n % 3 == 0 and n % 30 not in (1, 11, 19)}
    done = quick(school.house_as_the_model_thinks(150, swapped), ways=((WEIGHTS,),))
    assert done.comparison.gain > 0
    assert done.model.comparisons["room"]["swapped"][0] > Model().comparisons["room"]["swapped"][0]
    assert done.model.comparisons["room"]["same"][0] < Model().comparisons["room"]["same"][0]
