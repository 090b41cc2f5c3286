"""The guest list as these pages read it: one snapshot, its guests, and a sentence where it cannot be shown."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from matching.room_numbers import room_key
from sistema_os.pages import guest_list
from sistema_os.pages.guest_list import ListedGuest
from snapshots import snapshot_manager
from snapshots.models import Snapshot


@dataclass(frozen=True)
class Listing:
    """`unreadable` says why there are no guests although there is a snapshot."""

    snapshot: Snapshot
    guests: list[ListedGuest] = field(default_factory=list)
    unreadable: str = ""

    def of_room(self, key: str) -> list[ListedGuest]:
        return [guest for guest in self.guests if room_key(guest.room) == key]

    def rooms(self) -> dict[str, str]:
        """Key of the room -> the room as the list writes it."""
        return {room_key(guest.room): guest.room for guest in self.guests if guest.room}


def listing(snapshot: Snapshot | None) -> Listing | None:
    """None where there was no listing. Two queries."""
    if snapshot is None:
        return None
    try:
        return Listing(snapshot, guest_list.read(snapshot_manager.as_of(snapshot)))
    except snapshot_manager.Purged:
        return Listing(snapshot, unreadable=_("This listing is older than what is kept."))
    except snapshot_manager.Corrupt:
        return Listing(snapshot, unreadable=_("This listing no longer agrees with what was published. Tell IT."))
