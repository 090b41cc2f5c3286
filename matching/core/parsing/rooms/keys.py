"""Room numbers: one form for a room, and the slips of the finger between two.

The one normaliser of single rooms: listing rows, search, alerts and pages compare rooms by `room_key` of what the
listing has and `typed_room` of what a person typed into a room's field. Rooms in free text: see `room_mentions`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from matching.core.bounded_cache import remembered


def room_key(text: object) -> str:
    """`"     0203 "` and `"203"` are one room, `"12A"` and `"12a"` too; "" for none."""
    plain = str(text).strip().lower() if text is not None else ""
    return plain.lstrip("0") or plain


# "UH 203", "apto. 0203", "quarto nº 203": what people write before a room number.
BEFORE_ROOM = r"^(uh|aptos?|apt|ap|quarto|qto|suite|suíte|room)[ .:#nº°-]*"


def typed_room(text: str) -> str:
    """The room that a person typed into a field of its own, in the form of `room_key`; "" for none."""
    return room_key(re.sub(BEFORE_ROOM, "", " ".join(text.split()).lower()))


def swaps(room: str) -> set[str]:
    """The room with two neighbouring digits in the other order; short numbers are not taken for slips."""
    if len(room) < 3:
        return set()
    return {room[:i] + room[i + 1] + room[i] + room[i + 2 :] for i in range(len(room) - 1)} - {room}


def is_one_off(left: str, right: str) -> bool:
    """One digit typed wrong."""
    return len(left) == len(right) >= 3 and sum(a != b for a, b in zip(left, right, strict=True)) == 1


class RoomBook:
    """The rooms of a listing by code, and which of them a typed number may stand for."""

    def __init__(self, rooms: Sequence[str]) -> None:
        self.rooms = rooms
        self.codes = {room: code for code, room in enumerate(rooms)}
        self._slips: dict[str, tuple[list[int], list[int]]] = {}

    def code(self, room: str) -> int:
        return self.codes.get(room, -1)

    @cached_property
    def _masked(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for room, code in self.codes.items():
            for mask in _masks(room):
                found[mask].append(code)
        return dict(found)

    def slips(self, typed: str) -> tuple[list[int], list[int]]:
        """Rooms that the typed one becomes with two neighbouring digits swapped, and with one digit changed."""
        return remembered(self._slips, typed, lambda: self._slips_of(typed))

    def _slips_of(self, typed: str) -> tuple[list[int], list[int]]:
        swapped = [self.codes[other] for other in swaps(typed) if other in self.codes]
        masks = (code for mask in _masks(typed) for code in self._masked.get(mask, ()))
        return swapped, [code for code in masks if self.rooms[code] != typed]


def _masks(room: str) -> list[str]:
    return [f"{room[:i]}\0{room[i + 1 :]}" for i in range(len(room))] if 3 <= len(room) <= 12 else []
