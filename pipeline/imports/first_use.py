"""What the dashboard of a new installation shows instead of empty cards, and the note about received files."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from matching.models import MatchSuggestion
from pipeline.dashboard import MAIN_JOB
from pipeline.hotel.stays import SOURCE
from pipeline.imports.pages import PERMISSION
from pipeline.imports.sources_page import SourceHealth, sources, waiting
from pipeline.models import JobRun
from pipeline.queue import next_start
from snapshots import history


@dataclass(frozen=True)
class FirstUse:
    """Shown until a guest list is in force."""

    may_import: bool
    sources: list[SourceHealth]
    run: JobRun | None
    next_start: datetime | None


def of(user: User | AnonymousUser) -> FirstUse | None:
    """None once there was a guest list, and for people who may see nothing of it anyway."""
    may_import = user.has_perm(PERMISSION)
    if not may_import and not user.has_perm("matching.view_matchsuggestion"):
        return None
    if history.latest(SOURCE) is not None or MatchSuggestion.objects.exists():
        return None
    run = JobRun.objects.of(MAIN_JOB).first()
    return FirstUse(may_import, sources(), run, next_start(MAIN_JOB))


def received(user: User | AnonymousUser) -> dict[str, Any] | None:
    """Received files that wait for an answer."""
    count = waiting().count() if user.has_perm(PERMISSION) else 0
    return {"count": count} if count else None
