"""Every sample file equals what a careful reader gets out of it, with few questions, and fits its contract."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import pipeline.intake
from pipeline.intake import Undecided, read
from pipeline.intake.orders import KEYS as ORDER_KEYS
from pipeline.intake.stays import KEYS as STAY_KEYS
from tests.pipeline.intake.comparing import differences
from tests.pipeline.intake.files import ANSWERS, NAMES, TODAY, content, expected, kind_of, read_sample

SCHEMAS = Path(pipeline.intake.__file__).parent / "schemas"


def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_exactly(name: str) -> None:
    reading, _ = read_sample(name)
    assert differences(list(reading.lines), expected(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_only_what_the_file_leaves_open_is_asked(name: str) -> None:
    _, asked = read_sample(name)
    assert asked == list(ANSWERS.get(name, {}))
    assert len(asked) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_lines_fit_the_contract(name: str) -> None:
    reading, _ = read_sample(name)
    validator = _validator(reading.kind)
    errors = [error.message for line in reading.lines for error in validator.iter_errors(line)]
    assert errors == []


@pytest.mark.parametrize(("kind", "keys"), [("stays", STAY_KEYS), ("orders", ORDER_KEYS)])
def test_the_contract_names_the_keys_that_are_written(kind: str, keys: tuple[str, ...]) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"))
    assert schema["required"] == list(keys)
    assert set(schema["properties"]) - set(keys) <= {"order"}


def test_a_line_outside_of_the_contract_is_noticed() -> None:
    line = dict.fromkeys(STAY_KEYS) | {"name": "Ana", "main": True, "arrival": "12/03/2026", "departure": "2026-03-13"}
    assert {error.json_path for error in _validator("stays").iter_errors(line)} == {"$.arrival"}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_file_gives_the_same_lines(name: str) -> None:
    assert list(read_sample(name)[0].lines) == list(read_sample(name)[0].lines)


@pytest.mark.parametrize("name", NAMES)
def test_the_kind_of_a_file_is_recognised(name: str) -> None:
    reading = read(content(name), name=name, date=TODAY, answers=ANSWERS.get(name))
    assert reading.kind == kind_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_guess_leaves_evidence(name: str) -> None:
    reading, _ = read_sample(name)
    list(reading.lines)
    what = {kind for kind, _ in reading.evidence}
    assert "formato" in what
    assert all(why for _, why in reading.evidence)
    assert all(reason for _, reason in reading.ignored)


def _question(name: str, answers: dict[str, str]) -> dict[str, Any]:
    with pytest.raises(Undecided) as raised:
        read(content(name), name=name, kind=kind_of(name), date=TODAY, answers=answers)
    return raised.value.question.as_json()


def test_an_ambiguous_order_of_dates_is_asked_in_words() -> None:
    question = _question("41_ambigua.csv", {})
    assert question["question"] == "date_order"
    assert question["options"] == ["dia-mes", "mes-dia"]
    assert "3 de abril de 2026 ou 4 de março de 2026" in str(question["sentence"])


def test_the_other_answer_gives_the_other_dates() -> None:
    reading = read(content("41_ambigua.csv"), kind="stays", date=TODAY, answers={"date_order": "mes-dia"})
    assert [line["arrival"] for line in reading.lines] == ["2026-03-04", "2026-04-05", "2026-05-04"]


def _scopes() -> Iterator[tuple[str, str | None]]:
    yield "02_opera_gibyroom.xml", "house"
    yield "03_front_desk_na_casa_cp1252.csv", "house"
    yield "40_chegadas_serial.txt", "arrivals"
    yield "36_rooming_list.xlsx", "group"
    yield "05_cloudbeds_reservations.csv", None


@pytest.mark.parametrize(("name", "scope"), list(_scopes()))
def test_the_scope_is_what_the_file_states(name: str, scope: str | None) -> None:
    assert read_sample(name)[0].scope == scope


@pytest.mark.parametrize("name", ["03_front_desk_na_casa_cp1252.csv", "31_na_casa_por_uh.xlsx"])
def test_the_business_date_of_a_heading_is_read(name: str) -> None:
    assert read_sample(name)[0].business_date == TODAY
