"""An index that is kept: updated, saved and loaded, it answers as one made afresh."""

import json
import os
import stat
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.core import Engine
from matching.core.engine import gather
from matching.core.index.columns import Columns
from matching.core.index.house_index import HouseIndex
from matching.core.index.storage import load, save
from tests.matching.core.house import TODAY, Row, crowd, order, stay
from tests.matching.core.test_command_line import run, write
from tests.matching.core.test_properties import houses

SLEPT = [{"uh": "203", "de": "2026-03-08", "ate": TODAY}, {"uh": "415", "de": TODAY, "ate": None}]
HOUSE = [
    *crowd(),
    stay(1, "Pedro Figueira", "203", phone="48 99876-5432", email="pedro@figueira.com"),
    stay(2, "Clara Wosniak", "204", document="52998224725", locator="QX7T2P9", agency="Pampa Turismo"),
    stay(3, "Otávio Pimentel", "415", slept=SLEPT),
    stay(4, "ACOMPANHANTE 1", "415", booking=7, unnamed=True, titular=False),
]
ASKED = [
    order(text, os_id=i)
    for i, text in enumerate(
        [
            "Pedro 203 toalha",
            "whats 99876-5432",
            "nota fiscal CPF 529.982.247-25",
            "loc QX7T2P9",
            "Otávio 203 cofre",
            "grupo Pampa 204 transfer",
            "415 chuveiro frio",
            "responder pedro@figueira.com",
            "Helena Almeida ligou",
            "piscina suja",
        ],
        1,
    )
]


def index_of(rows: list[Row]) -> HouseIndex:
    return HouseIndex(gather(rows, [])[0])


def assert_same(one: Columns, other: Columns) -> None:
    for field in fields(Columns):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(ours, theirs), field.name
        assert type(ours) is list or ours.dtype == theirs.dtype, field.name


@given(houses, houses, st.sets(st.integers(1, 14)))
@settings(deadline=None, max_examples=60)
def test_an_updated_index_is_the_one_made_afresh(before: list[Row], changed: list[Row], gone: set[int]) -> None:
    now = {row["id"]: row for row in before} | {row["id"]: row for row in changed}
    left = [row for row in now.values() if row["id"] not in gone]
    taken = [row for row in changed if row["id"] not in gone]
    updated = index_of(before).updated(gather(taken, [])[0], gone)
    assert_same(updated.columns, index_of(left).columns)
    assert Engine(updated).match(ASKED) == Engine(left).match(ASKED)


def test_cancelled_and_vanished_stays_are_named_for_removal() -> None:
    rows = [stay(1, "Ana", "1", status="cancelada"), stay(2, "Ana", "1") | {"removido_em": TODAY}, stay(3, "Ana", "1")]
    columns, removed = gather(rows, [])
    assert (columns.ids.tolist(), sorted(removed)) == ([3], [1, 2])


def test_a_million_updates_of_nothing_change_nothing() -> None:
    index = index_of(HOUSE)
    assert_same(index.updated(gather([], [])[0], [5_000_000]).columns, index.columns)


def test_a_saved_index_answers_as_the_one_that_was_saved(tmp_path: Path) -> None:
    save(index_of(HOUSE), tmp_path / "house.index")
    found = load(tmp_path / "house.index")
    assert_same(found.columns, index_of(HOUSE).columns)
    assert Engine(found).match(ASKED) == Engine(HOUSE).match(ASKED)
    assert not found.columns.ids.flags.writeable, "it is mapped, not read"


def test_an_index_of_nobody_can_be_kept(tmp_path: Path) -> None:
    save(index_of([]), tmp_path / "house.index")
    assert Engine(load(tmp_path / "house.index")).match(ASKED) == Engine([]).match(ASKED)


def test_a_loaded_index_can_be_updated_and_saved_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "house.index"
    save(index_of(HOUSE), path)
    newcomer = stay(9, "Iara Leão", "301")
    save(load(path).updated(gather([newcomer], [])[0], [1]), path)
    assert_same(load(path).columns, index_of([*(r for r in HOUSE if r["id"] != 1), newcomer]).columns)
    assert os.listdir(tmp_path) == ["house.index"]


def test_only_the_owner_reads_an_index_and_it_holds_no_document_phone_or_address(tmp_path: Path) -> None:
    path = tmp_path / "house.index"
    save(index_of(HOUSE), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert not any(secret in content for secret in (b"52998224725", b"figueira.com", b"48998765432"))


DAMAGE: dict[str, Any] = {
    "empty": lambda data: data[:0],
    "another file": lambda data: b"{}\n" + data,
    "cut in the head": lambda data: data[:60],
    "cut in the data": lambda data: data[:-200],
    "another head": lambda data: data.replace(b'"suffixes"', b'"suffixed"'),
}


@pytest.mark.parametrize("harm", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_file_that_is_no_index_is_refused_with_a_sentence(tmp_path: Path, harm: Any) -> None:
    path = tmp_path / "house.index"
    save(index_of(HOUSE), path)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ValueError, match=r"house\.index (is|was)"):
        load(path)


def test_an_id_beyond_64_bits_is_skipped_and_the_rest_is_done() -> None:
    outcome = Engine([stay(2**70, "Ana", "1"), *HOUSE]).match(ASKED)
    assert [(s.side, s.row, s.problem) for s in outcome.skipped] == [("stays", 1, "id is beyond 64 bits")]
    assert outcome.candidates == Engine(HOUSE).match(ASKED).candidates


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_no_bytes_at_all_crash_the_reading(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "house.index"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"house\.index"):
        load(path)


# --- the command ---------------------------------------------------------------------------------
def test_the_command_keeps_the_listing_and_takes_only_what_has_changed(tmp_path: Path) -> None:
    orders, kept = write(tmp_path / "o.jsonl", ASKED), tmp_path / "house.index"
    assert run(orders, write(tmp_path / "all.jsonl", HOUSE), "--index", kept).returncode == 0
    changes = [stay(1, "Pedro Figueira", "301"), stay(2, "x", "1", status="cancelada"), stay(8, "Iara Leão", "203")]
    now = [*(row for row in HOUSE if row["id"] not in (1, 2)), changes[0], changes[2]]
    updated = run(orders, write(tmp_path / "new.jsonl", changes), "--index", kept)
    fresh = run(orders, write(tmp_path / "now.jsonl", now))
    assert (updated.returncode, updated.stderr) == (0, "")
    assert updated.stdout == fresh.stdout
    again = run(orders, write(tmp_path / "none.jsonl", []), "--index", kept)
    assert again.stdout == fresh.stdout


def test_the_command_refuses_a_file_that_is_no_index_and_leaves_it_alone(tmp_path: Path) -> None:
    kept = tmp_path / "notes.txt"
    kept.write_text("shopping list")
    done = run(write(tmp_path / "o.jsonl", ASKED), write(tmp_path / "s.jsonl", HOUSE), "--index", kept)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "notes.txt is no index of stays of this version\n"
    assert kept.read_text() == "shopping list"


def test_bad_lines_of_the_changes_are_named_and_the_rest_is_taken(tmp_path: Path) -> None:
    orders, kept = write(tmp_path / "o.jsonl", ASKED[:1]), tmp_path / "house.index"
    changes = write(tmp_path / "s.jsonl", ["{", *HOUSE, stay(5, "Ana", "1") | {"chegada": "soon"}])
    done = run(orders, changes, "--index", kept)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "s.jsonl:1: not a JSON object",
        f"s.jsonl:{len(HOUSE) + 2}: chegada is not a date",
    ]
    assert json.loads(done.stdout.splitlines()[0])["listagem_id"] == 1
