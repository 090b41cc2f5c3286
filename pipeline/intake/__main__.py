"""`python -m pipeline.intake FILE [--date D] [--kind stays|orders] [--json] [--answer NAME=OPTION]...`

Flat lines of a file on stdout, one JSON object a line, without any database. Ignored lines with their reason and the
evidence go to stderr. Exit code 0: read; 1: refused, with one sentence; 2: wrong call; 4: a question, which is the last
line of stderr as JSON.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from pipeline.intake.contract import Limits, RefusedFile, Undecided
from pipeline.intake.formats import too_large
from pipeline.intake.reader import Reading, read
from pipeline.intake.words import KINDS
from pipeline.intake.words.sentences import NO_LINES, WANTED

REFUSED: Final = 1
QUESTION: Final = 4


def _answer(text: str) -> tuple[str, str]:
    name, sign, option = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError("expected NAME=OPTION")
    return name, option


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipeline.intake", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("file", type=Path)
    parser.add_argument("--date", type=date.fromisoformat, help="business date of the hotel, YYYY-MM-DD")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--json", action="store_true", help="flat lines as JSON; without it, what was recognised")
    parser.add_argument("--answer", type=_answer, action="append", default=[], metavar="NAME=OPTION")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = _arguments(argv)
    try:
        return _print(_read(options), options.json)
    except RefusedFile as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except Undecided as error:
        sys.stderr.write(json.dumps(error.question.as_json(), ensure_ascii=False) + "\n")
        return QUESTION


def _read(options: argparse.Namespace) -> Reading:
    limits = Limits()
    try:
        if (size := options.file.stat().st_size) > limits.file_bytes:
            raise RefusedFile(too_large(size, limits))
        data = options.file.read_bytes()
    except OSError as error:
        raise RefusedFile(f"O arquivo não abre: {error.strerror or type(error).__name__}.") from error
    return read(
        data, name=options.file.name, kind=options.kind, date=options.date, answers=dict(options.answer), limits=limits
    )


def _print(reading: Reading, as_json: bool) -> int:
    count = 0
    for line in reading.lines:
        count += 1
        if as_json:
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    for what, why in reading.evidence:
        sys.stderr.write(f"{what}: {why}\n")
    for row, reason in reading.ignored:
        sys.stderr.write(f"linha {row} pulada: {reason}\n")
    if not count:
        raise RefusedFile(NO_LINES.format(wanted=WANTED[reading.kind]))
    if not as_json:
        sys.stdout.write(f"{count} linhas de {WANTED[reading.kind]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
