"""Whose wife, son or colleague: the others of a booking, by way of the guest whom the order names or the room."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matching.core.comparisons.batch import Batch
from matching.core.comparisons.names import Best, Names
from matching.core.index.columns import HIDDEN, SEXES, TITULAR
from matching.core.index.house_index import HouseIndex
from matching.core.kernel.blocks import Floats, Pairs
from matching.core.kernel.comparisons import Codes, Comparison
from matching.core.model import Model
from matching.core.parsing.relations import Relation

RELATION = Comparison("relation", ("of_named", "of_named_child", "named_self", "named_parent", "fits", "other"))
_CODE = {level: place for place, level in enumerate(RELATION.levels)}


@dataclass(frozen=True)
class Related:
    """By pair: what the relation of its order says (ABSENT: nothing), its bits, and by whom it is meant."""

    codes: Codes
    bits: Floats
    mates: NDArray[np.int64]
    """The guest named, of the same booking; -1 where none is."""


class Kinship:
    def __init__(self, index: HouseIndex, model: Model) -> None:
        self.index, self.model = index, model

    def weigh(self, batch: Batch, pairs: Pairs, names: Names, best: Best) -> tuple[Related, Best]:
        """Where a relation leads to somebody else, the name of that guest counts no more for the one named alone."""
        size = len(pairs)
        related = Related(RELATION.absent(size), np.zeros(size), np.full(size, -1, dtype=np.int64))
        orders = [(place, order.relation) for place, order in enumerate(batch.orders) if order.relation is not None]
        if not orders:
            return related, best
        best = replace(
            best, side=best.side.copy(), person=best.person.copy(), bits=best.bits.copy(), named=best.named.copy()
        )
        counts = np.diff(batch.person_starts)[pairs.left]
        first_side = np.cumsum(counts) - counts
        for place, relation in orders:
            order = batch.orders[place]
            rows = np.arange(*np.searchsorted(pairs.left, (place, place + 1)))
            persons = [person for person in order.persons if person.words]
            references = [i for i, person in enumerate(persons) if person.reference]
            if not len(rows):
                continue
            if references:
                others = [i for i in range(len(persons)) if i not in references]
                self._by_name(relation, rows, pairs, names, best, related, first_side, references, others)
            else:
                self._by_room(relation, rows, pairs, related)
        return related, best

    def _by_name(
        self,
        relation: Relation,
        rows: NDArray[np.int64],
        pairs: Pairs,
        names: Names,
        best: Best,
        related: Related,
        first_side: NDArray[np.int64],
        references: list[int],
        others: list[int],
    ) -> None:
        sides = first_side[rows][:, None] + np.array(references)
        totals = names.totals[sides]
        own_side = sides[np.arange(len(rows)), totals.argmax(axis=1)]
        named_bits = totals.max(axis=1)
        stays = pairs.right[rows]
        visible = (self.index.columns.flags[stays] & HIDDEN) == 0
        for at, row in enumerate(rows.tolist()):
            together = self._together(stays, at)
            together[at] = False
            mates = np.flatnonzero(together)
            alone, level = self.model.bits("relation", "named_self"), "named_self"
            if relation.child:
                alone, level = self.model.bits("relation", "named_parent"), "named_parent"
            if not (together & visible).any():
                alone = 0.0
            else:
                alone += min(0.0, self._sex(relation, int(stays[at])))
            score, mate = named_bits[at] + alone, -1
            if len(mates) and visible[at]:
                nearest = mates[named_bits[mates].argmax()]
                bits, code = self._of_named(relation, int(stays[at]))
                if named_bits[nearest] + bits > score and named_bits[nearest] > named_bits[at]:
                    score, mate, level = named_bits[nearest] + bits, int(nearest), code
            if others:
                own = names.totals[first_side[row] + np.array(others)]
                if own.max() > score:
                    continue
            related.codes[row] = _CODE[level]
            if mate < 0:
                best.side[row], best.bits[row], best.person[row] = own_side[at], named_bits[at], references[0]
                best.named[row] = names.met[own_side[at]]
                related.bits[row] = alone
            else:
                best.side[row], best.bits[row], best.named[row] = -1, 0.0, bool(names.met[own_side[mate]])
                related.bits[row], related.mates[row] = score, stays[mate]

    def _together(self, stays: NDArray[np.int64], at: int) -> NDArray[np.bool_]:
        """Of one booking; or of one family name, come and gone on the same days."""
        columns, index = self.index.columns, self.index
        stay = stays[at]
        found = index.bookings[stays] == index.bookings[stay]
        dates = (columns.arrival[stays] == columns.arrival[stay]) & (
            columns.departure[stays] == columns.departure[stay]
        )
        family = set(index.family_words(int(stay)))
        for other in np.flatnonzero(dates & ~found).tolist():
            found[other] = not family.isdisjoint(index.family_words(int(stays[other])))
        return np.asarray(found, dtype=bool)

    def _of_named(self, relation: Relation, stay: int) -> tuple[float, str]:
        level = "of_named_child" if relation.child else "of_named"
        return self.model.bits("relation", level) + self._sex(relation, stay), level

    def _sex(self, relation: Relation, stay: int) -> float:
        sex = int(self.index.columns.sex[stay])
        if not relation.sex or not sex:
            return 0.0
        return self.model.bits("described", "same" if SEXES[sex] == relation.sex else "different")

    def _by_room(self, relation: Relation, rows: NDArray[np.int64], pairs: Pairs, related: Related) -> None:
        """`a esposa do hóspede do 305`: of the guests of the room the one whom the word fits."""
        if relation.child:
            return
        for row in rows.tolist():
            stay = int(pairs.right[row])
            level = "other" if self.index.columns.flags[stay] & TITULAR and not relation.sex else "fits"
            sex = int(self.index.columns.sex[stay])
            if relation.sex and sex:
                level = "fits" if SEXES[sex] == relation.sex else "other"
            related.codes[row], related.bits[row] = _CODE[level], self.model.bits("relation", level)
