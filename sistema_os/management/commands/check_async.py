"""`manage.py check_async`: finds blocking calls in async functions."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sistema_os.async_check import examine

PACKAGES = ("sistema_os", "pipeline", "matching", "snapshots")


class Command(BaseCommand):
    help = (
        "Finds blocking calls inside async functions, also behind functions of ours, and queries that are built and "
        "dropped (exit 1 if there are any). A line with `# blocks: reason` is left alone."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--root", type=Path, default=Path(settings.BASE_DIR), help="where the packages lie")
        parser.add_argument("packages", nargs="*", help="default: " + " ".join(PACKAGES))

    def handle(self, *args: Any, root: Path, packages: list[str], **options: Any) -> None:
        chosen = tuple(packages) or PACKAGES
        missing = [name for name in chosen if not (root / name).is_dir()]
        if missing:
            raise CommandError(f"No such package: {', '.join(missing)}.")
        report = examine(root, chosen)
        for finding in report.findings:
            self.stdout.write(str(finding))
        if report.findings:
            raise CommandError(f"{len(report.findings)} calls that block the loop or have no effect.")
        silenced = f" ({report.silenced} silenced with a reason)" if report.silenced else ""
        self.stdout.write(f"{report.functions} async functions in {report.modules} modules: none blocks{silenced}.")
