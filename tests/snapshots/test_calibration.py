"""Guards on hotels from 20 to 2,000 rows: clean days are never held, every broken export is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from pipeline.hotel import stays
from sistema_os.local.hotel import Hotel, rows_as_read
from snapshots import snapshot_manager as manager
from snapshots.models import Snapshot

Rows = list[dict[str, Any]]
# (rooms, houses of a group in one listing, days): about 20 to 40 rows, 150 to 250, and 2,000. The large one has held
# nothing in thirty days either; as many would take a minute here.
SIZES = ((4, 1, 30), (30, 1, 30), (170, 2, 8))


def read(hotels: list[Hotel]) -> Rows:
    """The snapshot rows that the daily run reads this morning; the ids of each house are its own."""
    found = []
    for house, hotel in enumerate(hotels):
        for source in rows_as_read(hotel, *stays.window(hotel.date)):
            row = stays.flatten(source, hash_key="a key")
            found.append(row | {"id": row["id"] + 1_000_000 * house})
    return found


def collect(rows: Rows, day: date) -> Snapshot:
    ingest = manager.begin(stays.spec(day), business_date=day, run_id=None)
    ingest.add(rows)
    return ingest.publish(len(rows), manager.no_fence)


def _each(**values: Callable[[Any], Any]) -> Callable[[Rows], Rows]:
    def broken(rows: Rows) -> Rows:
        return [
            row | {name: change(row[name]) for name, change in values.items() if row[name] is not None} for row in rows
        ]

    return broken


def _mojibake(text: str) -> str:
    return f"{text} João".encode().decode("latin-1")


def _other_property(rows: Rows) -> Rows:
    """The ids of another hotel's table overlap with ours; its guests do not."""
    people = ("nome_listagem", "nome", "num_reserva", "doc_hmac", "telefone", "email", "hospede_id")
    order = rows[len(rows) // 2 :] + rows[: len(rows) // 2]
    return [row | {name: other[name] for name in people} for row, other in zip(rows, order, strict=True)]


BROKEN: dict[str, Callable[[Rows], Rows]] = {
    "truncated": lambda rows: rows[: int(len(rows) * 0.55)],
    "duplicated rows": lambda rows: rows + rows[:5],
    "empty": lambda _rows: [],
    "wrong encoding": _each(nome_listagem=_mojibake, nome=_mojibake),
    "a column lost": lambda rows: [row | {"uh": None} for row in rows],
    "rooms with decimals": _each(uh=lambda room: f"{room}.0"),
    "N for a boolean": _each(titular=lambda _flag: "N"),
    "N for another boolean": _each(menor=lambda _flag: "N"),
    "numbers for names": _each(nome_listagem=len),
    "dates the other way round": _each(saida=lambda day: f"{day[8:]}/{day[5:7]}/{day[:4]}"),
    "another property's list, the same ids": _other_property,
    "another property's list, other ids": lambda rows: [row | {"id": row["id"] + 10_000_000} for row in rows],
    "another property's list, mixed with ours": lambda rows: (
        rows + [row | {"id": row["id"] + 10_000_000 * n} for row in rows for n in (1, 2)]
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(("rooms", "houses", "days"), SIZES)
@pytest.mark.django_db
def test_clean_days_are_published_and_broken_exports_are_held(rooms: int, houses: int, days: int) -> None:
    hotels = [Hotel(house, rooms=rooms, start=date(2026, 3, 2)) for house in range(1, houses + 1)]
    held, missed = [], []
    for number in range(days):
        rows, day = read(hotels), hotels[0].date
        if number == days // 2:
            for name, break_ in BROKEN.items():
                if collect(break_(rows), day).status != Snapshot.Status.HELD:
                    missed.append(name)
        found = collect(rows, day)
        if found.status == Snapshot.Status.HELD:
            held.append((len(rows), found.reasons))
        for hotel in hotels:
            hotel.advance()
    assert not missed
    assert not held
