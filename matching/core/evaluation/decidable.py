"""Could an order be told at all? What was typed is held against the listing, with no weights and no score of ours.

A guest is *spoken for* by each thing typed that is true of him: the room where he slept that day, a word of his name
(or one that sounds like it, is short for it, or is a slip of one letter away), Sr. or Sra., a suffix, a phone, an
e-mail, a document, a booking number, an agency, a date of his stay. Whoever is spoken for by all that speaks for the
right guest, and is in the house at least as surely, is a rival: no reader of the order could tell the two apart.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from rapidfuzz.distance import OSA

from matching.core.index.house_index import KINDS, HouseIndex
from matching.core.parsing import lexicon
from matching.core.parsing.contacts import TAIL
from matching.core.parsing.fields import BadRow
from matching.core.parsing.mentions import STRONG, NameWord, Person
from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.phonetic import phonetic
from matching.core.parsing.rooms.directory import RoomDirectory
from matching.core.parsing.stays import GONE_STATUSES, Stay, parse_stay

Ids = frozenset[int]
_IN_HOUSE = KINDS.index("in_house")


@dataclass(frozen=True, slots=True)
class Told:
    """How far an order tells its guest."""

    listed: bool
    """Does a right guest stand in the listing?"""
    said: bool
    """Is he spoken for by anything beyond a title or a date?"""
    rivals: int
    """For how many others as much speaks."""

    def among(self, offered: int) -> bool:
        """Would a reader who offers so many guests be sure to offer the right one?"""
        return self.listed and self.said and self.rivals < offered


@dataclass
class Listing:
    """The guests of a listing by what can be said of them."""

    stays: dict[int, Stay]
    index: HouseIndex = field(init=False)
    places: dict[int, int] = field(init=False)
    by_word: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_sound: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.index = HouseIndex.of(self.stays.values())
        self.places = {int(i): place for place, i in enumerate(self.index.columns.ids)}
        for number, stay in self.stays.items():
            for word, _ in stay.parts:
                self.by_word[word].add(number)
                self.by_sound[phonetic(word)].add(number)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Self:
        return cls({stay.listagem_id: stay for stay in _readable(rows) if stay.status not in GONE_STATUSES})

    # --- what speaks for whom --------------------------------------------------------------------
    def facts(self, order: Order) -> tuple[list[Ids], list[Ids]]:
        """Sets of guests for whom one thing typed speaks: those that point at somebody, and the mere hints."""
        person, said = order.persons[0] if order.persons else Person(), order.contacts
        keys, ends = {*said.emails, *said.documents}, {phone[-8:] for phone in said.phones}
        pointing = [self._in_room(room, order) for room in order.rooms]
        pointing += [self.meant(word) for word in person.words if word.likelihood >= STRONG]
        pointing += [
            self._where(lambda s: bool({s.email, s.document} & keys)),
            self._where(lambda s: s.phone[-8:] in ends or s.phone[-TAIL:] in said.tails),
            self._where(lambda s: bool(s.codes & order.codes)),
            self._where(lambda s: not s.labels.isdisjoint(order.labels)),
        ]
        hints = [self._where(lambda s: s.sex == person.sex)] if person.sex else []
        hints += [self._where(lambda s: s.suffix == person.suffix)] if person.suffix else []
        hints += [self._where(lambda s: not {s.arrival, s.departure}.isdisjoint(order.days))] if order.days else []
        return pointing, hints

    def meant(self, word: NameWord) -> Ids:
        written = word.text
        if len(written) == 1:
            return frozenset().union(*(ids for w, ids in self.by_word.items() if w[0] == written))
        found = set(self.by_sound.get(phonetic(written), ()))
        for name in lexicon.NICKNAMES.get(written, ()):
            found |= self.by_sound.get(phonetic(name), set())
        for other in self._alike(written):
            found |= self.by_word[other]
        return frozenset(found)

    def _alike(self, written: str) -> Iterator[str]:
        for other in self.by_word:
            is_longer = len(written) > 2 and other.startswith(written)
            if is_longer or (min(len(other), len(written)) >= 4 and OSA.distance(other, written, score_cutoff=1) <= 1):
                yield other

    def _in_room(self, room: str, order: Order) -> Ids:
        day = order.opened.date()

        def sleeps(stay: Stay) -> bool:
            then = [o.room for o in stay.occupancies if o.since <= day and (o.until is None or day <= o.until)]
            return room in (then or [stay.room])

        return self._where(sleeps)

    def _where(self, holds: Callable[[Stay], bool]) -> Ids:
        return frozenset(i for i, stay in self.stays.items() if holds(stay))

    # --- the verdict -----------------------------------------------------------------------------
    def told(self, order: Order, right: Ids) -> Told:
        """Of several right guests the one who is told best counts."""
        listed = sorted(right & self.stays.keys())
        if not listed:
            return Told(listed=False, said=False, rivals=0)
        pointing, hints = self.facts(order)
        said = {guest: [ids for ids in pointing if guest in ids] for guest in listed}
        counts = [
            len(self._rivals([*sets, *(ids for ids in hints if guest in ids)], guest, right, order))
            for guest, sets in said.items()
            if sets
        ]
        return Told(listed=True, said=bool(counts), rivals=min(counts, default=0))

    def _rivals(self, sets: Sequence[Ids], guest: int, right: Ids, order: Order) -> set[object]:
        """Guests; bookings, where any guest of one is right."""
        alike = frozenset.intersection(*sets) - right
        present = (self.stays[other] for other in sorted(alike) if self._as_present(other, guest, order))
        return {stay.booking if len(right) > 1 else stay.listagem_id for stay in present}

    def _as_present(self, other: int, guest: int, order: Order) -> bool:
        kinds = self.index.kinds(order.opened.toordinal())
        one, his = kinds[self.places[other]], kinds[self.places[guest]]
        return bool(one == his or (one == _IN_HOUSE and not order.hints & {"gone", "lost", "arrival"}))


def _readable(rows: Iterable[Mapping[str, Any]]) -> Iterator[Stay]:
    for row in rows:
        try:
            yield parse_stay(row)
        except (BadRow, AttributeError):
            continue


def tell(
    orders: Sequence[Mapping[str, Any]], stays: Iterable[Mapping[str, Any]], truth: Iterable[Mapping[str, Any]]
) -> dict[int, Told]:
    """By order about a guest how far it tells him. Rows that cannot be read are left out."""
    listing = Listing.of(stays)
    right = {entry["os_id"]: frozenset(entry["aceitaveis"]) for entry in truth}
    rooms = RoomDirectory.of(listing.index.columns.rooms)
    found: dict[int, Told] = {}
    for row in orders:
        try:
            order = parse_order(row, rooms, listing.index.label_codes, listing.index.word_codes)
        except (BadRow, AttributeError):
            continue
        if right.get(order.os_id):
            found[order.os_id] = listing.told(order, right[order.os_id])
    return found
