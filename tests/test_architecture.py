"""The house keeps its shape: who may import whom, and what may stand nowhere."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("sistema_os", "pipeline", "matching", "snapshots")
# About 250 is where a file starts to want two names; a table of data may run a little longer.
LONGEST_FILE: Final = 400


def _sources(*packages: str) -> list[Path]:
    return sorted(
        path for package in packages for path in (ROOT / package).rglob("*.py") if not path.match("migrations/0*.py")
    )


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _importers(library: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in _sources(*PACKAGES)
        if any(name == library or name.startswith(f"{library}.") for name in _imports(path))
    }


def test_the_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run(
        [*command, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("library", ["httpx", "aiohttp", "httpx_aiohttp"])
def test_http_is_spoken_only_by_the_client(library: str) -> None:
    assert not {name for name in _importers(library) if not name.startswith("sistema_os/supabase/")}


def test_the_queue_library_stays_behind_one_file() -> None:
    assert _importers("django_q") <= {"pipeline/queue.py"}


def test_nothing_happens_by_signal() -> None:
    assert not _importers("django.db.models.signals") | _importers("django.dispatch")


def test_no_file_is_named_after_nothing() -> None:
    forbidden = {"utils.py", "helpers.py", "misc.py", "common.py"}
    assert not [path for path in _sources(*PACKAGES, "tests") if path.name in forbidden]


def test_no_error_is_swallowed_unnamed() -> None:
    assert not [
        f"{path.relative_to(ROOT)}:{handler.lineno}"
        for path in _sources(*PACKAGES)
        for handler in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(handler, ast.ExceptHandler) and _swallows(handler)
    ]


def _swallows(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    return broad and all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body)


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        (r"#\s*(?:TODO|FIXME|XXX)\b", "an unfinished note"),
        (r"#\s*type:\s*ignore(?:\[[\w, -]+\])?\s*$", "a type: ignore without its reason"),
        (r"#\s*noqa(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?\s*$", "a noqa without its reason"),
        (r"\bprint\(.*\bkey\b", "a key on its way to the screen"),
    ],
)
def test_no_line_holds(pattern: str, what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _sources(*PACKAGES, "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line) and path != Path(__file__).resolve()
    ]
    assert not found, what


def test_files_stay_short_enough_to_be_read() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in _sources(*PACKAGES)}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}


def _functions() -> list[int]:
    return sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in _sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_functions_stay_short() -> None:
    lengths = _functions()
    assert lengths[len(lengths) // 2] <= 8
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_templates_hold_no_inline_style_or_script() -> None:
    """The Content-Security-Policy would block them, and a page would be broken without a word."""
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    assert not [
        f"{path.relative_to(ROOT)}:{number}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("templates/**/*.html")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if inline.search(line)
    ]


def test_static_files_ask_no_other_host() -> None:
    outside = re.compile(r"(?:url\(|@import|src=|href=|fetch\()\s*[\"']?(?:https?:)?//", re.IGNORECASE)
    assert not [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in [*(ROOT / package).rglob("static/**/*.*"), *(ROOT / package).rglob("templates/**/*.*")]
        if path.suffix in {".css", ".js", ".html"} and outside.search(path.read_text(encoding="utf-8"))
    ]
