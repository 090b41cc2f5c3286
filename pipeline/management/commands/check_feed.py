import json
import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline.business_date import current_business_date
from pipeline.hotel.feed import Feed, feed_findings, read_feed
from sistema_os.supabase import SupabaseClient, SupabaseError

# At least one finding is an error.
PROBLEMS = 1


class Command(BaseCommand):
    help = "Reads the hotel's tables and says what is wrong with the feed that fills them. Exit code 1 for an error."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, help="Business date (default: the current one).")
        parser.add_argument("--json", action="store_true", help="One JSON object with the findings.")

    def handle(self, *_args: Any, **options: Any) -> None:
        day = options["date"] or current_business_date()
        try:
            feed = async_to_sync(_read)(day)
        except SupabaseError as error:
            raise CommandError(str(error), returncode=2) from error
        findings = feed_findings(feed, day, timezone.now())
        if options["json"]:
            seen = feed.last_seen
            report = {
                "date": day.isoformat(),
                "stays": len(feed.stays),
                "orders": len(feed.orders),
                "last_seen": seen.isoformat() if seen else None,
                "findings": [finding.as_json() for finding in findings],
            }
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            for finding in findings:
                style = self.style.ERROR if finding.level == "error" else self.style.WARNING
                self.stdout.write(style(finding.sentence))
            if not findings:
                self.stdout.write(_("Nothing is wrong with the feed."))
        if any(finding.level == "error" for finding in findings):
            sys.exit(PROBLEMS)


async def _read(day: date) -> Feed:
    async with SupabaseClient(**settings.SUPABASE) as supabase:
        return await read_feed(supabase, day)
