"""What is wrong with the feed of the hotel's tables, for pages and health checks: read rarely, since it reads rows."""

import logging
import time
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.utils import timezone

from pipeline.business_date import current_business_date
from pipeline.hotel.feed import Feed, Finding, feed_findings, read_feed
from sistema_os.supabase import SupabaseClient, SupabaseError

logger = logging.getLogger(__name__)


class FeedReport:
    """When the hotel's feed last wrote, and what is wrong with it (see `check_feed`): read at most once in five minutes
    per process."""

    SECONDS = 3.0
    PAUSE = 300.0

    def __init__(self) -> None:
        self._feed: Feed | None = None
        self._again_at = 0.0

    def feed(self) -> Feed | None:
        """None as long as nothing could be read."""
        if time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + self.PAUSE
            try:
                self._feed = async_to_sync(self._read)()
            except SupabaseError as error:
                self._feed = None
                logger.info("The feed of the hotel's tables cannot be read: %s", error)
        return self._feed

    def findings(self) -> list[Finding]:
        feed = self.feed()
        return feed_findings(feed, current_business_date(), timezone.now()) if feed is not None else []

    def as_json(self) -> dict[str, Any]:
        """For /readyz; both None as long as nothing could be read."""
        feed = self.feed()
        if feed is None:
            return {"feed_age_seconds": None, "feed_findings": None}
        age = None if feed.last_seen is None else max(0, int((timezone.now() - feed.last_seen).total_seconds()))
        return {"feed_age_seconds": age, "feed_findings": [finding.code for finding in self.findings()]}

    async def _read(self) -> Feed:
        async with SupabaseClient(**{**settings.SUPABASE, "deadline": self.SECONDS}) as supabase:
            return await read_feed(supabase, current_business_date())


latest = FeedReport()
