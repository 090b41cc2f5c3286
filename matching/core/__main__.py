"""`python -m matching.core ORDERS.jsonl STAYS.jsonl [--model FILE] [--index FILE] [--business-date DATE]`

Suggestions go to standard output, a JSON object a line, at least one line an order that can be read.

Bad lines are named by number on standard error, the rest is done, and the exit code is 1 then (2: a file is no use).
With --index the listing is kept in FILE between calls: STAYS.jsonl holds what has changed since (all stays the first
time), a row replaces the one of its id, and a cancelled or vanished one (`removido_em`) takes it off the list.
"""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matching.core.engine import Engine, Skipped, gather
from matching.core.index.house_index import HouseIndex
from matching.core.index.storage import load, save
from matching.core.model import Model
from matching.core.ranking import Candidate


def _complain(message: str) -> None:
    sys.stderr.write(message + "\n")


class Lines:
    """The rows of a file of JSON lines, one at a time; `numbers` holds the line of each row that was given out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers: list[int] = []
        self.bad = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self.path.open(encoding="utf-8-sig", errors="replace") as source:
            for line_number, line in enumerate(source, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                if isinstance(row, dict):
                    self.numbers.append(line_number)
                    yield row
                else:
                    self.bad += 1
                    _complain(f"{self.path.name}:{line_number}: not a JSON object")


def read_jsonl(path: Path) -> tuple[list[dict[str, Any]], list[int], int]:
    """Rows, the line number of each, and how many lines were no JSON object."""
    lines = Lines(path)
    return list(lines), lines.numbers, lines.bad


def _listing(stays: Lines, kept: Path | None, skipped: list[Skipped]) -> HouseIndex:
    """The listing as it is now; what is kept of it is brought up to date."""
    fresh, removed = gather(stays, skipped)
    if kept is None:
        return HouseIndex(fresh)
    known = load(kept) if kept.exists() else None
    if known is not None and not len(fresh) and not removed:
        return known
    index = HouseIndex(fresh) if known is None else known.updated(fresh, removed)
    save(index, kept)
    return index


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m matching.core", description=__doc__)
    parser.add_argument("orders", type=Path)
    parser.add_argument("stays", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--business-date", type=dt.date.fromisoformat, help="for orders without a readable date")
    parser.add_argument("--index", type=Path, help="the listing, kept between calls")
    options = parser.parse_args(arguments)
    orders, stays = Lines(options.orders), Lines(options.stays)
    skipped: list[Skipped] = []
    try:
        model = Model.from_json(options.model.read_text("utf-8")) if options.model else None
        options.orders.open().close()
        listing = _listing(stays, options.index, skipped)
        engine = Engine(listing, model, business_date=options.business_date)
    except (OSError, ValueError) as error:
        _complain(str(error))
        return 2
    bad = _report(stays, skipped)
    for candidate in engine.answers(orders, skipped):
        sys.stdout.write(json.dumps(_plain(candidate), ensure_ascii=False) + "\n")
    bad += _report(orders, skipped)
    return 1 if bad else 0


def _plain(candidate: Candidate) -> dict[str, Any]:
    return {
        "os_id": candidate.os_id,
        "listagem_id": candidate.listagem_id,
        "probability": candidate.probability,
        "rank": candidate.rank,
        "reasons": [reason._asdict() for reason in candidate.reasons],
    }


def _report(lines: Lines, skipped: list[Skipped]) -> int:
    """Names the lines whose rows were skipped, forgets them, and says how many lines in all were of no use."""
    count = lines.bad + len(skipped)
    for problem in skipped:
        _complain(f"{lines.path.name}:{lines.numbers[problem.row - 1]}: {problem.problem}")
    skipped.clear()
    return count


if __name__ == "__main__":
    sys.exit(main())
