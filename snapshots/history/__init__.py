"""Reading what was published: current snapshots, rows and changes of any version, one row through time, consumers."""

from snapshots.history.change_queries import (
    ChangeFilter,
    Event,
    comparable,
    counts,
    difference_counts,
    difference_keys,
    event_counts,
    events_of,
    published_keys,
    register_events,
)
from snapshots.history.consumers import Changes, advance, changes_for, slowest
from snapshots.history.listings import accepted, days, last_before, last_of, latest, latest_of_each, totals_of
from snapshots.history.row_history import Missing, Version, history, intervals, missing
from snapshots.history.versions import as_of, changes_between, current, diff, keyed_as_of, masked, only, unpack

__all__ = [
    "ChangeFilter",
    "Changes",
    "Event",
    "Missing",
    "Version",
    "accepted",
    "advance",
    "as_of",
    "changes_between",
    "changes_for",
    "comparable",
    "counts",
    "current",
    "days",
    "diff",
    "difference_counts",
    "difference_keys",
    "event_counts",
    "events_of",
    "history",
    "intervals",
    "keyed_as_of",
    "last_before",
    "last_of",
    "latest",
    "latest_of_each",
    "masked",
    "missing",
    "only",
    "published_keys",
    "register_events",
    "slowest",
    "totals_of",
    "unpack",
]
