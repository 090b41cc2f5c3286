"""Orders against the guest list: who is meant, with what probability, and why; "nobody" is an answer too."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from matching.core.blocking import Blocking
from matching.core.comparisons.batch import Batch
from matching.core.comparisons.presence import Presence
from matching.core.explanation import Explainer
from matching.core.hypotheses import group
from matching.core.index.columns import Columns, Gathering
from matching.core.index.house_index import HouseIndex
from matching.core.index.word_matcher import WordMatcher
from matching.core.model import Model
from matching.core.parsing.fields import BadRow, number
from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.rooms.directory import RoomDirectory
from matching.core.parsing.stays import parse_stay
from matching.core.ranking import Candidate, decide, nobody
from matching.core.weights import Weigher

# Orders weighed together: enough that numpy's price per call is nothing, few enough that memory is bounded.
BATCH = 512


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

    def __init__(
        self,
        stays: Iterable[Mapping[str, Any]] | HouseIndex,
        model: Model | None = None,
        *,
        directory: RoomDirectory | None = None,
        business_date: dt.date | None = None,
        order_aliases: Mapping[int, Mapping[str, str]] | None = None,
    ) -> None:
        self.model = model or Model()
        self.skipped: list[Skipped] = []
        self.index = stays if isinstance(stays, HouseIndex) else HouseIndex(gather(stays, self.skipped)[0])
        self.matcher = WordMatcher(self.index, self.model)
        self.presence = Presence(self.index, self.model)
        self.blocking = Blocking(self.index, self.matcher, self.presence, self.model)
        self.weigher = Weigher(self.index, self.matcher, self.presence, self.model)
        self.rooms = RoomDirectory.of(self.index.columns.rooms, directory, self.index.named_blocks)
        self.labels, self.names = self.index.label_codes, self.index.word_codes
        self.business_date = business_date
        self.order_aliases = order_aliases or {}

    def match(self, rows: Iterable[Mapping[str, Any]]) -> Outcome:
        found = Outcome(skipped=list(self.skipped))
        found.candidates.extend(self.answers(rows, found.skipped))
        return found

    def answers(self, rows: Iterable[Mapping[str, Any]], skipped: list[Skipped]) -> Iterator[Candidate]:
        """A batch at a time, so that neither rows nor answers need ever stand in memory together."""
        orders = self.read(rows, skipped)
        while batch := list(islice(orders, BATCH)):
            yield from self.ask(batch)

    def read(self, rows: Iterable[Mapping[str, Any]], skipped: list[Skipped]) -> Iterator[Order]:
        """Orders that can be read, each id once; what cannot goes to `skipped`."""
        seen: set[int] = set()
        for place, row in enumerate(rows, 1):
            try:
                order = parse_order(row, self._rooms_of(row), self.labels, self.names, self.business_date)
            except (BadRow, AttributeError) as error:
                skipped.append(Skipped("orders", place, str(error) if isinstance(error, BadRow) else "not a row"))
                continue
            if order.os_id in seen:
                skipped.append(Skipped("orders", place, "id stands there twice"))
                continue
            seen.add(order.os_id)
            yield order

    def _rooms_of(self, row: Mapping[str, Any]) -> RoomDirectory:
        """The directory, with the spellings that name a room in this order only."""
        own = self.order_aliases.get(row["id"]) if self.order_aliases and isinstance(row.get("id"), int) else None
        return self.rooms.with_aliases(own) if own else self.rooms

    def ask(self, orders: Sequence[Order]) -> list[Candidate]:
        """All hypotheses worth showing, order by order, best first, at least one an order. Works on a whole batch at
        once: see BATCH."""
        batch = Batch.of(orders)
        seen = self.presence.seen(batch)
        blocks = self.blocking.block(batch, seen)
        weighed = self.weigher.weigh(batch, blocks, seen)
        hypotheses = group(weighed, self.index)
        against = [nobody(order, self.model) for order in orders]
        none = np.array([sum(reason.weight_bits for reason in reasons) for reasons in against])
        elsewhere = self.weigher.elsewhere(batch, seen, blocks.shares)
        shown = decide(weighed, hypotheses, none, elsewhere, self.index, self.model.sharpness)
        rows = np.array([row for rows in shown.rows for row in rows if row >= 0], dtype=np.int64)
        explainer = Explainer(self.index, weighed, hypotheses, rows, self.model.sharpness)
        stay_ids = iter(self.index.columns.ids[weighed.pairs.right[rows]].tolist())
        candidates: list[Candidate] = []
        for place, rows_of_order, probabilities, doubt in shown:
            order = orders[place]
            for rank, (row, probability) in enumerate(zip(rows_of_order, probabilities, strict=True), 1):
                if row < 0:
                    reasons = explainer.nobody(order, against[place], doubt, probability)
                    candidates.append(Candidate(order.os_id, None, probability, rank, reasons))
                else:
                    reasons = explainer.explain(row, probability)
                    candidates.append(Candidate(order.os_id, next(stay_ids), probability, rank, reasons))
        return candidates


def gather(rows: Iterable[Mapping[str, Any]], skipped: list[Skipped]) -> tuple[Columns, list[int]]:
    """What the rows list, and the ids of those that they take off the list: vanished from the export, cancelled, no
    shows. Of two rows with one id the later counts. One row at a time: the listing may be a stream."""
    gathered, seen, vanished = Gathering(), set[int](), list[int]()
    for place, row in enumerate(rows, 1):
        try:
            if row.get("removido_em"):
                vanished.append(number(row, "id"))
                continue
            stay = parse_stay(row)
            gathered.add(stay)
        except (BadRow, AttributeError, OverflowError) as error:
            skipped.append(Skipped("stays", place, _problem(error)))
            continue
        if stay.listagem_id in seen:
            skipped.append(Skipped("stays", place, "id stands there twice"))
        seen.add(stay.listagem_id)
    return gathered.columns(), [*vanished, *gathered.gone()]


def _problem(error: Exception) -> str:
    if isinstance(error, BadRow):
        return str(error)
    return "id is beyond 64 bits" if isinstance(error, OverflowError) else "not a row"


def match(
    orders: Sequence[Mapping[str, Any]], stays: Sequence[Mapping[str, Any]], *, model: Model | None = None
) -> list[Candidate]:
    return Engine(stays, model).match(orders).candidates
