"""`make test-changed`: the folders of tests that belong to what changed. `python -m tests.changed [SINCE]` prints them.

A folder of tests has the path of the package it tests, with or without `sistema_os/` before it; `tests/shell` belongs
to `sistema_os` itself. The tests at the top (architecture, documents, translations, migrations) belong to every change.
A change to what all tests share asks for all of them.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("matching", "pipeline", "snapshots", "sistema_os")
# Run whole mornings: longer than all others at the top, and the gate runs it.
LONG = "test_end_to_end.py"


def changed_since(commit: str) -> list[str]:
    """Paths that differ from where this branch left `commit`, committed or not, and new files."""
    base = _git("merge-base", commit, "HEAD")[0]
    return [*_git("diff", "--name-only", base), *_git("ls-files", "--others", "--exclude-standard")]


def folders(paths: Iterable[str]) -> list[str]:
    """Arguments for pytest."""
    found = {str(test.relative_to(ROOT)) for test in ROOT.glob("tests/test_*.py") if test.name != LONG}
    for path in map(Path, paths):
        place = _place(path)
        if place is None and _is_shared(path):
            return ["tests"]
        if place is not None:
            found.add(str(place))
    return sorted(found)


def _place(path: Path) -> Path | None:
    """The deepest folder of tests that has the path of the changed file's package, or of a package above it."""
    parts = path.parent.parts
    if parts[:1] == ("tests",):
        return path.parent if len(parts) > 1 and parts[1] != "benchmarks" else None
    if parts[:1] not in {(package,) for package in PACKAGES}:
        return None
    for end in range(len(parts), 0, -1):
        for names in (parts[:end], parts[1:end]):
            if names and (ROOT / "tests" / Path(*names)).is_dir():
                return Path("tests", *names)
    return Path("tests/shell")


def _is_shared(path: Path) -> bool:
    helper = path.parent == Path("tests") and not path.name.startswith("test_")
    return helper or path.name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt")


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.stdout.write("\n".join(folders(changed_since(*sys.argv[1:] or ["main"]))) + "\n")
