"""What the newest guest list changed, in the words of a reception: who arrived, left, changed rooms, cancelled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from pipeline.hotel import StayStatus, stays
from snapshots import history
from snapshots.diffing import ChangeView
from snapshots.history import ChangeFilter, Event
from snapshots.models import Snapshot

# A guest who is missing from the export without a check-out did not leave: that row has no event.
EVENTS: Final = (
    Event("arrived", _("Arrived"), stays.STATUS, (StayStatus.IN_HOUSE,), added=True),
    Event("left", _("Left"), stays.STATUS, (StayStatus.DEPARTED,)),
    Event("moved", _("Changed rooms"), stays.ROOM, standing=(stays.STATUS, StayStatus.IN_HOUSE)),
    Event("cancelled", _("Cancelled"), stays.STATUS, tuple(sorted(stays.CALLED_OFF))),
)
NAMED: Final = 3
# So many rows are read of each event: minors and guests incognito are counted, not named.
_READ: Final = 12


def register() -> None:
    history.register_events(stays.SOURCE, EVENTS)


@dataclass(frozen=True)
class Named:
    name: str
    about: str
    url: str


@dataclass(frozen=True)
class Happening:
    """An event of the night: how often, the first guests by room, and how many more."""

    label: str | Promise
    count: int
    url: str
    people: list[Named]

    @property
    def more(self) -> int:
        return self.count - len(self.people)


@dataclass(frozen=True)
class Digest:
    snapshot: Snapshot
    url: str
    happenings: list[Happening]


def digest() -> Digest | None:
    """None without a second guest list to compare. A snapshot that confirmed the list in force has no happenings."""
    latest = history.latest(stays.SOURCE)
    if latest is None or latest.at_seq < 2 or latest.at_seq <= latest.source.min_seq:
        return None
    url = reverse("admin:snapshots_snapshot_change", args=[latest.pk])
    if latest.seq is None:
        # Confirmed again: the changes are those of the same morning's version.
        published = Snapshot.objects.filter(source=latest.source, seq=latest.at_seq, business_date=latest.business_date)
        latest = published.select_related("source").first() or latest
    if latest.seq is None:
        return Digest(latest, url, [Happening(event.label, 0, url, []) for event in EVENTS])
    counts = history.event_counts(latest, EVENTS)
    keys = {
        event.name: history.published_keys(latest, ChangeFilter(event=event))[0:_READ]
        for event in EVENTS
        if counts[event.name]
    }
    wanted = sorted({key for some in keys.values() for key in some})
    changes = {c.key: c for c in history.changes_between(latest.source, latest.seq - 1, latest.seq, wanted)}
    return Digest(
        latest,
        url,
        [
            Happening(
                event.label,
                counts[event.name],
                f"{url}?event={event.name}",
                list(islice(_named(event, (changes[k] for k in keys.get(event.name, ()) if k in changes)), NAMED)),
            )
            for event in EVENTS
        ],
    )


def _named(event: Event, changes: Iterator[ChangeView]) -> Iterator[Named]:
    for change in changes:
        row: Any = change.after or change.before
        if stays.suggestible(row) and (name := stays.name_of(row)):
            yield Named(name, _about(event, change), reverse("admin:guest", args=[change.key]))


def _about(event: Event, change: ChangeView) -> str:
    before, after = change.before or {}, change.after or {}
    if event.name == "moved":
        return _t("%(old)s to %(new)s") % {"old": before[stays.ROOM], "new": after[stays.ROOM]}
    if event.name == "cancelled":
        return date_format(date.fromisoformat(str(after[stays.ARRIVAL])[:10]), _t("m/d"))
    return str(after.get(stays.ROOM) or before.get(stays.ROOM) or "")
