"""A listing that lives: 1 % changed, 0.3 % new and 0.3 % gone a day. Twenty columns: names, numbers, dates, a third of
them rarely filled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson

Row = dict[str, Any]
DAY = date(2026, 1, 1)
COLUMNS = ("id", *(f"c{number}" for number in range(19)))


def row(key: int, version: int) -> Row:
    texts = {f"c{n}": f"Valor {key * n % 9973} do campo" for n in range(0, 19, 3)}
    numbers = {f"c{n}": key * n % 100_003 for n in range(1, 19, 3)}
    dates = {f"c{n}": f"2026-01-{1 + (key + n) % 28:02}" if key % 3 else None for n in range(2, 19, 3)}
    return {"id": key, **texts, **numbers, **dates, "c0": f"Hóspede {key} v{version}", "c4": version}


class Listing:
    """`changes` is what the last `advance` did: (added, gone, changed). `delta` are the bytes that tell both ways what
    changed, and nothing else."""

    def __init__(self, size: int):
        self.versions = dict.fromkeys(range(size), 0)
        self.next_key, self.size, self.dice = size, size, random.Random(7)
        self.delta = 0
        few = size * 3 // 1000
        self.changes = (few, few, size // 100)

    def rows(self) -> list[Row]:
        return [row(key, version) for key, version in self.versions.items()]

    def advance(self) -> None:
        few, _, many = self.changes
        keys = self.dice.sample(list(self.versions), many + few)
        changed, gone = keys[:many], keys[many:]
        fresh = range(self.next_key, self.next_key + few)
        pairs = [(self.versions[key], self.versions[key] + 1, key) for key in changed]
        told: list[Any] = [[key, {n: [row(key, a)[n], row(key, b)[n]] for n in ("c0", "c4")}] for a, b, key in pairs]
        told += [row(key, self.versions[key]) for key in gone] + [row(key, 0) for key in fresh]
        self.delta = sum(len(orjson.dumps(item)) for item in told)
        self.versions.update({key: version for _old, version, key in pairs})
        for key in gone:
            del self.versions[key]
        self.versions.update(dict.fromkeys(fresh, 0))
        self.next_key += few

    def essence(self) -> int:
        """One number for which rows there are in which version; of rebuilt rows, `essence_of`."""
        return sum(map(hash, self.versions.items()))


def essence_of(rows: Iterator[Row]) -> int:
    return sum(hash((found["id"], found["c4"])) for found in rows)


def streamed(size: int, day: int) -> Iterator[Row]:
    """The same kind of listing, of which nothing is held in memory; `day` 0 is the first."""
    for key in range(size + size * 3 // 1000 * day):
        if key >= size or key % 1000 >= 3 * day:
            yield row(key, sum(key % 100 == 50 + past for past in range(day)))
