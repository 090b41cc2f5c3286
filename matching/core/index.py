"""The listing, indexed once: blocks by room, name word, phone, e-mail, document, booking; who is there on a day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.core.phonetic import phonetic
from matching.core.stays import GONE_STATUSES, Stay

LEFT_DAYS, LEFT_LONG_DAYS, COMING_DAYS, COMING_LATER_DAYS = 3, 31, 3, 15

KINDS = (
    "away",
    "in_house",
    "arrived",
    "arriving",
    "leaving",
    "left",
    "left_long",
    "coming",
    "coming_later",
    "expected",
)


class HouseIndex:
    """Stays in the order of their ids, so that the order of rows in the input cannot matter."""

    def __init__(self, stays: Iterable[Stay]) -> None:
        alive = [stay for stay in stays if stay.status not in GONE_STATUSES]
        self.stays: Sequence[Stay] = sorted(alive, key=lambda s: s.listagem_id)
        self.arrival = np.array([s.arrival.toordinal() for s in self.stays], dtype=np.int32)
        self.departure = np.array([s.departure.toordinal() for s in self.stays], dtype=np.int32)
        self.present = np.array([s.status == "na_casa" for s in self.stays], dtype=bool)
        self.awaited = np.array([s.status in ("confirmada", "a_confirmar") for s in self.stays], dtype=bool)
        self.roomless = np.array([i for i, s in enumerate(self.stays) if not s.room], dtype=np.int64)
        self.by_room: dict[str, list[int]] = defaultdict(list)
        self.by_word: dict[str, list[int]] = defaultdict(list)
        self.by_phone: dict[str, list[int]] = defaultdict(list)
        self.by_key: dict[str, list[int]] = defaultdict(list)
        self.by_label: dict[str, list[int]] = defaultdict(list)
        self.by_booking: dict[object, list[int]] = defaultdict(list)
        for position, stay in enumerate(self.stays):
            self._add(position, stay)
        self._kinds: dict[int, NDArray[np.int8]] = {}

    def _add(self, position: int, stay: Stay) -> None:
        for room in {stay.room, *(o.room for o in stay.occupancies)} - {""}:
            self.by_room[room].append(position)
        for word, _ in stay.parts:
            self.by_word[word].append(position)
        if stay.phone:
            self.by_phone[stay.phone[-8:]].append(position)
        for key in {stay.email, stay.document, *stay.codes} - {""}:
            self.by_key[key].append(position)
        for label in stay.labels:
            self.by_label[label].append(position)
        self.by_booking[stay.booking].append(position)

    def __len__(self) -> int:
        return len(self.stays)

    @cached_property
    def by_sound(self) -> dict[str, list[str]]:
        sounds: dict[str, list[str]] = defaultdict(list)
        for word in self.by_word:
            sounds[phonetic(word)].append(word)
        return sounds

    @cached_property
    def sorted_words(self) -> list[str]:
        return sorted(self.by_word)

    @cached_property
    def by_deletion(self) -> dict[str, list[str]]:
        """Words by what is left of them when one letter is missing: finds every slip of one letter without a scan."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in self.by_word:
            for form in deletions(word):
                found[form].append(word)
        return found

    def kinds(self, day: int) -> NDArray[np.int8]:
        """Position in KINDS of every stay, seen from an ordinal day."""
        if day not in self._kinds:
            since, until = day - self.arrival, self.departure - day
            rules = {
                "in_house": (since > 0) & ((until > 0) | self.present),
                "arriving": since == 0,
                "arrived": (since == 0) & ~self.awaited,
                "leaving": (since > 0) & (until == 0),
                "left_long": ~self.present & (until < 0) & (until >= -LEFT_LONG_DAYS),
                "left": ~self.present & (until < 0) & (until >= -LEFT_DAYS),
                "coming_later": (since < 0) & (since >= -COMING_LATER_DAYS),
                "coming": (since < 0) & (since >= -COMING_DAYS),
                "expected": self.awaited & (since > 0) & (since <= COMING_DAYS),
            }
            kind = np.zeros(len(self.stays), dtype=np.int8)
            for name, holds in rules.items():
                kind[holds] = KINDS.index(name)
            self._kinds[day] = kind
        return self._kinds[day]

    def near(self, positions: list[int], day: int, cap: int) -> list[int]:
        """At most `cap` of them: those present first, then the nearest in time."""
        if len(positions) <= cap:
            return positions
        block = np.asarray(positions)
        return [int(p) for p in block[self.nearest(block, day, cap)]]

    def nearest(self, positions: NDArray[np.int64], day: int, cap: int) -> NDArray[np.int64]:
        """Places in `positions` of the `cap` stays nearest to an ordinal day."""
        before = np.maximum(self.arrival[positions] - day, 0)
        after = np.maximum(day - self.departure[positions], 0)
        return np.argsort(before + after, kind="stable")[:cap]


def deletions(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))} if len(word) >= 4 else {word}
