from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from pipeline.guest_erasure import ErasureReport, UnknownGuest, clean_files, erase_guest
from snapshots.errors import ReasonMissing


class Command(BaseCommand):
    help = "Erases a guest (LGPD) from listings, suggestions, copies of orders, alerts and history, for good."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("row", type=int, help="the id of one of the guest's rows in the listing")
        parser.add_argument("--by", required=True, help="who requests it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--dry-run", action="store_true", help="report what would be erased, erase nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        try:
            done = erase_guest(options["row"], by=options["by"], reason=options["reason"], dry_run=dry_run)
        except ReasonMissing as error:
            raise CommandError(_("Say why, in a few words.")) from error
        except UnknownGuest as error:
            raise CommandError(
                _("No guest has row %(row)s in the listing, now or before.") % {"row": options["row"]}
            ) from error
        if not dry_run:
            clean_files()
        self.stdout.write(_report(done, dry_run=dry_run))


def _report(done: ErasureReport, *, dry_run: bool) -> str:
    text = _("would erase") if dry_run else _("erased")
    text += ": " + _(
        "rows %(rows)s; %(versions)s versions, %(held)s held rows, %(suggestions)s suggestions, %(orders)s orders"
    ) % {
        "rows": ", ".join(done.rows),
        "versions": done.versions,
        "held": done.held,
        "suggestions": done.suggestions,
        "orders": len(done.orders),
    }
    if done.orders:
        text += "\n" + _("The hotel's own rows still name the guest in orders %(orders)s: edit them there.") % {
            "orders": ", ".join(map(str, done.orders))
        }
    return text
