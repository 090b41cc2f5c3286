"""Orders against the guest list: who is meant, with what probability, and why; "nobody" is an answer too."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching.core.evidence import Evidence, Reason, Weigher
from matching.core.index import BLOCK_CAP, ROOM_CAP, HouseIndex
from matching.core.model import Model
from matching.core.orders import Order, parse_order
from matching.core.rooms import room_key
from matching.core.rows import BadRow
from matching.core.stays import Stay, parse_stay
from matching.core.wordmatch import WordMatcher

# Candidates shown per order, beside "nobody".
BEST = 4
MIN_PROBABILITY = 0.01
# Guests of one booking whose names fit equally badly (within so many bits) are not told apart by the order.
TOLD_APART = 2.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hypothesis about an order; `listagem_id` None means no guest. Probabilities of an order add up to 1."""

    os_id: int
    listagem_id: int | None
    probability: float
    rank: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that could not be read. `row` counts from 1 in the input; `problem` names the column, never its value."""

    side: str
    row: int
    problem: str


@dataclass(frozen=True, slots=True)
class Outcome:
    candidates: list[Candidate] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class Engine:
    """A listing made ready for questions; asking one order at a time or all at once gives the same answers."""

    def __init__(self, stays: Sequence[Mapping[str, Any]], model: Model | None = None) -> None:
        self.model = model or Model()
        self.skipped: list[Skipped] = []
        self.index = HouseIndex(self._read(stays))
        self.matcher = WordMatcher(self.index)
        self.weigher = Weigher(self.index, self.matcher, self.model)
        self.rooms = frozenset(self.index.by_room)

    def _read(self, rows: Sequence[Mapping[str, Any]]) -> Iterable[Stay]:
        """Rows vanished from the export are left out; of two rows with one id the later counts."""
        found: dict[int, Stay] = {}
        for place, row in enumerate(rows, 1):
            try:
                if row.get("removido_em"):
                    continue
                stay = parse_stay(row)
            except (BadRow, AttributeError) as error:
                self.skipped.append(Skipped("stays", place, str(error) if isinstance(error, BadRow) else "not a row"))
                continue
            if stay.listagem_id in found:
                self.skipped.append(Skipped("stays", place, "id stands there twice"))
            found[stay.listagem_id] = stay
        return found.values()

    def match(self, rows: Sequence[Mapping[str, Any]]) -> Outcome:
        found = Outcome(skipped=list(self.skipped))
        seen: set[int] = set()
        for place, row in enumerate(rows, 1):
            try:
                order = parse_order(row, self.rooms)
            except (BadRow, AttributeError) as error:
                found.skipped.append(Skipped("orders", place, str(error) if isinstance(error, BadRow) else "not a row"))
                continue
            if order.os_id in seen:
                found.skipped.append(Skipped("orders", place, "id stands there twice"))
                continue
            seen.add(order.os_id)
            found.candidates.extend(self.ask(order))
        return found

    # --- one order -------------------------------------------------------------------------------
    def ask(self, order: Order) -> list[Candidate]:
        weighed = [e for p in self._candidates(order) if (e := self.weigher.weigh(order, p)) is not None]
        hypotheses = self._grouped(weighed)
        nobody = self._nobody(order)
        return self._compete(order, hypotheses, nobody)

    def _candidates(self, order: Order) -> list[int]:
        index, day = self.index, order.opened.toordinal()
        found: set[int] = set()
        for room in order.rooms:
            found.update(index.near(index.by_room.get(room, []), day, ROOM_CAP))
            if len(room) >= 3:
                swapped = {room[:i] + room[i + 1] + room[i] + room[i + 2 :] for i in range(len(room) - 1)} - {room}
                for other in swapped:
                    found.update(index.near(index.by_room.get(room_key(other), []), day, ROOM_CAP))
        for person in order.persons:
            for word in person.words:
                if len(word.text) > 1:
                    found.update(index.near(sorted(self.matcher.hits(word.text)), day, BLOCK_CAP))
        for phone in order.contacts.phones:
            found.update(index.by_phone.get(phone[-8:], ()))
        for key in (*order.contacts.emails, *order.contacts.documents, *order.codes):
            found.update(index.by_key.get(key, ()))
        return sorted(found)

    def _grouped(self, weighed: list[Evidence]) -> list[Evidence]:
        """Guests of one booking whom nothing in the order tells apart are one hypothesis: the link is to the stay."""
        bookings: dict[object, list[Evidence]] = {}
        for evidence in weighed:
            bookings.setdefault(self.index.stays[evidence.position].booking, []).append(evidence)
        return [evidence for members in bookings.values() for evidence in self._group(members)]

    def _group(self, members: list[Evidence]) -> list[Evidence]:
        best = max(m.identity for m in members)
        together = [m for m in members if best <= 0 and m.identity >= best - TOLD_APART]
        if best > 0 and len({m.person for m in members if m.identity > 0}) > 1:
            together = [m for m in members if m.identity > 0]
        shown = [m for m in together if not self.index.stays[m.position].hidden]
        if len(together) < 2 or not shown:
            return members
        total = math.log2(math.fsum(2**m.score for m in together))
        first = max(shown, key=lambda m: (-m.person, self.index.stays[m.position].titular, m.score, -m.position))
        first.reasons.append(Reason("same_stay", "any_guest", "", str(len(together)), total - first.score))
        return [first, *(m for m in members if m not in together)]

    def _nobody(self, order: Order) -> list[Reason]:
        bits = self.model.nobody
        reasons = [Reason("nobody", "prior", "", "", bits["prior"])]
        return reasons + [Reason("nobody", hint, "", "", bits[hint]) for hint in sorted(order.hints) if hint in bits]

    def _compete(self, order: Order, hypotheses: list[Evidence], nobody: list[Reason]) -> list[Candidate]:
        stays, sharp = self.index.stays, self.model.sharpness
        scores = [sharp * h.score for h in hypotheses] + [sharp * math.fsum(r.weight_bits for r in nobody)]
        top = max(scores)
        weights = [2 ** (score - top) for score in scores]
        hidden = math.fsum(w for w, h in zip(weights, hypotheses, strict=False) if stays[h.position].hidden)
        if hidden > math.fsum(weights) / 2:
            return []
        rows = [
            (w, stays[h.position].listagem_id, tuple(h.reasons))
            for w, h in zip(weights, hypotheses, strict=False)
            if not stays[h.position].hidden
        ]
        rows.sort(key=lambda row: (-row[0], row[1]))
        total = math.fsum(w for w, _, _ in rows) + weights[-1]
        best = [row for row in rows[:BEST] if row[0] / total >= MIN_PROBABILITY]
        kept = math.fsum(w for w, _, _ in best) + weights[-1]
        final: list[tuple[float, int | None, tuple[Reason, ...]]] = [*best, (weights[-1], None, tuple(nobody))]
        final.sort(key=lambda row: (-row[0], row[1] is None, row[1] or 0))
        return [Candidate(order.os_id, who, w / kept, rank, why) for rank, (w, who, why) in enumerate(final, 1)]


def match(
    orders: Sequence[Mapping[str, Any]], stays: Sequence[Mapping[str, Any]], *, model: Model | None = None
) -> list[Candidate]:
    return Engine(stays, model).match(orders).candidates
