"""The documents tell the truth about the tree: names, links and pictures."""

import re
from pathlib import Path
from typing import Final

import pytest
from django.core.management import get_commands
from django.db.models import TextChoices
from django.utils import translation

from matching.models import choices
from pipeline import models as run_words
from pipeline.runs import registry, schedules
from sistema_os import roles
from sistema_os.admin_site.menu import MENU
from snapshots.models import Snapshot

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATION: Final = (ROOT / "docs" / "operacao.md").read_text(encoding="utf-8")
APPS: Final = ("sistema_os", "pipeline", "matching", "snapshots")
_SETTING = re.compile(r"""(?:env\.\w+|environ\.get|required|bounded|whole)\(\s*"([A-Z_]+)\"""")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def _settings() -> set[str]:
    return {
        name
        for module in ("settings.py", "environment.py")
        for name in _SETTING.findall((ROOT / "sistema_os" / module).read_text(encoding="utf-8"))
    }


def test_the_search_for_settings_finds_them() -> None:
    assert {"DATABASE_URL", "QUERY_TIMEOUT", "HTTPS", "Q_WORKERS"} <= _settings()


@pytest.mark.parametrize("name", sorted(_settings()))
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in OPERATION


def test_the_example_of_an_environment_names_every_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert named | {"SISTEMA_OS_ENV_FILE"} == _settings()  # the file cannot name the file


def test_no_setting_is_explained_that_does_not_exist() -> None:
    table = OPERATION[OPERATION.index("### Configurações") : OPERATION.index("### Saúde")]
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    assert explained == _settings()


def test_every_job_is_explained_with_its_time() -> None:
    table = OPERATION[OPERATION.index("### Tarefas") : OPERATION.index("### Comandos")]
    assert [name for name in registry.load() if f"| `{name}` |" not in table] == []
    assert [job for job, time in schedules.DEFAULTS.items() if time not in table] == []


def test_every_command_of_ours_is_explained() -> None:
    ours = {name for name, app in get_commands().items() if app in APPS}
    table = OPERATION[OPERATION.index("### Comandos") : OPERATION.index("### Configurações")]
    assert {name for name in ours if f"{name}`" not in table} == set()


def test_no_command_is_explained_that_does_not_exist() -> None:
    named = set(re.findall(r"manage\.py (\w+)", "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)))
    assert named - set(get_commands()) == set()


@pytest.mark.parametrize("document", ["operacao.md", "security.md"])
def test_every_permission_of_a_role_is_named(document: str) -> None:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    assert {label for labels in roles.ROLES.values() for label in labels if f"`{label}`" not in text} == set()


def test_every_page_of_the_menu_is_explained_by_its_name() -> None:
    with translation.override("pt-br"):
        names = [str(entry.label) for section in MENU for entry in section.entries]
    assert [name for name in names if name.lower() not in OPERATION.lower()] == []


def test_every_role_is_explained() -> None:
    assert [name for name in roles.ROLES if f"| {name} |" not in OPERATION] == []


@pytest.mark.parametrize(
    "words",
    [run_words.State, Snapshot.Status, choices.State, choices.Band, choices.AlertKind],
    ids=lambda words: words.__qualname__,
)
def test_every_state_that_a_screen_shows_is_explained(words: type[TextChoices]) -> None:
    with translation.override("pt-br"):
        assert [label for label in words.labels if f"| {label} |" not in OPERATION] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_pictures_of_a_document_exist(path: Path) -> None:
    targets = [link for link in _LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not _exists(path, link)] == []


def _exists(path: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (path.parent / name) if name else path
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_has_its_reason(file: str) -> None:
    decisions = (ROOT / "docs" / "modules" / "os" / "DECISIONS.md").read_text(encoding="utf-8")
    record = decisions[decisions.index("## ADR-001") : decisions.index("## ADR-002")].lower()
    names = re.findall(r"^([A-Za-z][\w-]*)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in names if name.lower() not in record] == []


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    targets |= {f"bench-{path.stem.removeprefix('bench_')}" for path in (ROOT / "tests/benchmarks").glob("bench_*.py")}
    named = {name for path in DOCUMENTS for name in re.findall(r"`make ([\w-]+)", path.read_text(encoding="utf-8"))}
    assert named - targets == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_named_in_a_document_exist(path: Path) -> None:
    named = re.findall(r"`((?:sistema_os|pipeline|matching|snapshots|tests|docs)/[\w./-]+)`", path.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
