"""`python -m matching.core` as a black box: a process of its own, files in, lines out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from matching.core import Model
from tests.matching.core.house import crowd, order, stay

ROOT = Path(__file__).resolve().parents[3]


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows), "utf-8")
    return path


def run(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "matching.core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=300, check=False)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    orders = write(tmp_path / "orders.jsonl", [order("Pedro 203 toalha", os_id=7), order("piscina suja", os_id=8)])
    stays = write(tmp_path / "stays.jsonl", [*crowd(), stay(1, "Pedro Figueira", "203")])
    return orders, stays


def test_a_line_comes_out_for_every_hypothesis(files: tuple[Path, Path]) -> None:
    done = run(*files)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert set(lines[0]) == {"os_id", "listagem_id", "probability", "rank", "reasons"}
    assert set(lines[0]["reasons"][0]) == {"comparison", "level", "order_value", "guest_value", "weight_bits"}
    assert [(x["os_id"], x["listagem_id"]) for x in lines if x["rank"] == 1] == [(7, 1), (8, None)]


def test_bad_lines_are_named_by_number_and_the_rest_is_done(tmp_path: Path) -> None:
    orders = write(tmp_path / "o.jsonl", ["{nonsense", order("Pedro 203", os_id=7), "", "[]", order("x") | {"id": "q"}])
    stays = write(tmp_path / "s.jsonl", [stay(1, "Pedro Figueira", "203"), stay(2, "Ana", "1") | {"chegada": "soon"}])
    done = run(orders, stays)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "s.jsonl:2: chegada is not a date",
        "o.jsonl:1: not a JSON object",
        "o.jsonl:4: not a JSON object",
        "o.jsonl:5: id is not a whole number",
    ]
    assert json.loads(done.stdout.splitlines()[0])["listagem_id"] == 1


@pytest.mark.parametrize("broken", ["no file", "no model", "half a model"])
def test_a_file_of_no_use_ends_in_one_sentence(files: tuple[Path, Path], tmp_path: Path, broken: str) -> None:
    model = tmp_path / "model.json"
    model.write_text("{" if broken == "no model" else '{"version": "x"}', "utf-8")
    arguments = ("missing.jsonl", files[1]) if broken == "no file" else (*files, "--model", model)
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_model_of_ones_own_is_used(files: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    data = json.loads(Model().to_json())
    data["nobody"]["prior"] = 40
    path.write_text(json.dumps(data), "utf-8")
    done = run(*files, "--model", path)
    first = [json.loads(line) for line in done.stdout.splitlines() if '"rank": 1' in line]
    assert [x["listagem_id"] for x in first] == [None, None]


def test_the_engine_needs_no_framework(files: tuple[Path, Path]) -> None:
    code = (
        "import sys, runpy; sys.argv = ['core', *sys.argv[1:]]\n"
        "try: runpy.run_module('matching.core', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([m for m in ('django', 'httpx', 'django_q') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stderr.strip() == "[]"
