"""`python -m matching.core ORDERS.jsonl STAYS.jsonl [--model MODEL.json] > SUGGESTIONS.jsonl`

Bad lines are named by number on standard error, the rest is done, and the exit code is 1 then (2: a file is no use).
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matching.core.engine import Engine
from matching.core.model import Model


def _complain(message: str) -> None:
    sys.stderr.write(message + "\n")


def read_jsonl(path: Path) -> tuple[list[dict[str, Any]], list[int], int]:
    """Rows, the line number of each, and how many lines were no JSON object."""
    rows, lines, bad = [], [], 0
    with path.open(encoding="utf-8-sig", errors="replace") as source:
        for line_number, line in enumerate(source, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                rows.append(row)
                lines.append(line_number)
            else:
                bad += 1
                _complain(f"{path.name}:{line_number}: not a JSON object")
    return rows, lines, bad


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m matching.core", description=__doc__)
    parser.add_argument("orders", type=Path)
    parser.add_argument("stays", type=Path)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args(arguments)
    try:
        model = Model.from_json(options.model.read_text("utf-8")) if options.model else None
        orders, order_lines, bad_orders = read_jsonl(options.orders)
        stays, stay_lines, bad_stays = read_jsonl(options.stays)
    except (OSError, ValueError) as error:
        _complain(str(error))
        return 2
    outcome = Engine(stays, model).match(orders)
    for skipped in outcome.skipped:
        path, lines = (options.orders, order_lines) if skipped.side == "orders" else (options.stays, stay_lines)
        _complain(f"{path.name}:{lines[skipped.row - 1]}: {skipped.problem}")
    for candidate in outcome.candidates:
        line = asdict(candidate) | {"reasons": [reason._asdict() for reason in candidate.reasons]}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 1 if bad_orders or bad_stays or outcome.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
