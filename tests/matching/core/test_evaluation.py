"""Scores against a truth, by hand and through the command."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from matching import suggestion_manager
from matching.core import Model
from matching.core.evaluation.report import judge, lines, report
from matching.hospede_matcher import match_orders
from matching.learning import model_registry
from matching.models import ModelVersion
from tests.matching.core.house import crowd, order, stay

TRUTH = [
    {"os_id": 1, "aceitaveis": [10], "estilo": "a"},
    {"os_id": 2, "aceitaveis": [20, 21], "estilo": "a"},
    {"os_id": 3, "aceitaveis": [], "estilo": "b"},
    {"os_id": 4, "aceitaveis": [40], "estilo": "b"},
    {"os_id": 5, "aceitaveis": [50], "estilo": "b"},
]
ANSWERS = {
    1: [(10, 0.9), (None, 0.1)],
    2: [(21, 0.6), (20, 0.3), (None, 0.1)],
    3: [(None, 0.8), (10, 0.2)],
    4: [(None, 0.7), (41, 0.2), (40, 0.1)],
}


def test_a_wrong_no_guest_is_an_error_and_a_right_one_is_no_find() -> None:
    found = report(judge(TRUTH, ANSWERS))
    assert (found.default.precision, found.default.recall) == (2 / 3, 2 / 4)
    assert found.recall_at_three == 3 / 4
    assert found.first_right == 2 / 4


def test_the_best_threshold_is_the_one_that_leaves_the_error_out() -> None:
    best = report(judge(TRUTH, {1: ANSWERS[1], 4: ANSWERS[4]})).best
    assert best.precision == 1.0
    assert 0.7 < best.threshold <= 0.9


def test_styles_come_worst_first_and_calibration_by_bin() -> None:
    found = report(judge(TRUTH, ANSWERS))
    assert [(style, orders) for style, orders, _, _ in found.styles] == [("b", 3), ("a", 2)]
    assert [(low, n, right) for low, n, _, right in found.calibration] == [
        (0.6, 1, 1),
        (0.7, 1, 0),
        (0.8, 1, 1),
        (0.9, 1, 1),
    ]
    assert any(line.startswith("recall at 3: 0.750") for line in lines(found))


def test_a_kind_whose_misses_nobody_could_tell_is_named_undecidable() -> None:
    answers = ANSWERS | {4: [(41, 0.35), (40, 0.35), (None, 0.3)], 5: [(51, 0.5), (50, 0.45), (None, 0.05)]}
    found = report(judge(TRUTH, answers))
    assert found.tied["b"] == (2 / 3, 1.0)
    assert found.tied["a"] == (0.0, 0.0)
    assert found.undecidable == ["b"]
    assert lines(found)[-1] == "mostly undecidable from what was typed: b"


def test_a_wrong_answer_that_the_order_speaks_against_is_no_tie() -> None:
    found = report(judge(TRUTH, ANSWERS))
    assert found.undecidable == []


def test_nothing_suggested_is_perfectly_precise_and_finds_nothing() -> None:
    found = report(judge(TRUTH, {}))
    assert (found.default.precision, found.default.recall) == (1.0, 0.0)


def jsonl(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    return path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "truth": jsonl(tmp_path / "truth.jsonl", [{"os_id": 7, "aceitaveis": [1], "estilo": "nome_uh"}]),
        "orders": jsonl(tmp_path / "orders.jsonl", [order("Pedro 203 toalha", os_id=7)]),
        "stays": jsonl(tmp_path / "stays.jsonl", [*crowd(), stay(1, "Pedro Figueira", "203")]),
    }


def test_the_command_scores_a_fresh_run_over_two_files(files: dict[str, Path]) -> None:
    out = StringIO()
    call_command("evaluate_matching", **files, stdout=out)
    assert "precision 1.000, recall 1.000, F1 1.000" in out.getvalue()
    assert "nome_uh" in out.getvalue()


def test_the_command_says_what_it_left_out(files: dict[str, Path], tmp_path: Path) -> None:
    rows: list[object] = [{"os_id": 7, "aceitaveis": [1]}, {"os_id": 8, "aceitaveis": []}, {"os_id": "x"}]
    out, err = StringIO(), StringIO()
    call_command("evaluate_matching", **(files | {"truth": jsonl(tmp_path / "t.jsonl", rows)}), stdout=out, stderr=err)
    assert "1 orders of the truth file are not among the orders" in out.getvalue()
    assert "1 lines lack os_id or aceitaveis" in err.getvalue()


@pytest.mark.parametrize("wrong", ["one file of two", "a file that is not there", "a truth about other orders"])
def test_the_command_ends_in_a_sentence_when_there_is_nothing_to_score(
    files: dict[str, Path], tmp_path: Path, wrong: str
) -> None:
    if wrong == "one file of two":
        files.pop("stays")
    elif wrong == "a file that is not there":
        files["orders"] = tmp_path / "missing.jsonl"
    else:
        files["truth"] = jsonl(tmp_path / "t.jsonl", [{"os_id": 99, "aceitaveis": []}])
    with pytest.raises(CommandError):
        call_command("evaluate_matching", **files, stdout=StringIO())


def test_the_command_prints_every_figure(files: dict[str, Path]) -> None:
    out = StringIO()
    call_command("evaluate_matching", **files, stdout=out)
    for title in ("default threshold", "best threshold", "recall at 3", "at p >= .98", "probability", "kind of noise"):
        assert title in out.getvalue(), title


def test_the_command_scores_with_a_model_of_a_file(files: dict[str, Path], tmp_path: Path) -> None:
    numbers = tmp_path / "model.json"
    numbers.write_text(replace(Model(), version="dull", sharpness=0.3).to_json(), "utf-8")
    own, dull = StringIO(), StringIO()
    call_command("evaluate_matching", **files, stdout=own)
    call_command("evaluate_matching", **files, model=str(numbers), stdout=dull)
    assert dull.getvalue().startswith("model dull\n")
    assert own.getvalue().splitlines()[5:] != dull.getvalue().splitlines()[5:]


@pytest.mark.django_db
def test_the_command_scores_with_a_stored_version_and_knows_no_other(files: dict[str, Path], tmp_path: Path) -> None:
    row = model_registry.remember(replace(Model(), version="kept"))
    out = StringIO()
    call_command("evaluate_matching", **files, model="kept", stdout=out)
    assert out.getvalue().startswith("model kept\n")
    with pytest.raises(CommandError, match="neither a file nor a stored version"):
        call_command("evaluate_matching", **files, model="none of these")
    ModelVersion.objects.filter(pk=row.pk).update(numbers={"comparisons": 5})
    with pytest.raises(CommandError, match="kept"):
        call_command("evaluate_matching", **files, model="kept")
    with pytest.raises(CommandError, match="afresh"):
        call_command("evaluate_matching", truth=files["truth"], model="kept")


@pytest.mark.django_db
def test_the_command_scores_what_waits_in_our_own_database(files: dict[str, Path]) -> None:
    orders, stays = [order("Pedro 203 toalha", os_id=7)], [*crowd(), stay(1, "Pedro Figueira", "203")]
    suggestion_manager.refresh(
        [row | {"texto_versao": 1, "status": "aberta"} for row in orders], stays, fence=lambda: None
    )
    suggestion_manager.publish(match_orders(orders, stays), orders=[7], run_id=None, fence=lambda: None)
    out = StringIO()
    call_command("evaluate_matching", truth=files["truth"], stdout=out)
    assert "precision 1.000, recall 1.000" in out.getvalue()
