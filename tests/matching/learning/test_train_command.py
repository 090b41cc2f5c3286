"""From decisions in the database to a version in use, and back."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from matching import suggestion_manager
from matching.core import Model
from matching.core.reestimation import Verdict
from matching.hospede_matcher import match_orders
from matching.learning import model_registry
from matching.learning.from_decisions import gather
from matching.learning.training_set import TrainingSet
from matching.models import Decision, MatchSuggestion, ModelVersion, Order, Stay
from matching.models.choices import State, Verb
from matching.review import service
from tests.conftest import SharedWorld
from tests.matching.learning import school

pytestmark = pytest.mark.django_db


def no_fence() -> None:
    """A run that still holds its fence."""


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> User:
    """May decide; what is decided is sent nowhere."""
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
    return User.objects.create_superuser("ana")


def lived_through(examples: TrainingSet) -> User:
    """The user who decided all of the examples, after they were matched and decided."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matching.review.service.send_now", lambda _: None)
        user = User.objects.create_superuser("ana")
        live(examples, user)
    return user


def live(examples: TrainingSet, user: User) -> None:
    """The house lives through the lessons: orders matched, and every one decided as its verdict says."""
    for orders, stays in examples.days:
        suggestion_manager.refresh(orders, stays)
        found = match_orders(orders, stays, model=Model())
        suggestion_manager.publish(found, orders=[o["id"] for o in orders], run_id=None, fence=no_fence)
    for order, verdict in examples.verdicts.items():
        decide(user, order, verdict)


def decide(user: User, order: int, verdict: Verdict) -> None:
    (who,) = verdict.right or {None}
    if who is None:
        service.no_guest(user, order, 1)
    else:
        service.decide(user, MatchSuggestion.objects.get(order=order, stay=who).pk, Verb.ACCEPT, None)


def train(**options: Any) -> str:
    out = StringIO()
    call_command("train_matching", stdout=out, **options)
    return out.getvalue()


class TestAHouseWithANickname:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def lived(cls, shared_world: SharedWorld) -> None:
        shared_world(lambda: lived_through(school.house_with_nicknames()))

    def test_is_learned_shown_and_put_to_use(self) -> None:
        said = train()
        for title in ("precision", "recall", "F1", "log loss", "Brier", "calibration error"):
            assert f"\n{title}" in said
        assert "bolota = arthur" in said
        assert "trained-1 is in use" in said
        row = ModelVersion.objects.get(active=True)
        assert (row.version, row.made_from, row.decisions, row.origin) == ("trained-1", Model().version, 150, "trained")
        assert row.figures["new"]["f1"] > row.figures["old"]["f1"]
        assert model_registry.in_use().aliases.keys() == {"bolota"}
        assert model_registry.in_use().version == "trained-1"

    def test_a_second_training_on_the_same_finds_nothing_better_to_put_in_its_place(self) -> None:
        train()
        assert "Not better" in train()
        assert ModelVersion.objects.get(active=True).version == "trained-1"
        assert ModelVersion.objects.count() == 1

    def test_a_dry_run_writes_nothing(self) -> None:
        assert "nothing was written" in train(dry_run=True)
        assert not ModelVersion.objects.exists()

    def test_no_promote_keeps_it_for_somebody_to_put_to_use(self) -> None:
        train(promote=False)
        assert model_registry.in_use() == Model()
        model_registry.promote(ModelVersion.objects.get())
        assert model_registry.in_use().version == "trained-1"

    def test_the_same_decisions_and_seed_make_the_same_numbers(self) -> None:
        train(promote=False, seed=3)
        train(promote=False, seed=3)
        first, second = ModelVersion.objects.order_by("pk").values_list("numbers", flat=True)
        assert {**first, "version": ""} == {**second, "version": ""}


class TestWhatIsLearnedFrom:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def lived(cls, shared_world: SharedWorld) -> Any:
        return shared_world(lambda: lived_through(school.house_with_nicknames(1)))

    def test_an_undone_decision_is_not_learned_from(self, lived: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
        before = len(gather().examples)
        service.undo(lived, Decision.objects.latest("pk").pk)
        assert len(gather().examples) == before - 1

    def test_a_text_that_changed_since_is_left_out_and_counted(self) -> None:
        Order.objects.filter(pk=1).update(fingerprint={"request": "other"})
        found = gather()
        assert 1 not in found.examples.verdicts
        assert found.left_out == {"changed": 1}

    def test_a_guest_whose_name_is_gone_is_left_out_and_counted(self) -> None:
        Stay.objects.filter(pk=1).update(hidden=True, listed_name="", registered_name="")
        assert gather().left_out == {"hidden": 1}

    def test_a_decision_that_rested_on_a_phone_is_left_out_and_counted(self) -> None:
        chosen = MatchSuggestion.objects.get(order=1, state=State.ACCEPTED)
        chosen.reasons = [*chosen.reasons, {**chosen.reasons[0], "comparison": "phone", "level": "same"}]
        chosen.save()
        assert gather().left_out == {"not_kept": 1}


def test_decisions_become_a_truth_file_without_names_that_the_evaluation_reads(user: User, tmp_path: Path) -> None:
    examples = school.house_as_the_model_thinks(6, {})
    nobody = {**examples.verdicts, 6: Verdict(frozenset({None}))}
    live(TrainingSet(examples.days, nobody), user)
    file = tmp_path / "truth.jsonl"
    said = StringIO()
    call_command("export_truth", str(file), stdout=said)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert "6 orders" in said.getvalue()
    assert [line["aceitaveis"] for line in lines[:5]] == [[school.first_guest(place)] for place in range(1, 6)]
    assert lines[5]["aceitaveis"] == []
    assert not any(name in file.read_text() for name in ("Otávio", *school.FAMILIES))
    call_command("evaluate_matching", truth=file, stdout=said)
    assert "recall" in said.getvalue()
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_truth", str(file))


def test_an_edited_order_and_a_mere_rejection_are_no_truth(user: User, tmp_path: Path) -> None:
    live(school.house_as_the_model_thinks(3, {}), user)
    Order.objects.filter(pk=1).update(fingerprint={"text": "other"})
    for decision in Decision.objects.filter(suggestion__order=2):
        service.undo(user, decision.pk)
    refused = MatchSuggestion.objects.heads().get(order=2)
    service.decide(user, refused.pk, Verb.REJECT, refused.version)
    said = StringIO()
    call_command("export_truth", str(tmp_path / "truth.jsonl"), stdout=said)
    assert said.getvalue().splitlines()[0] == "1 orders with their right answers"
    assert "1 orders left out: they were edited" in said.getvalue()
    assert "1 orders left out: they have only rejections" in said.getvalue()


def test_rejected_pairs_and_no_guest_are_lessons_too(user: User) -> None:
    told = school.house_with_nicknames(1)
    nobody = Verdict(frozenset({None}))
    live(TrainingSet(told.days, {1: nobody, 2: told.verdicts[2]}), user)
    refused = MatchSuggestion.objects.filter(order=3, stay__isnull=False).first()
    assert refused is not None
    service.decide(user, refused.pk, Verb.REJECT, None)
    found = gather().examples
    assert found.verdicts == {1: nobody, 2: told.verdicts[2], 3: Verdict(refused=frozenset({refused.stay_id}))}
    asked = found.score(Model())
    assert asked[2][0].probability == pytest.approx(told.score(Model())[2][0].probability, abs=0.02)


def test_decisions_dealt_out_at_random_are_told_so_and_change_nothing(user: User) -> None:
    """Whoever accepts and refuses without looking teaches nothing, however sure the figures are of it."""
    told = school.house_as_the_model_thinks(130, {})
    live(school.at_random(told, 0.7, 5), user)
    said = train()
    assert "Not better" in said
    assert not ModelVersion.objects.exists()


def test_too_few_decisions_end_in_a_sentence_with_both_numbers(user: User) -> None:
    live(school.house_with_nicknames(1), user)
    with pytest.raises(CommandError, match="30 orders, and it takes 120"):
        train()


def test_a_model_in_use_that_cannot_be_read_ends_in_a_sentence(user: User) -> None:
    row = ModelVersion.objects.create(version="odd", numbers={}, origin="trained")
    model_registry.promote(row)
    ModelVersion.objects.update(numbers={"comparisons": 3})
    with pytest.raises(CommandError, match="odd"):
        train()


class TestVersions:
    def row(self, name: str, **numbers: Any) -> ModelVersion:
        data = model_registry.numbers_of(Model()) | numbers
        return ModelVersion.objects.create(version=name, numbers=data, origin="trained")

    def test_rolling_back_goes_the_way_back_step_by_step_to_the_program_s_own(self) -> None:
        one, two = self.row("one"), self.row("two")
        model_registry.promote(one)
        model_registry.promote(two)
        assert model_registry.roll_back() == one
        assert model_registry.in_use().version == "one"
        assert model_registry.roll_back() is None
        assert model_registry.in_use() == Model()
        assert model_registry.roll_back() is None

    def test_only_one_is_ever_in_use(self) -> None:
        model_registry.promote(self.row("one"))
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.create(version="x", numbers={}, origin="code", active=True, promoted_at=timezone.now())

    def test_what_is_no_model_is_not_promoted(self) -> None:
        with pytest.raises(model_registry.UnreadableModel, match="broken"):
            model_registry.promote(self.row("broken", comparisons={"name": {"exact": "much"}}))
        assert model_registry.in_use() == Model()

    def test_a_level_that_a_later_release_brings_has_the_program_s_own_numbers(self) -> None:
        old = model_registry.numbers_of(Model())
        del old["comparisons"]["room"]["swapped"]
        old["comparisons"]["room"]["same"] = [0.7, None]
        model_registry.promote(ModelVersion.objects.create(version="old", numbers=old, origin="trained"))
        model = model_registry.in_use()
        assert model.comparisons["room"]["swapped"] == Model().comparisons["room"]["swapped"]
        assert model.comparisons["room"]["same"] == (0.7, None)

    def test_numbers_that_change_under_an_old_name_get_a_name_of_their_own(self) -> None:
        model_registry.remember(Model())
        assert model_registry.base().version == Model().version
        ModelVersion.objects.update(numbers={"sharpness": 9})
        renamed = model_registry.base().version
        assert renamed.startswith(f"{Model().version}+")
        model_registry.remember(model_registry.base())
        assert model_registry.base().version == renamed
        assert model_registry.remember(model_registry.base()).version == renamed
        assert ModelVersion.objects.count() == 2
