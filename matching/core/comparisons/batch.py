"""Many orders as arrays: whom they name, word by word, so that they are weighed together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.index.columns import SEXES, SUFFIXES, micros
from matching.core.kernel.blocks import Floats, starts_of
from matching.core.parsing.mentions import STRONG, Person
from matching.core.parsing.orders import Order

WAYS = ("alone", "formal", "first", "inner", "last")


@dataclass(frozen=True)
class Batch:
    """Orders, their persons and the words of these, each in the order of the text."""

    orders: Sequence[Order]
    days: NDArray[np.int32]
    opened: NDArray[np.int64]
    person_starts: NDArray[np.int64]
    persons: list[Person]
    sex: NDArray[np.int8]
    suffix: NDArray[np.int8]
    word_starts: NDArray[np.int64]
    """By person."""
    texts: list[str]
    words: NDArray[np.int64]
    """Place of each word among `texts`."""
    likelihoods: Floats
    later: NDArray[np.bool_]
    """Is it not the first word of its person, or the family name after Sr. or Sra.?"""
    ways: NDArray[np.int64]
    """Place in WAYS: where the word stands in the name as written."""

    @classmethod
    def of(cls, orders: Sequence[Order]) -> "Batch":
        named = [[person for person in order.persons if person.words] for order in orders]
        persons = [person for members in named for person in members]
        words = [word for person in persons for word in person.words]
        texts = list(dict.fromkeys(word.text for word in words))
        place = {text: i for i, text in enumerate(texts)}
        return cls(
            orders,
            np.array([o.opened.toordinal() for o in orders], dtype=np.int32),
            np.array([micros(o.opened) for o in orders], dtype=np.int64),
            starts_of(np.array([len(members) for members in named], dtype=np.int64)),
            persons,
            np.array([SEXES.index(p.sex) for p in persons], dtype=np.int8),
            np.array([SUFFIXES.index(p.suffix) for p in persons], dtype=np.int8),
            starts_of(np.array([len(p.words) for p in persons], dtype=np.int64)),
            texts,
            np.array([place[word.text] for word in words], dtype=np.int64),
            np.array([word.likelihood for word in words], dtype=np.float64),
            np.array(
                [i > 0 or (p.formal and len(p.words) == 1) for p in persons for i in range(len(p.words))], dtype=bool
            ),
            np.array([way for p in persons for way in _ways(p)], dtype=np.int64),
        )


def _ways(person: Person) -> list[int]:
    count = len(person.words)
    if sum(word.likelihood >= STRONG for word in person.words) <= 1:
        return [WAYS.index("formal" if person.formal else "alone")] * count
    inner = [WAYS.index("inner")] * count
    inner[-1] = WAYS.index("last")
    inner[0] = WAYS.index("first")
    return inner
