"""Orders against the guest list: who is meant, with what probability, and why; "nobody" is an answer too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matching.core.blocking import Blocking
from matching.core.competition import Candidate, compete, group, nobody
from matching.core.evidence import Weigher
from matching.core.index import HouseIndex
from matching.core.model import Model
from matching.core.orders import Order, parse_order
from matching.core.presence import Presence
from matching.core.rows import BadRow
from matching.core.stays import Stay, parse_stay
from matching.core.wordmatch import WordMatcher


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
        self.matcher = WordMatcher(self.index, self.model)
        presence = Presence(self.index, self.model)
        self.blocking = Blocking(self.index, self.matcher, presence, self.model)
        self.weigher = Weigher(self.index, self.matcher, presence, self.model)
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

    def ask(self, order: Order) -> list[Candidate]:
        block = self.blocking.block(order)
        weighed = self.weigher.weigh(order, block.positions)
        elsewhere = self.weigher.elsewhere(order, block.share)
        none = nobody(order, self.model)
        return compete(order, group(weighed, self.index), none, elsewhere, self.index, self.model.sharpness)


def match(
    orders: Sequence[Mapping[str, Any]], stays: Sequence[Mapping[str, Any]], *, model: Model | None = None
) -> list[Candidate]:
    return Engine(stays, model).match(orders).candidates
