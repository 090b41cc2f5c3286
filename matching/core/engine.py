"""Orders against the guest list: who is meant, with what probability, and why; "nobody" is an answer too."""

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

    def __init__(self, stays: Iterable[Mapping[str, Any]] | HouseIndex, model: Model | None = None) -> None:
        self.model = model or Model()
        self.skipped: list[Skipped] = []
        self.index = stays if isinstance(stays, HouseIndex) else HouseIndex(gather(stays, self.skipped)[0])
        self.matcher = WordMatcher(self.index, self.model)
        self.presence = Presence(self.index, self.model)
        self.blocking = Blocking(self.index, self.matcher, self.presence, self.model)
        self.weigher = Weigher(self.index, self.matcher, self.presence, self.model)
        self.rooms = self.index.rooms.codes.keys()

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
                order = parse_order(row, self.rooms)
            except (BadRow, AttributeError) as error:
                skipped.append(Skipped("orders", place, str(error) if isinstance(error, BadRow) else "not a row"))
                continue
            if order.os_id in seen:
                skipped.append(Skipped("orders", place, "id stands there twice"))
                continue
            seen.add(order.os_id)
            yield order

    def ask(self, orders: Sequence[Order]) -> list[Candidate]:
        """All hypotheses worth showing, order by order, best first. The whole batch is weighed at once: see BATCH."""
        batch = Batch.of(orders)
        seen = self.presence.seen(batch)
        blocks = self.blocking.block(batch, seen)
        weighed = self.weigher.weigh(batch, blocks, seen)
        found = group(weighed, self.index)
        none = [nobody(order, self.model) for order in orders]
        against = np.array([sum(reason.weight_bits for reason in reasons) for reasons in none])
        elsewhere = self.weigher.elsewhere(batch, seen, blocks.shares)
        sharpness = self.model.sharpness
        shown = decide(weighed, found, against, elsewhere, self.index, sharpness)
        told_rows = np.array([row for rows in shown.rows for row in rows if row >= 0], dtype=np.int64)
        tell = Explainer(self.index, weighed, found, told_rows, sharpness)
        who = self.index.columns.ids[weighed.pairs.right[told_rows]].tolist()
        told: list[Candidate] = []
        guest = iter(who)
        for place, rows, probabilities, doubt in shown:
            os_id = orders[place].os_id
            for rank, (row, probability) in enumerate(zip(rows, probabilities, strict=True), 1):
                if row < 0:
                    told.append(Candidate(os_id, None, probability, rank, tell.nobody(none[place], doubt)))
                else:
                    told.append(Candidate(os_id, next(guest), probability, rank, tell.explain(row)))
        return told


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
