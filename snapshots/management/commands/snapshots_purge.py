from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from snapshots.models import Source
from snapshots.retention import PurgeResult, purge


class Command(BaseCommand):
    help = "Deletes history older than SNAPSHOT_KEEP_DAYS, and held snapshots that were not decided within seven days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep-days", type=int, default=settings.SNAPSHOT_KEEP_DAYS)
        parser.add_argument("--dry-run", action="store_true", help="report what would be deleted, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        until = timezone.localdate() - timedelta(days=options["keep_days"])
        for source in Source.objects.order_by("pk"):
            done = purge(source, until, dry_run=options["dry_run"])
            self.stdout.write(_summary(done, dry_run=options["dry_run"]))


def _summary(done: PurgeResult, *, dry_run: bool) -> str:
    would = _("would forget") if dry_run else _("forgot")
    text = _("%(source)s: %(verb)s %(changes)s old versions and %(held)s held listings") % {
        "source": done.source,
        "verb": would,
        "changes": done.changes,
        "held": done.held,
    }
    if done.waiting_for is not None:
        text += "; " + _("more stays until every consumer has read it (position %(seq)s)") % {"seq": done.waiting_for}
    return text
