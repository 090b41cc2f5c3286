"""Whether a failed query may be retried and after what delay. Pure functions; execution.py waits and sends."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sistema_os.supabase.errors import ConnectionFailed, ResponseError, SupabaseError
from sistema_os.supabase.query import Head

MOST_RETRIES = 3
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
# 525, 530: Cloudflare could not reach the project's gateway. 544, 546: Supabase's own time-out and worker limit.
STATUSES = frozenset({408, 429, 502, 503, 504, 525, 530, 544, 546, *range(520, 525)})
# A retry cannot help: the project is over its quota (402), paused (540), or its certificate is not accepted (526).
LASTING_STATUSES = frozenset({402, 526, 540})
# PostgREST without its database; serialisation failure; deadlock. Never 57014: the statement was too slow.
CODES = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003", "40001", "40P01"})
# The statement waited for a connection of PostgREST's pool and never ran, so even an insert may be sent again.
NEVER_RAN = "PGRST003"


def is_passing(error: SupabaseError) -> bool:
    """Whether the failure is transient: the same request may succeed shortly afterwards."""
    if isinstance(error, ResponseError):
        return error.code != "57014" and (error.status in STATUSES or error.code in CODES)
    return isinstance(error, ConnectionFailed)


def may_repeat(head: Head, error: SupabaseError) -> bool:
    """Whether a retry is safe: a write that may have reached the server is only repeated if it is idempotent."""
    if not head.retry or not is_passing(error):
        return False
    if head.repeatable or (isinstance(error, ConnectionFailed) and not error.sent):
        return True
    return isinstance(error, ResponseError) and error.code == NEVER_RAN


def pause(head: Head, error: SupabaseError, attempt: int, remaining: float) -> float | None:
    """Seconds until the next attempt; None if a retry is not safe or would start after the deadline."""
    if attempt > MOST_RETRIES or not may_repeat(head, error):
        return None
    wait = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter is no secret
    if isinstance(error, ResponseError) and error.retry_after is not None:
        wait = error.retry_after + wait / 4
    return wait if wait < remaining else None


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """The Retry-After header (seconds or an HTTP date) in seconds; None if absent or malformed."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())
