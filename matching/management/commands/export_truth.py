"""Writes the accepted decisions as a truth file without names, for `evaluate_matching`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from matching.learning.from_decisions import truth

LEFT_OUT = {
    "changed": "were edited after the decision",
    "refused": "have only rejections: they show who is not meant, and not who is",
}


class Command(BaseCommand):
    help = (
        "Writes one JSON line for each order with an accepted answer: {os_id, aceitaveis, estilo}. It contains ids and "
        "departments, no text and no name, and is what `evaluate_matching --truth` reads."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file to write; it must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        lines, left_out = truth()
        if not lines:
            raise CommandError("No order has an accepted answer yet. Nothing was written.")
        try:
            with options["file"].open("x", encoding="utf-8") as output:
                output.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"{len(lines)} orders with their right answers")
        for cause, count in left_out.items():
            self.stdout.write(f"{count} orders left out: they {LEFT_OUT[cause]}")
