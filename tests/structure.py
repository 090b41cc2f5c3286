"""Figures about the structure of the code: `python -m tests.structure` prints them, test_architecture.py holds them.

Modules are those of the product packages without migrations. The import graph has an edge for every import statement of
a module, including those under `TYPE_CHECKING` and inside functions. `from package import name` leads to the submodule
where there is one, else to the package; the implicit import of parent packages is left out.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("sistema_os", "pipeline", "matching", "snapshots")
MOST_MODULES: Final = 15
SHORT_MODULE: Final = 60
MOST_COLUMNS: Final = 120
# Loaded by Django or the server by their names, not by an import.
ENTRY_POINTS: Final = frozenset({"apps", "asgi", "wsgi", "urls", "settings", "admin"})
ASSETS: Final = frozenset({".html", ".css", ".js"})
ONE_TAG: Final = re.compile(r"\s*>?\{%((?!%\}).)*%\}")

Graph = Mapping[str, frozenset[str]]


def sources(*packages: str) -> list[Path]:
    """The Python files of the packages, without migrations."""
    return sorted(
        path for package in packages for path in (ROOT / package).rglob("*.py") if not path.match("migrations/0*.py")
    )


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file; a package's name stands for its `__init__.py`."""
    found = {}
    for path in sources(*PACKAGES):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_names(path: Path) -> Iterator[str]:
    """Every absolute import of a file, `from a import b` as "a.b"."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def import_graph() -> Graph:
    """Module -> the modules that it imports."""
    known = modules()
    graph = {}
    for name, path in known.items():
        found = set()
        for target in imported_names(path):
            module = target if target in known else target.rpartition(".")[0]
            if module in known and module != name:
                found.add(module)
        graph[name] = frozenset(found)
    return graph


def importers() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in import_graph()}
    for name, targets in import_graph().items():
        for target in targets:
            found[target].add(name)
    return found


def components(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components, imported ones before their importers (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            at = stack.index(name)
            found.append(tuple(sorted(stack[at:])))
            del stack[at:]

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return found


def cycles() -> list[tuple[str, ...]]:
    return [component for component in components(import_graph()) if len(component) > 1]


def import_depth() -> list[str]:
    """The longest chain of imports, a module for each strongly connected component."""
    graph, chain = import_graph(), dict[str, list[str]]()
    for component in components(graph):
        targets = {target for name in component for target in graph[name]} - set(component)
        longest = max((chain[target] for target in sorted(targets)), key=len, default=[])
        for name in component:
            chain[name] = [component[0], *longest]
    return max(chain.values(), key=len)


def directory_sizes() -> dict[str, int]:
    """Modules in each directory, without `__init__.py`, migrations and commands."""
    return dict(
        Counter(
            path.parent.relative_to(ROOT).as_posix()
            for path in sources(*PACKAGES)
            if path.stem != "__init__" and not {"migrations", "management"} & set(path.parts)
        )
    )


def with_one_importer() -> dict[str, str]:
    """Module -> its only importer, tests aside. Packages, commands and entry points are left out, and so are modules
    that only the face of their own package imports: they are there for its outsiders."""
    known = modules()
    return {
        name: next(iter(found))
        for name, found in importers().items()
        if len(found) == 1
        and known[name].stem not in {"__init__", *ENTRY_POINTS}
        and "management" not in known[name].parts
        and found != {name.rpartition(".")[0]}
    }


def short_with_one_importer() -> dict[str, str]:
    known = modules()
    return {name: only for name, only in with_one_importer().items() if lines(known[name]) < SHORT_MODULE}


def participles() -> list[str]:
    """Modules and packages whose name ends in -ing or -ed, by their last word."""
    return [name for name in modules() if name.rpartition(".")[2].rpartition("_")[2].endswith(("ing", "ed"))]


def function_lengths() -> list[int]:
    """Lines of each function and method, shortest first."""
    return sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in modules().values()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def assets() -> list[Path]:
    """Templates, style sheets and scripts of the product."""
    return sorted(
        path
        for package in PACKAGES
        for folder in ("templates", "static")
        for path in (ROOT / package).rglob(f"{folder}/**/*.*")
        if path.suffix in ASSETS
    )


def long_lines(path: Path) -> list[int]:
    """Numbers of the lines beyond MOST_COLUMNS, without lines of a single Django tag, which cannot be broken."""
    return [
        number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MOST_COLUMNS and not ONE_TAG.fullmatch(line)
    ]


def figures() -> list[tuple[str, str]]:
    sizes, lengths, depth = directory_sizes(), function_lengths(), import_depth()
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    asset_lines = sum(lines(path) for path in assets())
    return [
        ("modules", str(len(modules()))),
        ("modules in the largest directories", ", ".join(f"{name} {count}" for name, count in largest)),
        ("import cycles", "; ".join(", ".join(cycle) for cycle in cycles()) or "none"),
        ("import depth", f"{len(depth)} ({' > '.join(depth)})"),
        ("modules with one importer", str(len(with_one_importer()))),
        (f"of these under {SHORT_MODULE} lines", str(len(short_with_one_importer()))),
        ("functions", str(len(lengths))),
        ("function lines, median", str(lengths[len(lengths) // 2])),
        ("function lines, p90", str(lengths[len(lengths) * 9 // 10])),
        ("lines of Python", f"{sum(lines(path) for path in modules().values()):,}"),
        *((f"lines of {package}", f"{sum(lines(path) for path in sources(package)):,}") for package in PACKAGES),
        ("lines of templates, CSS, JavaScript", f"{asset_lines:,}"),
        (f"of these over {MOST_COLUMNS} columns", f"{sum(len(long_lines(path)) for path in assets()):,}"),
    ]


if __name__ == "__main__":
    for label, value in figures():
        print(f"{label:<40} {value}")  # noqa: T201 - the command's output
