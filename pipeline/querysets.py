"""Questions asked of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from pipeline.models import JobRun  # noqa: F401  names the row of the queryset

LIVE_STATES = ("queued", "running", "cancelling")


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def live(self) -> JobRunQuerySet:
        return self.filter(state__in=LIVE_STATES)

    def of(self, job: str) -> JobRunQuerySet:
        return self.filter(job=job)

    def reached_the_end(self) -> JobRunQuerySet:
        """Runs whose data counts as fresh: a partial run published what it could."""
        return self.filter(state__in=("succeeded", "partial"), dry_run=False)
