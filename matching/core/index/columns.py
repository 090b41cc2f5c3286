"""The guest list as columns: a few dozen bytes a stay, whatever the listing's size, and nothing of it as it came.

Addresses, documents and booking numbers stand as 64-bit digests: equality is all that is asked of them. Words of
names, rooms and agencies are codes over sorted vocabularies. Rows are in the order of their ids, so that the order of
rows in the input cannot matter.
"""

import datetime as dt
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.core.kernel.blocks import spread, starts_of
from matching.core.parsing import lexicon
from matching.core.parsing.stays import GONE_STATUSES, Stay

PRESENT, AWAITED, TITULAR, HIDDEN, MINOR, GONE = 1, 2, 4, 8, 16, 32
ROLES = ("given", "middle", "family")
SEXES = ("", "M", "F")
SUFFIXES = ("", *sorted(set(lexicon.SUFFIXES.values())))
NEVER = np.iinfo(np.int64).max
STILL = np.iinfo(np.int32).max
# What one stay may bring; beyond it stands no register, only somebody who means harm.
MOST_WORDS, MOST_SPANS, MOST_KEYS = 60, 64, 32

SCALARS: tuple[str, ...] = ("ids", "booking", "room", "arrival", "departure", "arrived", "left", "flags", "sex")
SCALARS += ("suffix", "phone_end", "phone", "email", "document", "ending")
RAGGED = {
    "part_starts": ("parts", "roles"),
    "label_starts": ("labels",),
    "code_starts": ("codes",),
    "span_starts": ("span_room", "span_since", "span_until"),
}
VOCABULARIES = {
    "words": ("parts",),
    "rooms": ("room", "span_room"),
    "label_words": ("labels",),
    "endings": ("ending",),
}
TYPECODES = dict.fromkeys((*SCALARS, *(n for names in RAGGED.values() for n in names)), "i")
TYPECODES |= dict.fromkeys(("ids", "arrived", "left", "phone"), "q")
TYPECODES |= dict.fromkeys(("booking", "email", "document", "codes"), "Q")
TYPECODES |= dict.fromkeys(("sex", "suffix", "roles"), "b") | {"flags": "B"}


def digest(text: str) -> int:
    """64 bits of a key, never 0: that is "none"."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") | 1


def micros(moment: dt.datetime | None) -> int:
    """Microseconds since 1970, comparable between stays and orders."""
    return NEVER if moment is None else int(moment.timestamp() * 1_000_000)


def phone_numbers(phone: str) -> tuple[int, int]:
    """The last eight digits, and the last ten where there are as many; -1 for none."""
    return (int(phone[-8:]) if phone else -1), (int(phone[-10:]) if len(phone) >= 10 else -1)


@dataclass(frozen=True)
class Columns:
    ids: NDArray[np.int64]
    booking: NDArray[np.uint64]
    room: NDArray[np.int32]
    arrival: NDArray[np.int32]
    departure: NDArray[np.int32]
    arrived: NDArray[np.int64]
    left: NDArray[np.int64]
    flags: NDArray[np.uint8]
    sex: NDArray[np.int8]
    suffix: NDArray[np.int8]
    phone_end: NDArray[np.int32]
    phone: NDArray[np.int64]
    email: NDArray[np.uint64]
    document: NDArray[np.uint64]
    ending: NDArray[np.int32]
    part_starts: NDArray[np.int64]
    parts: NDArray[np.int32]
    roles: NDArray[np.int8]
    label_starts: NDArray[np.int64]
    labels: NDArray[np.int32]
    code_starts: NDArray[np.int64]
    codes: NDArray[np.uint64]
    span_starts: NDArray[np.int64]
    span_room: NDArray[np.int32]
    span_since: NDArray[np.int32]
    span_until: NDArray[np.int32]
    words: list[str]
    rooms: list[str]
    label_words: list[str]
    endings: list[str]

    def __len__(self) -> int:
        return len(self.ids)

    def has(self, flag: int) -> NDArray[np.bool_]:
        return (self.flags & flag) > 0

    @classmethod
    def of(cls, stays: Iterable[Stay]) -> "Columns":
        gathered = Gathering()
        for stay in stays:
            gathered.add(stay)
        return gathered.columns()

    def updated(self, fresh: "Columns", removed: Iterable[int] = ()) -> "Columns":
        """Stays of `fresh` added or put in the place of those with their ids; `removed` ids gone. Nothing is parsed
        again: the cost is that of copying the columns."""
        gone = np.isin(self.ids, np.concatenate([fresh.ids, np.fromiter(removed, dtype=np.int64)]))
        return _joined(self.take(np.flatnonzero(~gone)), fresh)

    def take(self, rows: NDArray[np.int64]) -> "Columns":
        values: dict[str, Any] = {name: getattr(self, name)[rows] for name in SCALARS}
        for starts_name, names in RAGGED.items():
            starts = getattr(self, starts_name)
            counts = starts[rows + 1] - starts[rows]
            _, flat = spread(starts[rows], counts)
            values[starts_name] = starts_of(counts)
            values |= {name: getattr(self, name)[flat] for name in names}
        return Columns(**values, **{name: getattr(self, name) for name in VOCABULARIES})


def _joined(one: Columns, other: Columns) -> Columns:
    values: dict[str, Any] = {n: np.concatenate([getattr(one, n), getattr(other, n)]) for n in SCALARS}
    for starts_name, names in RAGGED.items():
        ours, theirs = getattr(one, starts_name), getattr(other, starts_name)
        values[starts_name] = np.concatenate([ours, theirs[1:] + ours[-1]])
        values |= {n: np.concatenate([getattr(one, n), getattr(other, n)]) for n in names}
    both = {name: getattr(one, name) + getattr(other, name) for name in VOCABULARIES}
    shift = {name: len(getattr(one, name)) for name in VOCABULARIES}
    for name, columns in VOCABULARIES.items():
        for column in columns:
            mine = len(getattr(one, column))
            values[column][mine:] += np.where(values[column][mine:] >= 0, shift[name], 0).astype(np.int32)
    return in_order(Columns(**values, **both))


def in_order(columns: Columns) -> Columns:
    """Rows by id; vocabularies sorted, each word once and only those that are in use."""
    rows = np.argsort(columns.ids, kind="stable")
    found = columns if np.array_equal(rows, np.arange(len(rows))) else columns.take(rows)
    values = {field.name: getattr(found, field.name) for field in fields(Columns)}
    for name, users in VOCABULARIES.items():
        values |= _tidied(values[name], {user: values[user] for user in users}, name)
    return Columns(**values)


def _tidied(words: list[str], users: dict[str, NDArray[np.int32]], name: str) -> dict[str, Any]:
    used = np.zeros(len(words) + 1, dtype=bool)
    for codes in users.values():
        used[codes] = True
    kept = sorted({words[i] for i in np.flatnonzero(used[:-1]).tolist()})
    place = {word: i for i, word in enumerate(kept)}
    # The place behind the last is what the code -1 leads to.
    moved = np.array([*(place.get(word, -1) for word in words), -1], dtype=np.int32)
    return {name: kept} | {user: moved[codes] for user, codes in users.items()}


class Gathering:
    """Takes stays one at a time, so that a million of them never stand in memory as objects."""

    def __init__(self) -> None:
        self.values = {name: array(code) for name, code in TYPECODES.items()}
        self.counts = {name: array("q") for name in RAGGED}
        self.codes: dict[str, dict[str, int]] = {name: {} for name in VOCABULARIES}

    def add(self, stay: Stay) -> None:
        """Raises OverflowError, and has taken nothing, when the id does not fit into 64 bits."""
        values, code = self.values, self._code
        values["ids"].append(stay.listagem_id)
        end, phone = phone_numbers(stay.phone)
        for name, value in (
            ("booking", digest(repr(stay.booking))),
            ("room", code("rooms", stay.room)),
            ("arrival", stay.arrival.toordinal()),
            ("departure", stay.departure.toordinal()),
            ("arrived", micros(stay.arrived)),
            ("left", micros(stay.left)),
            ("flags", _flags(stay)),
            ("sex", SEXES.index(stay.sex)),
            ("suffix", SUFFIXES.index(stay.suffix)),
            ("phone_end", end),
            ("phone", phone),
            ("email", digest(stay.email) if stay.email else 0),
            ("document", digest(stay.document) if stay.document else 0),
            ("ending", code("endings", stay.document_end)),
        ):
            values[name].append(value)
        parts, spans = stay.parts[:MOST_WORDS], stay.occupancies[:MOST_SPANS]
        self._ragged("part_starts", [code("words", w) for w, _ in parts], [ROLES.index(r) for _, r in parts])
        self._ragged("label_starts", [code("label_words", label) for label in sorted(stay.labels)[:MOST_KEYS]])
        self._ragged("code_starts", [digest(booked) for booked in sorted(stay.codes)[:MOST_KEYS]])
        until = [o.until.toordinal() if o.until else STILL for o in spans]
        self._ragged("span_starts", [code("rooms", o.room) for o in spans], [o.since.toordinal() for o in spans], until)

    def _code(self, vocabulary: str, word: str) -> int:
        if not word:
            return -1
        known = self.codes[vocabulary]
        return known.setdefault(word, len(known))

    def _ragged(self, starts: str, *columns: Sequence[int]) -> None:
        self.counts[starts].append(len(columns[0]))
        for name, values in zip(RAGGED[starts], columns, strict=True):
            self.values[name].extend(values)

    def gone(self) -> list[int]:
        """Ids of those taken that are cancelled stays and no-shows."""
        return [i for i, flags in zip(self.values["ids"], self.values["flags"], strict=True) if flags & GONE]

    def columns(self) -> Columns:
        """Cancelled stays and no-shows are left out; of two stays with one id the later counts."""
        values: dict[str, Any] = {n: np.array(a, dtype=np.dtype(a.typecode)) for n, a in self.values.items()}
        values |= {name: starts_of(np.array(counts)) for name, counts in self.counts.items()}
        values |= {name: list(codes) for name, codes in self.codes.items()}
        found = Columns(**values)
        last = len(found) - 1 - np.unique(found.ids[::-1], return_index=True)[1]
        kept = last[~found.has(GONE)[last]]
        return in_order(found if len(kept) == len(found) else found.take(kept))


def _flags(stay: Stay) -> int:
    flags = PRESENT if stay.status == "na_casa" else GONE if stay.status in GONE_STATUSES else 0
    flags |= AWAITED if stay.status in ("confirmada", "a_confirmar") else 0
    return flags | TITULAR * stay.titular | HIDDEN * stay.hidden | MINOR * stay.minor
