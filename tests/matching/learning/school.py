"""Decisions of a made-up house, for learning from: rooms with two guests each, and how its people write."""

import random
from collections.abc import Iterable, Mapping

from matching.core import Model
from matching.core.reestimation import Verdict
from matching.learning.training_set import TrainingSet
from tests.matching.core.house import Row, crowd, order, stay

MATES = ("Clara Wosniak", "Iara Leão", "Nina Galvão", "Vera Sampaio", "Rosa Pimentel", "Lúcia Prado", "Dora Moura")
FAMILIES = ("Lemos", "Prates", "Quadros", "Ribas", "Saldanha", "Teles", "Uchoa", "Vidal", "Xavier", "Zanon")
ROOMS = [str(100 + n) for n in range(1, 31)]


def guests(given: str) -> list[Row]:
    """Two in every room: one called `given`, and a friend who booked alone."""
    found = []
    for n, room in enumerate(ROOMS):
        found.append(stay(2 * n + 1, f"{given} {FAMILIES[n % 10]}", room, booking=2 * n + 1))
        found.append(stay(2 * n + 2, MATES[n % 7], room, booking=2 * n + 2))
    return [*crowd(), *found]


def first_guest(place: int) -> int:
    return 2 * place + 1


def examples(rows: Iterable[tuple[Row, frozenset[int | None]]], stays: list[Row]) -> TrainingSet:
    told = list(rows)
    return TrainingSet([([row for row, _ in told], stays)], {int(row["id"]): Verdict(right) for row, right in told})


def house_with_nicknames(rounds: int = 5) -> TrainingSet:
    """Arthur is Bolota to everybody here: half of the orders say so, the others name the mate."""
    rows = []
    for number in range(rounds * len(ROOMS)):
        place = number % len(ROOMS)
        called, who = ("Bolota", 0) if (number // len(ROOMS)) % 2 == 0 else (MATES[place % 7].split()[0], 1)
        row = order("chuveiro frio", os_id=number + 1, hospede_texto=called, uh_texto=ROOMS[place])
        rows.append((row, frozenset({first_guest(place) + who})))
    return examples(rows, guests("Arthur"))


def house_as_the_model_thinks(orders: int, slips: Mapping[int, str]) -> TrainingSet:
    """Names and rooms as they stand in the register; the orders numbered in `slips` have the room written there."""
    stays, rows = guests("Otávio"), []
    for number in range(1, orders + 1):
        place = number % len(ROOMS)
        row = order("chuveiro frio", os_id=number, hospede_texto="Otávio", uh_texto=slips.get(number, ROOMS[place]))
        rows.append((row, frozenset({first_guest(place)})))
    return examples(rows, stays)


def shuffled(told: TrainingSet, seed: int) -> TrainingSet:
    """The same orders and the same answers, dealt out again."""
    verdicts = list(told.verdicts.values())
    random.Random(seed).shuffle(verdicts)
    return TrainingSet(told.days, dict(zip(told.verdicts, verdicts, strict=True)))


def at_random(told: TrainingSet, share: float, seed: int) -> TrainingSet:
    """The model's own first suggestion is right in `share` of the orders, whatever its evidence, and nobody is meant
    (or, where it says nobody, the room's first guest) in the rest."""
    draw, found = random.Random(seed), told.score(Model())
    verdicts = {}
    for key in told.verdicts:
        first = found[key][0].listagem_id
        other = None if first is not None else first_guest(key % len(ROOMS))
        verdicts[key] = Verdict(frozenset({first if draw.random() < share else other}))
    return TrainingSet(told.days, verdicts)
