"""Imports a guest list, a list of service orders, or both.

Exit codes: those of jobs, and 4 where a question is open: the last line of standard error is the question as JSON, and
`--answer NAME=OPTION` answers it.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from pipeline import runs
from pipeline.business_date import current_business_date
from pipeline.checks import LIMITS
from pipeline.imports import service, spool
from pipeline.imports.questions import SCOPE, SCOPE_OPTIONS
from pipeline.imports.reader import NOTES
from pipeline.imports.service import Arrived
from pipeline.models import ImportedFile, ImportRecipe, ImportSession, JobRun, State, Trigger
from pipeline.run_page import MAIN_JOB
from pipeline.worker.execution import EXIT_CODES, USAGE_ERROR, Process, execute
from sistema_os.supabase import SupabaseError

QUESTION: Final = 4
_FAILED: Final = 1
_CHUNK: Final = 1 << 20


def _answer(text: str) -> tuple[str, str]:
    name, sign, option = text.partition("=")
    if not sign or not name:
        raise CommandError(_("Write an answer as NAME=OPTION."), returncode=USAGE_ERROR)
    return name, option


class Command(BaseCommand):
    help = "Import a guest list, service orders, or both, from files as the hotel's systems export them."
    requires_system_checks = [LIMITS]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--scope", choices=tuple(SCOPE_OPTIONS), help=_("What the guest list covers."))
        parser.add_argument(
            "--date",
            type=date.fromisoformat,
            help=_("Business date, YYYY-MM-DD (default: that of the file, else today)."),
        )
        parser.add_argument("--recipe", help=_("Answers of this recipe (its name), whatever the columns are."))
        parser.add_argument("--answer", action="append", default=[], metavar="NAME=OPTION")
        parser.add_argument("--dry-run", action="store_true", help=_("Read and compare, write nothing."))
        parser.add_argument("--force", metavar="REASON", help=_("Import a held list; the reason is kept."))
        parser.add_argument("--no-pipeline", action="store_true", help=_("Do not run the daily pipeline afterwards."))
        parser.add_argument("--json", action="store_true", help=_("Print the outcome as one JSON object, last line."))

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except service.NotPossible as refused:
            raise CommandError(str(refused)) from refused
        except (runs.AlreadyRunning, runs.InvalidRun) as refused:
            raise CommandError(str(refused), returncode=USAGE_ERROR) from refused
        except SupabaseError as error:
            raise CommandError(f"Supabase: {error}") from error
        except DatabaseError as error:
            raise CommandError(
                _("Our own database cannot be used: check DATABASE_URL and run “manage.py migrate” (%(kind)s).")
                % {"kind": type(error).__name__}
            ) from None

    def _import(self, options: dict[str, Any]) -> None:
        day = options["date"] or current_business_date()
        if len(options["files"]) > service.MOST_FILES:
            raise CommandError(_("One import takes one guest list and one list of orders."), returncode=USAGE_ERROR)
        session = service.open_session(_arrived(options["files"]), day, fixed=options["date"] is not None)
        try:
            self._apply(session, options)
            self._ask_or_refuse(session)
            preview = service.preview(session)
            self._report_preview(preview)
            if options["dry_run"]:
                self._print(session, options, {name: one.as_json() for name, one in preview.results.items()})
                return
            self._write(session, preview, options)
        finally:
            service.discard(session)

    def _apply(self, session: ImportSession, options: dict[str, Any]) -> None:
        """The answers given on the command line, and those of the named recipe."""
        answers = dict(_answer(text) for text in options["answer"])
        if options["scope"]:
            answers[SCOPE] = options["scope"]
        recipe = None
        if options["recipe"]:
            recipe = ImportRecipe.objects.filter(name=options["recipe"]).first()
            if recipe is None:
                raise CommandError(_("There is no recipe of that name."), returncode=USAGE_ERROR)
        for file in service.usable(session):
            own = recipe if recipe and recipe.kind == file.kind else None
            wanted = {**file.answers, **(own.answers if own else {}), **answers}
            if file.kind == "orders":
                wanted.pop(SCOPE, None)
            if wanted != file.answers:
                service.read_again(file, wanted, dict(own.columns) if own else dict(file.columns))

    def _ask_or_refuse(self, session: ImportSession) -> None:
        files = list(session.files.order_by("id"))
        for file in files:
            if file.state == ImportedFile.State.REFUSED:
                raise CommandError(f"{file.name}: {file.reason}", returncode=_FAILED)
        for file in files:
            if file.state == ImportedFile.State.ASKING:
                found = spool.notes(session.pk, file.sha256, NOTES)["questions"][0]
                question = {name: found[name] for name in ("question", "options", "sentence")}
                self.stderr.write(json.dumps({"file": file.name, **question}, ensure_ascii=False))
                sys.exit(QUESTION)

    def _report_preview(self, preview: service.Preview) -> None:
        for file in preview.files:
            result = preview.results[file.kind]
            words = _("guests") if file.kind == "stays" else _("orders")
            self.stdout.write(
                _("%(file)s: %(lines)d %(words)s; %(added)d new, %(changed)d changed, %(same)d the same")
                % {
                    "file": file.name,
                    "lines": file.lines,
                    "words": words,
                    "added": result.added,
                    "changed": result.changed,
                    "same": result.same,
                }
            )
            for line in result.refused:
                self.stderr.write(_("line %(line)s: %(why)s") % {"line": line.get("linha"), "why": line.get("motivo")})

    def _write(self, session: ImportSession, preview: service.Preview, options: dict[str, Any]) -> None:
        if preview.failed and (not options["force"] or any(check.final for check in preview.failed)):
            sentences = " ".join(check.sentence for check in preview.failed)
            raise CommandError(_("The list is held, nothing was written: %(why)s") % {"why": sentences})
        run = service.confirm(session, None, override=options["force"] or "", trigger=Trigger.COMMAND)
        run = execute(run.pk, process=Process(owned=True))
        self._print(session, options, run.summary, run)
        if code := EXIT_CODES[run.state]:
            if run.reason:
                self.stderr.write(run.reason)
            sys.exit(code)
        if run.state == State.SUCCEEDED and not options["no_pipeline"]:
            call_command(MAIN_JOB, date=session.business_date, stdout=self.stdout, stderr=self.stderr)

    def _print(
        self, session: ImportSession, options: dict[str, Any], summary: dict[str, Any], run: JobRun | None = None
    ) -> None:
        if not options["json"]:
            return
        found = {
            "import": str(session.pk),
            "business_date": session.business_date.isoformat(),
            "run": run.pk if run else None,
            "state": run.state if run else "dry_run",
            "reason": run.reason if run else "",
            "summary": summary,
        }
        self.stdout.write(json.dumps(found, ensure_ascii=False))


def _arrived(paths: list[Path]) -> Iterator[Arrived]:
    for path in paths:
        if not path.is_file():
            raise CommandError(_("“%(file)s” is no file.") % {"file": path}, returncode=USAGE_ERROR)
        yield Arrived(path.name, _chunks(path), ImportedFile.Origin.COMMAND)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk
