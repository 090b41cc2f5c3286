"""The guest list as pages read it: one snapshot, its guests, and a sentence where it cannot be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from matching.room_numbers import room_key
from pipeline.hotel import StayStatus, stays
from snapshots import snapshot_manager
from snapshots.models import Snapshot

WORDS: dict[str, str | Promise] = {
    StayStatus.TO_BE_CONFIRMED: pgettext_lazy("stay", "to be confirmed"),
    StayStatus.CONFIRMED: pgettext_lazy("stay", "confirmed"),
    StayStatus.IN_HOUSE: pgettext_lazy("stay", "in the house"),
    StayStatus.DEPARTED: pgettext_lazy("stay", "left"),
    StayStatus.CANCELLED: pgettext_lazy("stay", "cancelled"),
    StayStatus.NO_SHOW: pgettext_lazy("stay", "did not show up"),
}

STATUS_CHIPS: dict[str, str] = {
    StayStatus.IN_HOUSE: "ok",
    StayStatus.DEPARTED: "off",
    StayStatus.CONFIRMED: "wait",
    StayStatus.TO_BE_CONFIRMED: "wait",
}


@dataclass(frozen=True)
class ListedGuest:
    """`name` is what staff call the guest; of minors and of guests incognito it is hidden unless the viewer may see
    it. `document` are its last two characters."""

    stay: int
    reservation: str
    room: str
    name: str | Promise
    hidden: bool
    main: bool
    status: str
    arrival: date
    departure: date
    document: str

    @property
    def in_house(self) -> bool:
        return self.status == StayStatus.IN_HOUSE

    @property
    def gone(self) -> bool:
        return self.status == StayStatus.DEPARTED

    @property
    def called_off(self) -> bool:
        return self.status in stays.CALLED_OFF

    @property
    def status_words(self) -> str | Promise:
        return WORDS.get(self.status, self.status.replace("_", " "))


def read(rows: Iterable[Mapping[str, Any]], *, see_hidden: bool = False) -> list[ListedGuest]:
    return [_guest(row, see_hidden) for row in rows]


def _guest(row: Mapping[str, Any], see_hidden: bool) -> ListedGuest:
    hidden = not stays.suggestible(row) and not see_hidden
    name = stays.name_of(row) or _("guest without a name")
    return ListedGuest(
        stay=int(row[stays.KEY]),
        reservation=str(row[stays.BOOKING_NUMBER] or ""),
        room=str(row[stays.ROOM] or "").strip(),
        name=_("hidden guest") if hidden else name,
        hidden=hidden,
        main=bool(row[stays.MAIN_GUEST]),
        status=str(row[stays.STATUS]),
        arrival=date.fromisoformat(str(row[stays.ARRIVAL])[:10]),
        departure=date.fromisoformat(str(row[stays.DEPARTURE])[:10]),
        document="" if hidden else str(row[stays.DOCUMENT_END] or "")[-2:],
    )


@dataclass(frozen=True)
class Listing:
    """`unreadable` says why there are no guests although there is a snapshot."""

    snapshot: Snapshot
    guests: list[ListedGuest] = field(default_factory=list)
    unreadable: str | Promise = ""

    def of_room(self, key: str) -> list[ListedGuest]:
        return [guest for guest in self.guests if room_key(guest.room) == key]

    def rooms(self) -> dict[str, str]:
        """Key of the room -> the room as the list writes it."""
        return {room_key(guest.room): guest.room for guest in self.guests if guest.room}


def listing(snapshot: Snapshot | None, *, see_hidden: bool = False) -> Listing | None:
    """None where there was no listing. Two queries."""
    if snapshot is None:
        return None
    try:
        return Listing(snapshot, read(snapshot_manager.as_of(snapshot), see_hidden=see_hidden))
    except snapshot_manager.Purged:
        return Listing(snapshot, unreadable=_("This listing is older than what is kept."))
    except snapshot_manager.Corrupt:
        return Listing(snapshot, unreadable=_("This listing no longer agrees with what was published. Tell IT."))
