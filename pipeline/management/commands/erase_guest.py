from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipeline.data_subjects import ErasureReport, OpenDoubts, UnknownGuest, clean_files, erase
from pipeline.management.subject_command import SubjectCommand
from snapshots.errors import ReasonMissing


class Command(SubjectCommand):
    help = "Erases a guest (LGPD) from every table of ours, for good. Doubtful traces must be answered first."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--by", required=True, help="who requests it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--dry-run", action="store_true", help="report what would be erased, erase nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        signed = {"by": options["by"], "reason": options["reason"]}
        try:
            done = erase(self.sought(options), self.answers(options), dry_run=dry_run, **signed)
        except ReasonMissing as error:
            raise CommandError(_("Say why, in a few words.")) from error
        except UnknownGuest as error:
            raise CommandError(_("We have no data of this person, now or before.")) from error
        except OpenDoubts as error:
            self.print_traces(error.doubts)
            count = len(error.doubts)
            raise CommandError(
                ngettext(
                    "%(count)d doubtful trace: answer it with --yes or --no. Nothing was erased.",
                    "%(count)d doubtful traces: answer each with --yes or --no. Nothing was erased.",
                    count,
                )
                % {"count": count}
            ) from error
        self.stdout.write(_report(done, dry_run=dry_run))
        if not dry_run:
            busy = clean_files(done.tables)
            if busy:
                self.stdout.write(
                    _("Busy, and not rewritten: %(tables)s. Run the command again at a quiet hour.")
                    % {"tables": ", ".join(busy)}
                )
            self.stdout.write(_("Backups and the write-ahead log still have the data until they expire."))


def _report(done: ErasureReport, *, dry_run: bool) -> str:
    text = _("would erase") if dry_run else _("erased")
    text += ": " + _(
        "rows %(rows)s; %(versions)s versions, %(held)s held rows, %(suggestions)s suggestions, %(orders)s orders,"
        " %(redacted)s texts of other rows"
    ) % {
        "rows": ", ".join(map(str, done.rows)) or "—",
        "versions": done.versions,
        "held": done.held,
        "suggestions": done.suggestions,
        "orders": len(done.orders),
        "redacted": done.redacted,
    }
    if done.orders:
        text += "\n" + _("The hotel's own rows still name the guest in orders %(orders)s: edit them there.") % {
            "orders": ", ".join(map(str, done.orders))
        }
    return text
