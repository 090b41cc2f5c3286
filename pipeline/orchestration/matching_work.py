"""What the matching step is given to do, and what it reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matching.suggestion_manager import Counts
from pipeline.hotel.stays import Row
from pipeline.orchestration.effects import Effect
from snapshots.snapshot_manager import Changes


@dataclass
class Work:
    """What there is to do, as read. `listing` holds the rows in force and `departed` those gone up to 30 days, both
    flat; `orders` the hotel's rows, all by id. `documents` are this run's own reading and go no further than the
    engine. `may_expire` is off while a source is held: nothing ends because of what was not read."""

    stay_changes: Changes
    order_changes: Changes
    listing: dict[int, Row]
    departed: dict[int, Row]
    orders: dict[int, Row]
    documents: Mapping[int, str | None]
    missing: list[Effect] = field(default_factory=list)
    closed_orders: list[Row] = field(default_factory=list)
    gone_orders: list[int] = field(default_factory=list)
    may_expire: bool = True
    # As `documents`: channel, room type and notes of the reservations.
    details: Mapping[int, Row] = field(default_factory=dict)


@dataclass
class Done:
    """For the run's summary."""

    matched: int = 0
    # Orders that the engine offers no guest for although they are hardly about nobody: the one meant is most likely
    # not in the listing.
    unanswered: int = 0
    counts: Counts = field(default_factory=Counts)
    expired: int = 0
    alerts: int = 0
    skipped: int = 0
    model: str = ""
    queue: dict[str, int] = field(default_factory=dict)
    # A sentence for people about what kept the step from all of its work.
    problem: str = ""

    def as_summary(self) -> dict[str, Any]:
        made = self.counts
        return {
            "orders_matched": self.matched,
            "unanswered": self.unanswered,
            "suggestions": {
                "created": made.created,
                "rescored": made.rescored,
                "superseded": made.superseded,
                "unchanged": made.unchanged,
                "withheld": made.withheld,
            },
            "queue": self.queue,
            "expired": self.expired,
            "alerts": self.alerts,
            "skipped_rows": self.skipped,
            "model": self.model,
        }
