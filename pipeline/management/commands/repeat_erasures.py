import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from pipeline.data_subjects import ErasureReport, clean_files, repeat_erasures
from pipeline.models import Erasure


class Command(BaseCommand):
    help = "After a restore: makes the erasures again that the backup does not have. Idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("list", type=Path, nargs="?", help="the file of ERASURE_LIST; default: our own table")

    def handle(self, *args: Any, **options: Any) -> None:
        tables: set[str] = set()

        def note(report: ErasureReport) -> None:
            tables.update(report.tables)

        lines = list(_lines(options["list"]) if options["list"] else _recorded())
        done = repeat_erasures(lines, note)
        clean_files(sorted(tables))
        self.stdout.write(
            _("%(again)s erasures made again, %(unchanged)s were in force, %(doubts)s doubtful traces left.")
            % {"again": done.again, "unchanged": done.unchanged, "doubts": done.doubts}
        )


def _recorded() -> Iterator[Mapping[str, Any]]:
    yield from Erasure.objects.order_by("pk").values("rows", "traces", "by", "reason")


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(_("The list %(path)s cannot be read.") % {"path": path}) from error
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise CommandError(_("Line %(number)s of the list is damaged.") % {"number": number}) from error
