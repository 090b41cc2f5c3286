"""The listing, indexed once: who bears a word, a room, a phone, a key, a booking; who is there on a day."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching.core.bounded_cache import remembered
from matching.core.index.columns import AWAITED, PRESENT, ROLES, Columns, digest
from matching.core.kernel.blocks import Ints, Postings
from matching.core.parsing.contacts import TAIL
from matching.core.parsing.phonetic import heard, phonetic
from matching.core.parsing.rooms.directory import MIN_BLOCK, TYPE_WORDS, parse_room
from matching.core.parsing.rooms.keys import RoomBook
from matching.core.parsing.stays import Stay

LEFT_DAYS, LEFT_LONG_DAYS, COMING_DAYS, COMING_LATER_DAYS = 3, 31, 3, 15
# Days for which a guest who was expected may still be on the way.
LATE_ARRIVAL = 1
# Of those, how many without a room are weighed one by one; what more there are stays doubt.
DUE_CAP = 24
# Days whose view of the whole house is kept; orders of more days than that at once are rare and only slower.
KEPT_DAYS = 8

_FAMILY = ROLES.index("family")
# A word of a room type names a block when so large a share of either's rooms is the other's.
MIN_BLOCK_WORD, ALIKE = 4, 0.85

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
    "just_left",
    "not_yet",
    "still_in",
)
_KIND = {name: code for code, name in enumerate(KINDS)}
# Who checks in: today, or late.
CHECKING_IN = [_KIND[kind] for kind in ("arriving", "arrived", "expected")]


class HouseIndex:
    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._kinds: dict[int, NDArray[np.int8]] = {}
        self._far: dict[int, NDArray[np.int16]] = {}
        self._due: dict[int, NDArray[np.int32]] = {}
        self._full: dict[tuple[str, int], bool] = {}
        self._last: dict[tuple[str, int, bool], int] = {}
        self.words, self.rooms = columns.words, RoomBook(columns.rooms)
        self.part_counts = np.diff(columns.part_starts)

    @classmethod
    def of(cls, stays: Iterable[Stay]) -> "HouseIndex":
        return cls(Columns.of(stays))

    def __len__(self) -> int:
        return len(self.columns)

    def updated(self, fresh: Columns, removed: Iterable[int] = ()) -> "HouseIndex":
        """The same as an index made afresh of what the listing is now; no stay is read again."""
        return HouseIndex(self.columns.updated(fresh, removed))

    # --- postings ------------------------------------------------------------------------------
    def _owners(self, starts: Ints) -> NDArray[np.int64]:
        return np.repeat(np.arange(len(self)), np.diff(starts))

    @cached_property
    def by_word(self) -> Postings:
        columns = self.columns
        return Postings.of(columns.parts, self._owners(columns.part_starts), len(columns.words))

    @cached_property
    def by_room(self) -> Postings:
        """Where a guest is or was; each room once a guest."""
        columns = self.columns
        owners = np.concatenate([np.arange(len(self)), self._owners(columns.span_starts)])
        rooms = np.concatenate([columns.room, columns.span_room])
        keys = np.unique(owners[rooms >= 0] * max(1, len(columns.rooms)) + rooms[rooms >= 0])
        owners, rooms = np.divmod(keys, max(1, len(columns.rooms)))
        return Postings.of(rooms, owners, len(columns.rooms))

    @cached_property
    def by_label(self) -> Postings:
        columns = self.columns
        return Postings.of(columns.labels, self._owners(columns.label_starts), len(columns.label_words))

    @cached_property
    def bookings(self) -> NDArray[np.int64]:
        """The booking of every stay, from 0 on."""
        return np.unique(self.columns.booking, return_inverse=True)[1]

    @cached_property
    def by_booking(self) -> Postings:
        return Postings.of(self.bookings, np.arange(len(self)), int(self.bookings.max(initial=-1)) + 1)

    @cached_property
    def by_phone(self) -> "Sparse":
        ends = self.columns.phone_end
        return Sparse.of(np.where(ends < 0, 0, ends.astype(np.int64) + 1).astype(np.uint64), np.arange(len(self)))

    @cached_property
    def by_tail(self) -> "Sparse":
        ends = self.columns.phone_end
        tails = np.where(ends < 0, 0, ends.astype(np.int64) % 10**TAIL + 1)
        return Sparse.of(tails.astype(np.uint64), np.arange(len(self)))

    @cached_property
    def by_key(self) -> "Sparse":
        """E-mail, document and booking numbers, by their digests."""
        columns, everybody = self.columns, np.arange(len(self))
        keys = np.concatenate([columns.email, columns.document, columns.codes])
        return Sparse.of(keys, np.concatenate([everybody, everybody, self._owners(columns.code_starts)]))

    def with_phone(self, phone: str) -> NDArray[np.int32]:
        return self.by_phone[int(phone[-8:]) + 1]

    def with_key(self, key: str) -> NDArray[np.int32]:
        return self.by_key[digest(key)]

    # --- the vocabulary --------------------------------------------------------------------------
    @cached_property
    def word_codes(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.words)}

    @cached_property
    def word_counts(self) -> NDArray[np.int64]:
        return np.diff(self.by_word.starts)

    @cached_property
    def label_codes(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.columns.label_words)}

    @cached_property
    def floors(self) -> NDArray[np.int16]:
        """Floor by code of room; -1 where the number tells none, and behind the last for no room."""
        floors = [room.floor for room in map(parse_room, self.columns.rooms)]
        return np.array([*(-1 if floor is None else floor for floor in floors), -1], dtype=np.int16)

    @cached_property
    def room_tags(self) -> list[frozenset[str]]:
        """Block and letters by code of room; nothing behind the last, for no room."""
        return [*(parse_room(room).tags for room in self.columns.rooms), frozenset()]

    @cached_property
    def named_blocks(self) -> dict[str, str]:
        """Word of room types -> block, where the rooms of the type and those of the block are the same: `principal` is
        block p when the rooms P-101, P-102 … are of type `STD PRINCIPAL` and no others."""
        sizes = Counter(tag for tags in self.room_tags for tag in tags)
        found: dict[str, str] = {}
        start = bisect_left(self.columns.label_words, "type:")
        for code in range(start, len(self.columns.label_words)):
            kind, _, word = self.columns.label_words[code].partition(":")
            if kind != "type":
                break
            if len(word) < MIN_BLOCK_WORD or word in TYPE_WORDS:
                continue
            theirs = np.unique(self.columns.room[self.by_label[code]])
            theirs = theirs[theirs >= 0]
            shared = Counter(tag for room in theirs.tolist() for tag in self.room_tags[room])
            for tag, count in shared.most_common(1):
                if count >= max(MIN_BLOCK, ALIKE * len(theirs), ALIKE * sizes[tag]):
                    found[word] = tag
        return found

    def family_words(self, stay: int) -> list[int]:
        """Words of a guest's family names, as codes."""
        columns = self.columns
        part = slice(*columns.part_starts[stay : stay + 2].tolist())
        found: list[int] = columns.parts[part][columns.roles[part] == _FAMILY].tolist()
        return found

    def labels_like(self, label: str) -> list[int]:
        """Codes of the labels of the listing that a typed one may mean: itself, or of `plate~4321` all plates that
        end or begin so."""
        kind, mark, part = label.partition("~")
        if not mark:
            return [self.label_codes[label]] if label in self.label_codes else []
        start = bisect_left(self.columns.label_words, f"{kind}:")
        found = []
        for code in range(start, len(self.columns.label_words)):
            word = self.columns.label_words[code]
            if not word.startswith(f"{kind}:"):
                break
            if word.endswith(part) or word.startswith(f"{kind}:{part}"):
                found.append(code)
        return found

    @cached_property
    def countries(self) -> list[tuple[int, NDArray[np.int32]]]:
        """Label and bearers of every country of the listing."""
        return [(code, self.by_label[code]) for word, code in self.label_codes.items() if word.startswith("country:")]

    @cached_property
    def sounds(self) -> list[str]:
        return [phonetic(word) for word in self.words]

    @cached_property
    def by_sound(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for code, sound in enumerate(self.sounds):
            found[sound].append(code)
        return dict(found)

    @cached_property
    def heard(self) -> list[str]:
        return [heard(word) for word in self.words]

    @cached_property
    def by_first_sound(self) -> dict[str, list[int]]:
        """Codes of the words that are long enough to be known by sound alone, by the first sound."""
        found: dict[str, list[int]] = defaultdict(list)
        for code, sound in enumerate(self.heard):
            if len(sound) >= 5:
                found[sound[0]].append(code)
        return dict(found)

    @cached_property
    def by_deletion(self) -> dict[str, list[int]]:
        """Words by what is left of them when one letter is missing: finds every slip of one letter without a scan."""
        found: dict[str, list[int]] = defaultdict(list)
        for code, word in enumerate(self.words):
            for form in deletions(word):
                found[form].append(code)
        return dict(found)

    # --- time ------------------------------------------------------------------------------------
    def kinds(self, day: int) -> NDArray[np.int8]:
        """Position in KINDS of every stay, seen from an ordinal day."""
        return remembered(self._kinds, day, lambda: self._kinds_on(day), KEPT_DAYS)

    def _kinds_on(self, day: int) -> NDArray[np.int8]:
        columns = self.columns
        since, until = day - columns.arrival, columns.departure - day
        present, awaited = columns.has(PRESENT), columns.has(AWAITED)
        rules = {
            "in_house": (since > 0) & ((until > 0) | present),
            "arriving": since == 0,
            "arrived": (since == 0) & ~awaited,
            "leaving": (since > 0) & (until == 0),
            "left_long": ~present & (until < 0) & (until >= -LEFT_LONG_DAYS),
            "left": ~present & (until < 0) & (until >= -LEFT_DAYS),
            "coming_later": (since < 0) & (since >= -COMING_LATER_DAYS),
            "coming": (since < 0) & (since >= -COMING_DAYS),
            "expected": awaited & (since > 0) & (since <= COMING_DAYS),
        }
        kind = np.zeros(len(self), dtype=np.int8)
        for name, holds in rules.items():
            kind[holds] = _KIND[name]
        return kind

    def due(self, day: int) -> NDArray[np.int32]:
        """Who is to check in on an ordinal day, or is late by LATE_ARRIVAL, and has no room yet; at most DUE_CAP."""
        return remembered(self._due, day, lambda: self._due_on(day), KEPT_DAYS)

    def _due_on(self, day: int) -> NDArray[np.int32]:
        late = day - self.columns.arrival
        waits = (self.columns.room < 0) & (late >= 0) & (late <= LATE_ARRIVAL) & np.isin(self.kinds(day), CHECKING_IN)
        return self.nearest(np.flatnonzero(waits).astype(np.int32), day, DUE_CAP)

    def is_full(self, room: str, day: int) -> bool:
        """Does the listing show somebody who stays the night of an ordinal day in the room?"""
        return remembered(self._full, (room, day), lambda: self._is_slept_in(room, day))

    def _is_slept_in(self, room: str, day: int) -> bool:
        there, columns = self.by_room[self.rooms.code(room)], self.columns
        return bool(((columns.arrival[there] <= day) & (day < columns.departure[there])).any())

    def last_left(self, room: str, day: int, today: bool) -> int:
        """The ordinal day on which the last guest left the room, before a day or up to it; 0 when nobody has."""
        return remembered(self._last, (room, day, today), lambda: self._last_left(room, day + today))

    def _last_left(self, room: str, before: int) -> int:
        there = self.by_room[self.rooms.code(room)]
        gone = self.columns.departure[there[self.columns.room[there] == self.rooms.code(room)]]
        return int(gone[gone < before].max(initial=0))

    def _distances(self, day: int) -> NDArray[np.int16]:
        """Days between an ordinal day and every stay; 0 for those who are there."""
        return remembered(self._far, day, lambda: self._distances_on(day), KEPT_DAYS)

    def _distances_on(self, day: int) -> NDArray[np.int16]:
        far = np.maximum(self.columns.arrival - day, day - self.columns.departure)
        return np.clip(far, 0, np.iinfo(np.int16).max).astype(np.int16)

    def nearest(self, positions: NDArray[np.int32], day: int, cap: int) -> NDArray[np.int32]:
        """At most `cap` of them, ascending: those present first, then the nearest in time, then the first listed."""
        if len(positions) <= cap:
            return positions
        far = self._distances(day)[positions]
        present = np.flatnonzero(far == 0)
        if len(present) >= cap:
            return positions[present[:cap]]
        limit = np.partition(far, cap - 1)[cap - 1]
        near, edge = np.flatnonzero(far < limit), np.flatnonzero(far == limit)
        return np.asarray(positions[np.sort(np.concatenate([near, edge[: cap - len(near)]]))])


class Sparse:
    """Postings of keys that are numbers of any size; 0 is none."""

    def __init__(self, keys: NDArray[np.uint64], members: NDArray[np.int32]) -> None:
        self.keys, self.members = keys, members

    @classmethod
    def of(cls, keys: NDArray[np.uint64], owners: Ints) -> "Sparse":
        borne = np.flatnonzero(keys)
        order = borne[np.lexsort((owners[borne], keys[borne]))]
        return cls(keys[order], owners[order].astype(np.int32))

    def __getitem__(self, key: int) -> NDArray[np.int32]:
        """Ascending; one record may bear a key twice."""
        wanted = np.uint64(key)
        start, end = np.searchsorted(self.keys, wanted), np.searchsorted(self.keys, wanted, side="right")
        return self.members[start:end]


def deletions(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))} if len(word) >= 4 else {word}
