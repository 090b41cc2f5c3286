"""The structure of the code: who may import whom, how it is divided, and what may occur nowhere."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

import pytest

from tests import structure
from tests.structure import PACKAGES, ROOT, imported_names, parsed, sources

# Nouns of the field that end like a participle.
NOUNS: Final = {
    "blocking",  # of record linkage: which pairs are compared at all; also the calls that an event loop must not make
    "diffing",
    "learning",
    "masking",
    "matching",
    "parsing",
    "ranking",
}
# Packages whose modules are imported only by each other; everybody else imports the package.
FACES: Final = ("snapshots.history", "snapshots.ingest")
# Module -> why it is short and has one importer.
SHORT_WITH_ONE_IMPORTER: Final = {
    "sistema_os.async_check.guard": "guards runs, and the test suite as well",
}
# Template -> how many lines are too long, and why they cannot be broken.
LONG_LINES: Final = {
    "pipeline/templates/pipeline/run.html": (1, "inside <pre>, where a line break is text"),
    "sistema_os/templates/admin/search_form.html": (1, "one attribute value, made of tags"),
    "sistema_os/templates/sistema_os/symbols.html": (1, "one path of an icon"),
    "snapshots/templates/snapshots/_chart.html": (2, "one text of the chart for screen readers, with its tags"),
}


def _importers(library: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in sources(*PACKAGES)
        if any(name == library or name.startswith(f"{library}.") for name in imported_names(path))
    }


def _fail_with(found: Collection[str], rule: str) -> None:
    if found:
        pytest.fail("\n".join([rule, *(f"  {line}" for line in sorted(found))]), pytrace=False)


def test_the_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run(
        [*command, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports under TYPE_CHECKING and inside functions count."""
    _fail_with([" <-> ".join(cycle) for cycle in structure.cycles()], "Import cycles:")


@pytest.mark.parametrize("package", FACES)
def test_outsiders_import_the_face_of_a_package(package: str) -> None:
    inside = f"{package}."
    found = [
        f"{name} imports {target}"
        for name, targets in structure.import_graph().items()
        for target in targets
        if target.startswith(inside) and not name.startswith(inside) and name != package
    ]
    _fail_with(found, f"Outsiders import what {package} offers:")


def test_a_directory_has_few_modules() -> None:
    sizes = structure.directory_sizes()
    crowded = [f"{name}: {count}" for name, count in sizes.items() if count > structure.MOST_MODULES]
    _fail_with(crowded, f"Directories with more than {structure.MOST_MODULES} modules:")


def test_a_short_module_has_more_than_one_importer() -> None:
    known = structure.modules()
    found = structure.short_with_one_importer()
    short = [
        f"{name} ({structure.lines(known[name])} lines) belongs into {only}"
        for name, only in found.items()
        if name not in SHORT_WITH_ONE_IMPORTER
    ]
    _fail_with(short, f"Modules under {structure.SHORT_MODULE} lines with one importer:")
    _fail_with(SHORT_WITH_ONE_IMPORTER.keys() - found.keys(), "Exceptions that are no longer needed:")


def test_a_module_is_named_by_a_noun() -> None:
    words = {name: name.rpartition(".")[2].rpartition("_")[2] for name in structure.participles()}
    _fail_with([name for name, word in words.items() if word not in NOUNS], "Modules named by a participle:")
    _fail_with(NOUNS - set(words.values()), "Exceptions that are no longer needed:")


def test_templates_styles_and_scripts_have_short_lines() -> None:
    long = {path.relative_to(ROOT).as_posix(): structure.long_lines(path) for path in structure.assets()}
    found = [
        f"{name}: lines {', '.join(map(str, numbers))}"
        for name, numbers in long.items()
        if len(numbers) > LONG_LINES.get(name, (0, ""))[0]
    ]
    _fail_with(found, f"Lines of more than {structure.MOST_COLUMNS} columns:")
    _fail_with([name for name in LONG_LINES if not long.get(name)], "Exceptions that are no longer needed:")


@pytest.mark.parametrize("library", ["httpx", "aiohttp", "httpx_aiohttp"])
def test_only_the_client_speaks_http(library: str) -> None:
    assert not {name for name in _importers(library) if not name.startswith("sistema_os/supabase/")}


def test_only_one_module_imports_the_queue_library() -> None:
    assert _importers("django_q") <= {"pipeline/queue.py"}


def test_there_are_no_signal_handlers() -> None:
    assert not _importers("django.db.models.signals") | _importers("django.dispatch")


def test_no_file_has_a_name_without_meaning() -> None:
    forbidden = {"utils.py", "helpers.py", "misc.py", "common.py"}
    assert not [path for path in sources(*PACKAGES, "tests") if path.name in forbidden]


def test_no_exception_is_swallowed() -> None:
    assert not [
        f"{path.relative_to(ROOT)}:{handler.lineno}"
        for path in sources(*PACKAGES)
        for handler in ast.walk(parsed(path))
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
        (r"\bprint\(.*\bkey\b", "a key that is printed"),
    ],
)
def test_no_line_has(pattern: str, what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources(*PACKAGES, "tests")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line) and path != Path(__file__).resolve()
    ]
    assert not found, what


def test_templates_have_no_inline_style_or_script() -> None:
    """The Content-Security-Policy would block them, and the page would be broken without an error."""
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    assert not [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path in structure.assets()
        if path.suffix == ".html"
        for text in [path.read_text(encoding="utf-8")]
        for match in inline.finditer(text)
    ]


def test_static_files_load_nothing_from_other_hosts() -> None:
    outside = re.compile(r"(?:url\(|@import|src=|href=|fetch\()\s*[\"']?(?:https?:)?//", re.IGNORECASE)
    assert not [
        str(path.relative_to(ROOT))
        for path in structure.assets()
        if path.suffix in {".css", ".js", ".html"} and outside.search(path.read_text(encoding="utf-8"))
    ]
