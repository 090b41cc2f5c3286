"""Learns aliases: a written word that matches no part of a name, again and again in orders of the same name.

An alias needs guests of at least two reservations, so that no single person's nickname is stored; most of the orders
that contain the word, so that no common word becomes a name; and more orders than chance explains. Pure.
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
from matching.learning.training_set import Found, TrainingSet

UNMATCHED = frozenset({"none", "not_listed"})
MIN_GUESTS, MIN_RATE, MOST_CHANCE = 2, 0.6, 0.005
MIN_LETTERS = 3
# Prior of the share of guests of a name who are called by the alias, with its weight in orders.
USUAL_SHARE, USUAL_SEEN = 0.1, 5.0
Aliases = dict[str, dict[str, float]]


@dataclass
class WordCounts:
    """Of one written word: the orders that contain it unmatched, and by name word the reservations and orders of the
    guests who were meant."""

    orders: set[int] = field(default_factory=set)
    bookings: dict[str, set[object]] = field(default_factory=lambda: defaultdict(set))
    meant: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class NameStatistics:
    """Name words and reservation of every guest, and the share of guests with each name word."""

    names: Mapping[int, frozenset[str]]
    booking: Mapping[int, object]
    share: Mapping[str, float]


def find_aliases(examples: TrainingSet, found: Found) -> Aliases:
    finder = _Finder(_name_statistics(examples.days))
    for order, verdict in sorted(examples.verdicts.items()):
        if verdict.right:
            finder.count(order, verdict, found.get(order, ()))
    return finder.aliases()


def merged(known: Mapping[str, Mapping[str, float]], learned: Aliases) -> Aliases:
    """Learned aliases override known ones; known aliases that were not found again are kept."""
    return {w: {**known.get(w, {}), **learned.get(w, {})} for w in sorted({*known, *learned})}


class _Finder:
    def __init__(self, statistics: NameStatistics) -> None:
        self.statistics = statistics
        self.seen: dict[str, WordCounts] = defaultdict(WordCounts)
        self.orders_of: dict[str, int] = defaultdict(int)

    def count(self, order: int, verdict: Verdict, hypotheses: Sequence[Candidate]) -> None:
        """Counts the words of one order; an order without a guest counts only as an order with that word."""
        guest = next((c for c in hypotheses if c.listagem_id in verdict.right - {None}), None)
        candidates = [guest] if guest is not None else hypotheses
        key = guest.listagem_id if guest is not None else None
        names = self.statistics.names.get(key, frozenset()) if key is not None else frozenset()
        for name in names:
            self.orders_of[name] += 1
        for written in {word for candidate in candidates for word in _unmatched_words(candidate)}:
            counts = self.seen[written]
            counts.orders.add(order)
            for name in names:
                counts.meant[name].add(order)
                counts.bookings[name].add(self.statistics.booking.get(key or 0))

    def aliases(self) -> Aliases:
        learned: Aliases = {}
        for written, counts in sorted(self.seen.items()):
            for name in _aliases_of(counts, self.statistics):
                learned[written] = {name: _share(len(counts.meant[name]), self.orders_of[name])}
        return learned


def _unmatched_words(candidate: Candidate) -> Iterable[str]:
    for reason in candidate.reasons:
        if reason.comparison == "name" and reason.level in UNMATCHED:
            yield from (w for w in words(reason.order_value) if _may_be_alias(w))


def _may_be_alias(word: str) -> bool:
    return len(word) >= MIN_LETTERS and word.isalpha() and word not in lexicon.NAMES and word not in lexicon.SERVICE


def _aliases_of(counts: WordCounts, statistics: NameStatistics) -> list[str]:
    """The name word with the most orders, of those that meet all criteria; at most one."""
    total = len(counts.orders)
    fitting = {
        name: len(orders)
        for name, orders in counts.meant.items()
        if len(counts.bookings[name]) >= MIN_GUESTS
        and len(orders) >= MIN_RATE * total
        and _by_chance(len(orders), total, statistics.share.get(name, 1.0)) <= MOST_CHANCE
    }
    most = max(fitting.values(), default=0)
    best = sorted((name for name, n in fitting.items() if n == most), key=lambda name: (statistics.share[name], name))
    return best[:1]


def _share(by_alias: int, orders_of: int) -> float:
    return round((by_alias + USUAL_SHARE * USUAL_SEEN) / (max(orders_of, by_alias) + USUAL_SEEN), 4)


def _by_chance(found: int, total: int, share: float) -> float:
    """Probability of at least so many of them by chance (binomial)."""
    return math.fsum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(found, total + 1))


def _name_statistics(days: Sequence[Day]) -> NameStatistics:
    rows: dict[int, Row] = {int(row["id"]): row for _, stays in days for row in stays if not row.get("removido_em")}
    stays = {key: stay for key, row in rows.items() if (stay := _parsed(row)) is not None}
    names = {key: frozenset(word for word, _ in stay.parts) for key, stay in stays.items()}
    counts: dict[str, int] = defaultdict(int)
    for parts in names.values():
        for word in parts:
            counts[word] += 1
    return NameStatistics(
        names=names,
        booking={key: stay.booking for key, stay in stays.items()},
        share={word: (n + 1) / (len(stays) + 1) for word, n in counts.items()},
    )


def _parsed(row: Row) -> Stay | None:
    """None for a row that the engine would skip as well."""
    try:
        return parse_stay(row)
    except BadRow:
        return None
