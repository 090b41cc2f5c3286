"""Fills the directory: rooms from the guest list, aliases from accepted decisions. Idempotent and bounded."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from django.db import transaction

from matching.core import RoomDirectory
from matching.core.parsing.rooms.directory import MAX_ROOM_CHARS, parse_room
from matching.models import AliasOrigin, MatchSuggestion, Room, RoomAlias, RoomKind
from matching.models.choices import State
from matching.room_numbers import room_key
from matching.rooms.spellings import as_typed, may_be_alias, rooms_then, spelling_key
from matching.suggestions import Fence

# More rooms than any hotel has: a listing that is not one must not fill the table.
MOST_ROOMS: Final = 20_000
# Accepted decisions that are read, newest first.
MOST_DECISIONS: Final = 2_000
LEAST_AGREEING: Final = 2
UNREAD: Final = [{"comparison": "room", "level": "unread"}]


def fill(listed: Iterable[str], fence: Fence) -> int:
    """Adds the rooms of a listing, as the PMS writes them, that the directory does not have; returns their number. What
    a person edited stays as it is."""
    shown = {key: text.strip()[:MAX_ROOM_CHARS] for text in listed if text and (key := room_key(text))}
    present = set(Room.objects.filter(listed=True).values_list("key", flat=True))
    new = sorted(shown.keys() - present)[: max(0, MOST_ROOMS - len(present))]
    if not new:
        return 0
    blocks = RoomDirectory.of([*shown.values(), *present]).blocks
    with transaction.atomic():
        fence()
        Room.objects.filter(key__in=new).update(listed=True)
        Room.objects.bulk_create([_room(key, shown[key], blocks) for key in new], ignore_conflicts=True)
    return len(new)


def _room(key: str, shown: str, blocks: set[str]) -> Room:
    read = parse_room(shown)
    block = next((tag for tag in sorted(read.tags) if tag in blocks), "")
    kind = RoomKind(read.kind)
    floor = read.floor if read.floor is not None and read.floor < 100 else None
    return Room(key=key, shown=shown, kind=kind, floor=floor, listed=True, block=block.upper()[:20])


def learn(fence: Fence) -> int:
    """Adds an alias where accepted decisions of at least LEAST_AGREEING orders agree on the room of an unread spelling
    and none disagrees; removes a learned one that a decision contradicts. Returns the number of changes."""
    meant = _meant_rooms()
    if not meant:
        return 0
    rooms = {room.key: room for room in Room.objects.all()}
    known = {alias.key: alias for alias in RoomAlias.objects.filter(key__in=meant)}
    changed = 0
    with transaction.atomic():
        fence()
        for key, by_room in sorted(meant.items()):
            alias = known.get(key)
            if len(by_room) > 1:
                if alias is not None and alias.origin == AliasOrigin.LEARNED and alias.removed_at is None:
                    alias.delete()
                    changed += 1
                continue
            room, orders = next(iter(by_room.items()))
            if alias is None and room in rooms and len(orders) >= LEAST_AGREEING:
                spelling = min(orders.values())
                RoomAlias.objects.create(room=rooms[room], key=key, spelling=spelling, origin=AliasOrigin.LEARNED)
                changed += 1
    return changed


def _meant_rooms() -> dict[str, dict[str, dict[int, str]]]:
    """Spelling -> room -> order -> spelling as typed, of accepted decisions."""
    accepted = MatchSuggestion.objects.filter(state=State.ACCEPTED, stay__isnull=False, decision__isnull=False)
    newest = accepted.order_by("-decision_id").values("pk")[:MOST_DECISIONS]
    nobodys = MatchSuggestion.objects.filter(
        order__in=accepted.filter(pk__in=newest).values("order"), stay=None, reasons__contains=UNREAD
    )
    unread = {s.order_id: [r["order_value"] for r in s.reasons if r["level"] == "unread"] for s in nobodys}
    found: dict[str, dict[str, dict[int, str]]] = defaultdict(lambda: defaultdict(dict))
    for suggestion in accepted.filter(order__in=unread).select_related("order", "stay"):
        here = rooms_then(suggestion)
        # With two unread spellings or two rooms on that day, nobody can say which means which.
        if len(here) != 1 or len(unread[suggestion.order_id]) != 1:
            continue
        order, text = suggestion.order, unread[suggestion.order_id][0]
        if may_be_alias(key := spelling_key(text)):
            typed = as_typed(text, (order.room_text, order.guest_text, order.request))
            found[key][room_key(here[0])][order.pk] = typed
    return found
