"""The documents agree with the tree: settings, jobs, commands, permissions, links, pictures, files and modules."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps
from django.contrib.auth import get_permission_codename
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
ARCHITECTURE: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
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
    names = re.findall(r"^([A-Za-z][\w-]*)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in names if name.lower() not in _record_of_dependencies()] == []


def test_every_npm_package_has_its_reason() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    names = [*package["dependencies"], *package.get("devDependencies", {})]
    assert [name for name in names if f"`{name}`" not in _record_of_dependencies()] == []


def _record_of_dependencies() -> str:
    decisions = (ROOT / "docs" / "modules" / "os" / "DECISIONS.md").read_text(encoding="utf-8")
    return decisions[decisions.index("## ADR-001") : decisions.index("## ADR-002")].lower()


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    targets |= {f"bench-{path.stem.removeprefix('bench_')}" for path in (ROOT / "tests/benchmarks").glob("bench_*.py")}
    named = {name for path in DOCUMENTS for name in re.findall(r"`make ([\w-]+)", path.read_text(encoding="utf-8"))}
    assert named - targets == set()


# A path from one of our folders, whether in backticks or not; a placeholder such as `<name>.py` ends it.
_PATH = re.compile(r"(?<![\w./-])(?:sistema_os|pipeline|matching|snapshots|tests|docs)/[\w./-]*\w")
# `retry.py` alone means some file of that name; `matching.core.engine` a module, a package or a name in one.
_FILE = re.compile(r"`([\w-]+\.(?:py|js|css|html|sql|md|service|yml|toml))`")
_DOTTED = re.compile(r"(?<![\w./-])(?:sistema_os|pipeline|matching|snapshots|tests)(?:\.\w+)+")
# What an example prints may be made up.
_EXAMPLE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_NOT_CAPABILITIES = {"management", "commands", "migrations"}


def _packages() -> list[str]:
    """Every package of the product but those whose name and place Django fixes."""
    found = (path.parent.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("__init__.py"))
    return sorted(path.as_posix() for path in found if not _NOT_CAPABILITIES & set(path.parts))


def _names_nothing(text: str) -> list[str]:
    """Paths, file names and dotted names in a document that lead to nothing in the tree."""
    text = _EXAMPLE.sub("", text)
    paths = [name for name in _PATH.findall(text) if not (ROOT / name).exists()]
    files = [name for name in _FILE.findall(text) if name not in _file_names()]
    return [*paths, *files, *(name for name in _DOTTED.findall(text) if not _leads_somewhere(name))]


def _file_names() -> set[str]:
    folders = [ROOT / name for name in (*APPS, "tests", "docs")]
    return {path.name for folder in folders for path in folder.rglob("*.*")} | {path.name for path in ROOT.iterdir()}


def _leads_somewhere(dotted: str) -> bool:
    """A module, a package, a name that one of the two holds, a model or a permission."""
    first, *rest = dotted.split(".")
    place = ROOT / first
    while rest and (place / rest[0]).is_dir():
        place /= rest.pop(0)
    if not rest:
        return True
    module = place / f"{rest[0]}.py"
    if module.is_file():
        return all(_holds(module, name) for name in rest[1:])
    return _holds(place / "__init__.py", rest[0]) or dotted in _models() | _permissions()


def _holds(module: Path, name: str) -> bool:
    return module.is_file() and re.search(rf"\b{name}\b", module.read_text(encoding="utf-8")) is not None


def _models() -> set[str]:
    return {model._meta.label for model in apps.get_models()}


def _permissions() -> set[str]:
    options = [model._meta for model in apps.get_models()]
    own = {f"{one.app_label}.{code}" for one in options for code, _words in one.permissions}
    stock = ((one.app_label, get_permission_codename(does, one)) for one in options for does in one.default_permissions)
    return own | {f"{app}.{code}" for app, code in stock}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_modules_named_in_a_document_exist(path: Path) -> None:
    assert _names_nothing(path.read_text(encoding="utf-8")) == []


def test_what_does_not_exist_is_noticed() -> None:
    text = (
        "`matching/core/engine.py`, docs/deploy, `pipeline/jobs/<name>.py`, `roles.py`, `matching.core.engine.Engine`,"
        " `python -m tests.drills`, `matching.ModelVersion`, `pipeline.view_jobrun`;"
        " but `matching/nowhere.py`, snapshots/nowhere, `nowhere.py`, `pipeline.runs.nowhere`, `matching.view_nowhere`"
    )
    missing = ["matching/nowhere.py", "snapshots/nowhere", "nowhere.py", "pipeline.runs.nowhere"]
    assert _names_nothing(text) == [*missing, "matching.view_nowhere"]


@pytest.mark.parametrize("package", _packages())
def test_the_architecture_names_every_package(package: str) -> None:
    assert f"| `{package}` |" in ARCHITECTURE


def test_the_architecture_names_no_package_that_does_not_exist() -> None:
    table = ARCHITECTURE[ARCHITECTURE.index("## Packages") : ARCHITECTURE.index("## Who may import whom")]
    assert sorted(re.findall(r"^\| `([\w/]+)` \|", table, re.MULTILINE)) == _packages()
