"""The stored directory as the engine reads it, its version, and the rooms that a typed text may mean."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from matching.core import Room as EngineRoom
from matching.core import RoomDirectory
from matching.core.parsing.rooms.directory import NAMED_BLOCKS, Kind, parse_room
from matching.core.parsing.rooms.mentions import read_room
from matching.core.parsing.text import fold
from matching.models import DirectoryVersion, OrderRoom, Room, RoomAlias, RoomKind
from matching.room_numbers import typed_room

# Rooms without a block of their own: naming it would make "104" ambiguous where only the other blocks are lettered.
MAIN_BLOCK = frozenset({"principal", "main", "central"})
LONGEST_TYPED = 60


@dataclass(frozen=True)
class StoredDirectory:
    """`order_aliases`: order -> spelling -> room key, for that order only; `read_at`: before it was read."""

    directory: RoomDirectory = field(default_factory=RoomDirectory)
    order_aliases: dict[int, dict[str, str]] = field(default_factory=dict)
    read_at: datetime = field(default_factory=timezone.now)

    @property
    def version(self) -> str:
        """The same for the same rooms and aliases."""
        return f"q-{hashlib.sha256(self.directory.to_json().encode()).hexdigest()[:10]}"

    def remember(self) -> str:
        """Stores the directory under its version, once, and returns the version."""
        content = {"content": json.loads(self.directory.to_json())}
        DirectoryVersion.objects.get_or_create(version=self.version, defaults=content)
        return self.version


def stored() -> StoredDirectory:
    """Three queries."""
    read_at = timezone.now()
    aliases: dict[int, list[str]] = defaultdict(list)
    for room, key in RoomAlias.objects.filter(removed_at=None).order_by("key").values_list("room_id", "key"):
        aliases[room].append(key)
    rooms = [engine_room(room, aliases.get(room.pk, ())) for room in Room.objects.order_by("key")]
    of_orders: dict[int, dict[str, str]] = defaultdict(dict)
    for order, key, room_key in OrderRoom.objects.order_by("pk").values_list("order_id", "key", "room__key"):
        of_orders[order][key] = room_key
    return StoredDirectory(RoomDirectory(rooms), dict(of_orders), read_at)


def engine_room(room: Room, aliases: Iterable[str] = ()) -> EngineRoom:
    """A meeting room that no guest ever had is read as an area: nobody stays there."""
    if room.kind in (RoomKind.AREA, RoomKind.MEETING) and not room.listed:
        return EngineRoom(room.key, room.shown, "area", aliases=(room.shown, *aliases))
    read = parse_room(room.shown)
    kind: Kind = "bed" if room.kind == RoomKind.BED else "meeting" if room.kind == RoomKind.MEETING else "room"
    tags = read.tags
    block = block_tag(room.block)
    if block and block not in tags:
        # One letter names the block; longer words in the code are parts of its name.
        tags = frozenset({*(tag for tag in tags if len(tag) > 1), block})
    return replace(read, key=room.key, kind=kind, tags=tags, floor=room.floor, aliases=tuple(aliases))


def block_tag(block: str) -> str:
    """The block as directories tag it: `Torre B` is "b", `Anexo` "anexo", the main one ""."""
    words = fold(block).split()
    tag = words[-1] if words else ""
    return "" if tag in MAIN_BLOCK else NAMED_BLOCKS.get(tag, tag)


def typed_forms(key: str) -> list[str]:
    """The aliases of a room as `bare_room` has them of a field that holds nothing else."""
    aliases = RoomAlias.objects.filter(room__key=key, removed_at=None)
    return sorted({typed_room(spelling) for spelling in aliases.values_list("spelling", flat=True)})


def resolve(typed: str, directory: RoomDirectory | None = None) -> tuple[str, ...]:
    """The keys of the rooms that a person may mean who typed a room into a field of its own. The exact code comes
    before any reading: where the hotel has a room 104 and a B104, "104" is the first."""
    text = typed[:LONGEST_TYPED]
    rooms = directory if directory is not None else stored().directory
    key = typed_room(text)
    if key in rooms.keys and key not in rooms.areas:
        return (key,)
    return read_room(text, rooms)
