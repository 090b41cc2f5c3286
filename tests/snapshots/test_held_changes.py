"""What a held listing would change is worked out once, when it is held; its page then reads no more than it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from snapshots import held_decision
from snapshots import snapshot_manager as manager
from snapshots.admin.change_tables import Filters, snapshot_changes
from snapshots.diffing import diff
from snapshots.erasure import erase
from snapshots.history import ChangeFilter
from snapshots.ingest import filter_held_changes, kept_changes, view_of
from snapshots.ingest.spool import Packed
from snapshots.models import HeadRow, HeldChange, HeldRows, Snapshot
from tests.snapshots.hotel import collect, stay, stays
from tests.snapshots.screens import page

pytestmark = pytest.mark.django_db


def broken(rows: int, gone: int) -> Snapshot:
    """Held: of so many rows so many are gone, one moved to another room, and one is new."""
    collect(stays(rows))
    rest = [stay(n, uh="415") if n == 1 else stay(n) for n in range(1, rows - gone + 1)]
    found = collect([*rest, stay(99_999, nome="Marina Prado")], day=2)
    assert found.status == Snapshot.Status.HELD
    return found


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name for each row that becomes an object of ours."""
    found: list[str] = []

    def counting(model: type[Model]) -> Callable[..., Any]:
        make = model.from_db.__func__  # type: ignore[attr-defined]  # a classmethod, unbound

        def from_db(cls: type[Model], *given: Any) -> Any:
            found.append(model.__name__)
            return make(cls, *given)

        return from_db

    for model in (HeadRow, HeldChange):
        monkeypatch.setattr(model, "from_db", classmethod(counting(model)))
    return found


def test_the_page_reads_fifty_rows_however_many_there_are(
    reader: Client, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = broken(700, 500)

    def unpacked(*_: object) -> None:
        pytest.fail("the page unpacked the rows that came")

    monkeypatch.setattr(Packed, "__init__", unpacked)
    with CaptureQueriesContext(connection) as queries:
        html = page(reader, "snapshots_snapshot_change", found.pk)
    assert "1 a 50 de 502" in html
    assert read.count("HeldChange") == 50
    assert read.count("HeadRow") <= 1, "only the row whose history stands beside the table"
    assert not [q for q in queries if '"blob"' in q["sql"]], "nor is what is packed fetched"
    assert "Ao publicar, 500 linhas seriam marcadas como ausentes" in html


def test_what_was_kept_is_what_a_comparison_finds(reader: Client) -> None:
    found = broken(100, 40)
    head = HeadRow.objects.values_list("key", "payload")
    rows = [(str(row["id"]), row) for row in manager.held_rows(found)]
    worked_out = {c.key: c for c in diff(head, rows, found.source.columns, found.kinds)}
    kept = kept_changes(found)
    assert kept
    changes = [view_of(row, kept) for row in filter_held_changes(kept, ChangeFilter())]
    assert len(changes) == len(worked_out) == 42
    for change in changes:
        other = worked_out[change.key]
        assert (change.kind, change.before, change.after) == (other.kind, other.before, other.after)
        assert set(change.fields) == set(other.fields)
    assert [change.kind for change in changes] == ["removed"] * 40 + ["changed", "added"]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"kind": "changed"}, ["1"]),
        ({"kind": "added"}, ["99999"]),
        ({"room": "415"}, ["1"]),
        ({"room": "201"}, ["1"]),
        ({"name": "marina"}, ["99999"]),
        ({"field": "uh", "kind": "changed"}, ["1"]),
        ({"field": "telefone", "kind": "changed"}, []),
        ({"field": "nome", "kind": "added"}, ["99999"]),
        ({"name": "ninguém"}, []),
        ({"name": "100%"}, []),
    ],
)
def test_it_is_narrowed_by_kind_field_room_and_name(query: dict[str, str], keys: list[str]) -> None:
    found = broken(100, 40)
    shown = snapshot_changes(found, Filters.read(query, found.source))
    assert [item.key for item in shown.items] == keys
    assert shown.total == len(keys)
    assert dict(shown.counts) == {"added": 1, "removed": 40, "changed": 1}


def test_pages_follow_one_another_without_a_gap() -> None:
    found = broken(200, 120)
    pages = [snapshot_changes(found, Filters(page=number)) for number in (1, 2, 3)]
    keys = [item.key for one in pages for item in one.items]
    assert len(keys) == len(set(keys)) == 122
    assert not pages[2].has_next()
    assert snapshot_changes(found, Filters(page=4)).items == pages[2].items, "beyond the last page is the last"


def test_beyond_what_is_kept_the_counts_are_whole(monkeypatch: pytest.MonkeyPatch, reader: Client) -> None:
    monkeypatch.setattr("snapshots.ingest.held_changes.MOST_KEPT", 10)
    found = broken(100, 40)
    assert HeldChange.objects.filter(kind="removed").count() == 10
    html = page(reader, "snapshots_snapshot_change", found.pk)
    assert "Ao publicar, 40 linhas seriam marcadas como ausentes" in html
    assert "as primeiras 10 de cada tipo" in html


def test_an_erased_person_is_in_no_kept_change_and_no_longer_counted() -> None:
    found = broken(100, 40)
    erase(found.source, "90", by="vera", reason="pedido")
    erase(found.source, "99999", by="vera", reason="pedido")
    assert not HeldChange.objects.filter(key__in=("90", "99999")).exists()
    seen = held_decision.preview(found)
    assert (seen.removed, seen.added, seen.changed, seen.unexplained) == (39, 0, 1, 39)


@pytest.mark.parametrize("decide", [manager.publish_held, manager.reject_held])
def test_once_decided_nothing_of_it_is_kept(decide: Callable[..., Snapshot]) -> None:
    found = broken(100, 40)
    vera = User.objects.create_user("vera")
    vera.user_permissions.add(Permission.objects.get(codename="publish_held"))
    decide(found, vera, "ala fechada")
    assert not HeldChange.objects.exists()


def test_what_was_held_before_changes_were_kept_is_still_shown(reader: Client) -> None:
    found = broken(100, 40)
    HeldChange.objects.all().delete()
    HeldRows.objects.update(layout=[])
    shown = snapshot_changes(found, Filters())
    assert (shown.total, len(shown.items), shown.items[0].kind) == (42, 42, "removed")
    assert "Ao publicar, 40 linhas seriam marcadas" in page(reader, "snapshots_snapshot_change", found.pk)
