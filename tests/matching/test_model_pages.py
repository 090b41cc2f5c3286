"""Matching models in the admin: read by whoever sees suggestions, changed by Supervisão alone."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from matching.core import Model
from matching.learning import model_registry
from matching.models import ModelVersion
from tests.matching.conftest import SUPERVISE, VIEW, person
from tests.matching.pages import page, signed_in

pytestmark = pytest.mark.django_db

LIST = "/admin/matching/modelversion/"
FIGURES = {
    "old": {"precision": 0.95, "recall": 0.9, "f1": 0.924, "log_loss": 0.21, "brier": 0.05},
    "new": {"precision": 0.96, "recall": 0.93, "f1": 0.945, "log_loss": 0.19, "brier": 0.051},
}


@pytest.fixture
def row() -> ModelVersion:
    numbers = model_registry.numbers_of(Model()) | {"aliases": {"bolota": {"arthur": 0.4}}}
    return ModelVersion.objects.create(
        version="trained-1",
        numbers=numbers,
        origin="trained",
        made_from="base-1",
        learned=["aliases", "calibration"],
        decisions=150,
        figures=FIGURES,
    )


@pytest.fixture
def clara() -> User:
    return person("clara", *VIEW, "view_modelversion")


@pytest.fixture
def rui() -> User:
    return person("rui", *SUPERVISE, "view_modelversion", "promote_model")


def press(user: User, row: ModelVersion, button: str) -> int:
    return signed_in(user).post(f"{LIST}{row.pk}/change/", {button: "1"}).status_code


def test_the_list_says_what_was_learned_and_what_it_was_worth(clara: User, row: ModelVersion) -> None:
    shown = page(clara, LIST)
    assert "trained-1" in shown
    assert "apelidos do hotel, nível de confiança" in shown
    assert "0,9240 → 0,9450" in shown


def test_the_page_stands_old_beside_new_and_says_which_is_better(clara: User, row: ModelVersion) -> None:
    shown = page(clara, f"{LIST}{row.pk}/change/")
    for words in ("0,2100", "0,1900", "melhor", "pior", "bolota", "arthur", "aprendido com as decisões"):
        assert words in shown, words


def test_whoever_may_only_look_gets_no_button_and_is_refused_by_address(clara: User, row: ModelVersion) -> None:
    assert 'name="promote"' not in page(clara, f"{LIST}{row.pk}/change/")
    assert press(clara, row, "promote") == 403
    assert not ModelVersion.objects.get().active


def test_whoever_sees_no_suggestions_sees_no_models(row: ModelVersion, operator: User) -> None:
    assert signed_in(operator).get(f"{LIST}{row.pk}/change/").status_code == 403


def test_supervision_puts_a_model_to_use_and_rolls_it_back_and_history_says_who(rui: User, row: ModelVersion) -> None:
    assert press(rui, row, "promote") == 302
    row.refresh_from_db()
    assert (row.active, row.promoted_by) == (True, rui)
    assert model_registry.in_use().version == "trained-1"
    assert 'name="roll_back"' in page(rui, f"{LIST}{row.pk}/change/")
    assert press(rui, row, "roll_back") == 302
    assert model_registry.in_use() == Model()
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == ["promoted", "rolled back"]


def test_rolling_back_from_an_old_page_changes_nothing(rui: User, row: ModelVersion) -> None:
    other = ModelVersion.objects.create(version="trained-2", numbers=row.numbers, origin="trained")
    model_registry.promote(row)
    model_registry.promote(other)
    assert press(rui, row, "roll_back") == 302
    assert model_registry.in_use().version == "trained-2"


def test_numbers_that_make_no_model_are_refused_with_a_sentence(rui: User, row: ModelVersion) -> None:
    ModelVersion.objects.update(numbers={"comparisons": 5})
    client = signed_in(rui)
    answer = client.post(f"{LIST}{row.pk}/change/", {"promote": "1"}, follow=True)
    assert "não pode ser lido" in answer.content.decode()
    assert not ModelVersion.objects.get().active


def test_nothing_is_typed_over_added_or_deleted(rui: User, row: ModelVersion) -> None:
    client = signed_in(rui)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{row.pk}/delete/").status_code == 403
    before = ModelVersion.objects.values().get()
    client.post(f"{LIST}{row.pk}/change/", {"version": "x", "numbers": "{}"})
    assert ModelVersion.objects.values().get() == before


@pytest.mark.parametrize("address", ["0", "99999", "abc", "1" * 40])
def test_a_made_up_address_is_not_found(rui: User, address: str) -> None:
    assert signed_in(rui).get(f"{LIST}{address}/change/").status_code == 404


def test_a_button_without_the_form_s_token_does_nothing(rui: User, row: ModelVersion) -> None:
    client: Client = signed_in(rui, csrf=True)
    assert client.post(f"{LIST}{row.pk}/change/", {"promote": "1"}).status_code == 403
    assert not ModelVersion.objects.get().active
