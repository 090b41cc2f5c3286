from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils.translation import gettext as _

from snapshots.erasure import erase
from snapshots.errors import ReasonMissing
from snapshots.models import Change, HeadRow, HeldChange, HeldRows, Source


class Command(BaseCommand):
    help = "Erases the person of one row from current rows, history and held snapshots, and from later collections."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source")
        parser.add_argument("key")
        parser.add_argument("--by", required=True, help="who asks for it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--dry-run", action="store_true", help="report what would be erased, erase nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        source = Source.objects.filter(name=options["source"]).first()
        if source is None:
            raise CommandError(_("There is no source %(name)s.") % {"name": options["source"]})
        try:
            done = erase(source, options["key"], by=options["by"], reason=options["reason"], dry_run=options["dry_run"])
        except ReasonMissing as error:
            raise CommandError(_("Say why, in a few words.")) from error
        if not options["dry_run"]:
            _vacuum()
        verb = _("would erase") if options["dry_run"] else _("erased")
        self.stdout.write(
            _("%(verb)s: %(head)s current rows, %(changes)s old versions, %(held)s held rows; keys: %(keys)s")
            % {
                "verb": verb,
                "head": done.head,
                "changes": done.changes,
                "held": done.held,
                "keys": ", ".join(done.keys),
            }
        )


def _vacuum() -> None:
    """Deleted rows remain in the database's files until they are vacuumed."""
    if connection.in_atomic_block:
        return
    tables = ", ".join(model._meta.db_table for model in (HeadRow, Change, HeldRows, HeldChange))
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {tables}")
