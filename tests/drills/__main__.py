"""Plays every test marked `drill` and prints what was done, seen, how long it took, and the rows lost or doubled.

`make drills`. The last line is one JSON object: the drills, and the figures with their targets. Exit code 1 if a drill
failed, lost or doubled a row, was too slow, or a figure misses its target.
"""

import json
import sys
from collections.abc import Generator
from typing import Any

import pytest

from tests.drills.record import DRILL, Drill, Figure, worst


class Table:
    """A plugin that collects what the drills recorded, and tells each as it is over."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.figures: list[Figure] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.when == "call" or report.failed:
            drill = item.stash.get(DRILL, None) or _untold(report)
            self.rows.append(_row(drill, passed=report.passed))
            sys.stderr.write(f"\n{_line(self.rows[-1])}\n")  # at once: all of them take some minutes
            self.figures += drill.all_figures()
        return report


def _untold(report: pytest.TestReport) -> Drill:
    """A drill of a part that records nothing: its name says what was done."""
    name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return Drill(done=name, seen="as it should be", seconds=report.duration)


def _row(drill: Drill, *, passed: bool) -> dict[str, Any]:
    return {
        "done": drill.done,
        "seen": drill.seen if passed else "FAILED",
        "seconds": None if drill.seconds is None else round(drill.seconds, 3),
        "within": drill.within,
        "lost": drill.lost,
        "doubled": drill.doubled,
        "ok": passed and not drill.lost and not drill.doubled and drill.in_time,
    }


def _line(row: dict[str, Any]) -> str:
    took = "" if row["seconds"] is None else f"{row['seconds']:.2f} s"
    limit = "" if row["within"] is None else f"<= {row['within']:g} s"
    rows = " ".join("-" if row[name] is None else str(row[name]) for name in ("lost", "doubled"))
    mark = "ok  " if row["ok"] else "MISS"
    return f"{mark} {row['done'][:64]:<64} {row['seen'][:44]:<44} {took:>8} {limit:<8} {rows:>6}"


def _target(told: dict[str, Any]) -> str:
    return f"{'ok  ' if told['ok'] else 'MISS'} {told['name']:<64} {told['value']:>10g} {told['target']:>10}"


def main() -> int:
    table = Table()
    code = pytest.main(["-m", "drill", "-q", *sys.argv[1:]], plugins=[table])
    rows = sorted(table.rows, key=lambda row: row["done"])
    targets = [figure.told() for figure in worst(table.figures)]
    head = f"     {'what was done':<64} {'what was seen':<44} {'worst':>8} {'target':<8} lost doubled"
    figures = f"     {'figure':<64} {'seen':>10} {'target':>10}"
    last = json.dumps({"drills": rows, "targets": targets})
    lines = ["", head, *map(_line, rows), "", figures, *map(_target, targets), last, ""]
    sys.stdout.write("\n".join(lines))
    return int(code) or int(not all(told["ok"] for told in [*rows, *targets]))


if __name__ == "__main__":
    sys.exit(main())
