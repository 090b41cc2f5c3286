"""What the house calls its guests: a written word that met no part of a name, again and again with the same name.

Two guests of different bookings at least, so that nobody's own nickname is kept; most of the orders that hold the
word, so that no common word becomes a name; and more often than chance would bring the two together. Pure.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matching.core import Candidate
from matching.core.parsing import lexicon
from matching.core.parsing.fields import BadRow
from matching.core.parsing.stays import Stay, parse_stay
from matching.core.parsing.text import words
from matching.core.reestimation import Day, Row, Verdict
from matching.learning.training_set import Found, Lessons

UNMET = frozenset({"none", "not_listed"})
MIN_GUESTS, MIN_RATE, MOST_CHANCE = 2, 0.6, 0.005
MIN_LETTERS = 3
# The share of guests of a name who are called so is drawn towards this one, as if so many had been seen.
USUAL_SHARE, USUAL_SEEN = 0.1, 5.0
Aliases = dict[str, dict[str, float]]


@dataclass
class Sightings:
    """Of one written word: orders that hold it unmet, and bookings and orders by the name word they turned out for."""

    orders: set[int] = field(default_factory=set)
    bookings: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    meant: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class House:
    """Name words and booking of every guest, and how common each word is among them."""

    names: Mapping[int, frozenset[str]]
    booking: Mapping[int, object]
    share: Mapping[str, float]


def find_aliases(lessons: Lessons, found: Found) -> Aliases:
    finder = _Finder(_house(lessons.days))
    for order, verdict in sorted(lessons.verdicts.items()):
        if verdict.right:
            finder.see(order, verdict, found.get(order, ()))
    return finder.proven()


def merged(known: Mapping[str, Mapping[str, float]], learned: Aliases) -> Aliases:
    """What is learned now counts before what was; what no longer shows stays."""
    return {w: {**known.get(w, {}), **learned.get(w, {})} for w in sorted({*known, *learned})}


class _Finder:
    def __init__(self, house: House) -> None:
        self.house = house
        self.seen: dict[str, Sightings] = defaultdict(Sightings)
        self.asked_for: dict[str, int] = defaultdict(int)

    def see(self, order: int, verdict: Verdict, hypotheses: Sequence[Candidate]) -> None:
        """An order about nobody still counts for the words that it holds."""
        guest = next((c for c in hypotheses if c.listagem_id in verdict.right - {None}), None)
        told = [guest] if guest is not None else hypotheses
        key = guest.listagem_id if guest is not None else None
        names = self.house.names.get(key, frozenset()) if key is not None else frozenset()
        for name in names:
            self.asked_for[name] += 1
        for written in {word for candidate in told for word in _unmet(candidate)}:
            sightings = self.seen[written]
            sightings.orders.add(order)
            for name in names:
                sightings.meant[name].add(order)
                sightings.bookings[name].add(self.house.booking.get(key or 0))

    def proven(self) -> Aliases:
        learned: Aliases = {}
        for written, sightings in sorted(self.seen.items()):
            for name in _proven(sightings, self.house):
                learned[written] = {name: _share(len(sightings.meant[name]), self.asked_for[name])}
        return learned


def _unmet(candidate: Candidate) -> Iterable[str]:
    for reason in candidate.reasons:
        if reason.comparison == "name" and reason.level in UNMET:
            yield from (w for w in words(reason.order_value) if _may_be_alias(w))


def _may_be_alias(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isalpha() and word not in lexicon.NAMES and word not in lexicon.SERVICE


def _proven(sightings: Sightings, house: House) -> list[str]:
    """Of several name words that fit, those that the most orders speak for."""
    total = len(sightings.orders)
    fitting = {
        name: len(orders)
        for name, orders in sightings.meant.items()
        if len(sightings.bookings[name]) >= MIN_GUESTS
        and len(orders) >= MIN_RATE * total
        and _by_chance(len(orders), total, house.share.get(name, 1.0)) <= MOST_CHANCE
    }
    most = max(fitting.values(), default=0)
    best = sorted((name for name, n in fitting.items() if n == most), key=lambda name: (house.share[name], name))
    return best[:1]


def _share(called_so: int, asked_for: int) -> float:
    return round((called_so + USUAL_SHARE * USUAL_SEEN) / (max(asked_for, called_so) + USUAL_SEEN), 4)


def _by_chance(found: int, total: int, share: float) -> float:
    """Probability of at least so many of them by accident."""
    return math.fsum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(found, total + 1))


def _house(days: Sequence[Day]) -> House:
    rows: dict[int, Row] = {int(row["id"]): row for _, stays in days for row in stays if not row.get("removido_em")}
    stays = {key: stay for key, row in rows.items() if (stay := _parsed(row)) is not None}
    names = {key: frozenset(word for word, _ in stay.parts) for key, stay in stays.items()}
    counts: dict[str, int] = defaultdict(int)
    for parts in names.values():
        for word in parts:
            counts[word] += 1
    return House(
        names=names,
        booking={key: stay.booking for key, stay in stays.items()},
        share={word: (n + 1) / (len(stays) + 1) for word, n in counts.items()},
    )


def _parsed(row: Row) -> Stay | None:
    """None where the engine would skip the row as well."""
    try:
        return parse_stay(row)
    except BadRow:
        return None
