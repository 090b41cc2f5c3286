"""What is forgotten is gone, and what remains can still be checked."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from snapshots import snapshot_manager as manager
from snapshots.erasure import erase
from snapshots.models import Change, HeldRows, Snapshot, Source, Suppressed
from snapshots.retention import purge
from tests.snapshots.hotel import BUSY, DAY, SPEC, collect, stay, stays

pytestmark = pytest.mark.django_db
NAME = SPEC.name


def day(number: int) -> date:
    return DAY + timedelta(days=number - 1)


@pytest.fixture
def ten_days() -> list[Snapshot]:
    return [
        collect([stay(n, uh=str(n * number % 97)) for n in range(number, 40 + number)], number, spec=BUSY)
        for number in range(1, 11)
    ]


def test_history_before_the_cut_is_gone_and_the_rest_is_exact(ten_days: list[Snapshot]) -> None:
    source = Source.objects.get()
    before = [list(manager.as_of(snapshot)) for snapshot in ten_days[5:]]
    done = purge(source, day(6))
    assert (done.min_seq, done.waiting_for) == (6, None)
    assert done.changes > 0
    assert not Change.objects.filter(seq__lte=6).exists()
    for snapshot, rows in zip(ten_days[5:], before, strict=True):
        snapshot.source.refresh_from_db()
        assert sorted(row["id"] for row in manager.as_of(snapshot)) == sorted(row["id"] for row in rows)
    ten_days[4].source.refresh_from_db()
    with pytest.raises(manager.Purged):
        list(manager.as_of(ten_days[4]))
    assert Snapshot.objects.count() == 10


def test_the_listing_in_force_survives_any_cut(ten_days: list[Snapshot]) -> None:
    purge(Source.objects.get(), day(1000))
    assert Source.objects.get().min_seq == 10
    assert len(list(manager.as_of(Snapshot.objects.get(seq=10)))) == 40


def test_what_a_consumer_has_not_read_is_kept(ten_days: list[Snapshot]) -> None:
    with transaction.atomic():
        manager.advance("matcher", NAME, 3)
    unread = manager.changes_for("matcher", NAME)
    done = purge(Source.objects.get(), day(8))
    assert (done.min_seq, done.waiting_for) == (3, 3)
    assert manager.changes_for("matcher", NAME) == unread


def test_held_rows_go_after_seven_days(ten_days: list[Snapshot]) -> None:
    held = collect(stays(3), 11)
    assert purge(Source.objects.get(), day(1)).held == 0
    Snapshot.objects.filter(pk=held.pk).update(started_at=timezone.now() - timedelta(days=8))
    assert purge(Source.objects.get(), day(1)).held == 1
    held.refresh_from_db()
    assert (held.status, held.notes[-1]["code"]) == ("rejected", "expired")
    assert not HeldRows.objects.exists()


def test_a_dry_run_forgets_nothing(ten_days: list[Snapshot]) -> None:
    count = Change.objects.count()
    out = StringIO()
    call_command("snapshots_purge", "--keep-days", "0", "--dry-run", stdout=out)
    assert "apagaria" in out.getvalue()
    assert Change.objects.count() == count
    call_command("snapshots_purge", "--keep-days", "0", stdout=out)
    assert Change.objects.count() == 0


@pytest.fixture
def person() -> list[Snapshot]:
    """Nadja Quirino: rows 5 and 6 (another stay), renamed once, and in a held listing too."""
    nadja = {"nome": "Nadja Quirino", "doc_hmac": "hmac-nadja", "pessoa": 471108154711, "telefone": "+55 48 977665544"}
    others = [row for row in stays(40) if row["id"] not in (5, 6)]
    first = collect([*others, stay(5, **nadja)])
    second = collect([*others, stay(5, **{**nadja, "nome": "QUIRINO/NADJA MRS"}), stay(6, **nadja)], 2)
    third = collect([*others, stay(6, **nadja)], 3)
    held = collect([*others[:10], stay(6, **nadja), stay(88, **nadja)], 3)
    assert held.status == "held"
    return [first, second, third, held]


def everything() -> str:
    """All that this app's tables hold, held rows unpacked."""
    parts = [str(list(manager.held_rows(held))) for held in Snapshot.objects.held()]
    parts += [str(list(model._default_manager.values())) for model in apps.get_app_config("snapshots").get_models()]
    return "\n".join(parts)


def test_an_erased_person_is_nowhere(person: list[Snapshot], caplog: pytest.LogCaptureFixture) -> None:
    assert "adja" in everything()
    done = erase(Source.objects.get(), "5", by="vera", reason="pedido da titular")
    assert done.keys == ("5", "6", "88")
    assert (done.head, done.held) == (1, 2)
    left = everything() + caplog.text
    for trace in ("adja", "NADJA", "hmac-nadja", "471108154711", "977665544"):
        assert trace not in left
    assert "pedido da titular" in left


def test_what_remains_after_an_erasure_still_agrees_with_its_digests(person: list[Snapshot]) -> None:
    erase(Source.objects.get(), "6", by="vera", reason="pedido")
    for snapshot in Snapshot.objects.in_force():
        assert len(list(manager.as_of(snapshot))) == 38


def test_the_next_listing_does_not_bring_the_person_back(person: list[Snapshot]) -> None:
    erase(Source.objects.get(), "5", by="vera", reason="pedido")
    others = [row for row in stays(40) if row["id"] not in (5, 6)]
    again = collect(
        [*others, stay(6, nome="Nadja Quirino", pessoa=471108154711), stay(99, nome="Nadja", doc_hmac="hmac-nadja")], 4
    )
    assert again.status == "same"
    assert again.notes == [{"code": "suppressed", "params": {"rows": 2}}]
    assert "adja" not in everything()


def test_a_collection_that_has_read_the_person_already_is_ended(person: list[Snapshot]) -> None:
    under_way = manager.begin(SPEC, business_date=day(4), run_id=4)
    under_way.add(stays(40))
    erase(Source.objects.get(), "5", by="vera", reason="pedido")
    with pytest.raises(manager.AlreadySettled):
        under_way.publish(40, manager.no_fence)
    assert under_way.abort("late").reasons[0]["code"] == "interrupted"


def test_an_erasure_needs_a_reason_and_can_be_tried_first(person: list[Snapshot]) -> None:
    with pytest.raises(CommandError):
        call_command("snapshots_erase", NAME, "5", "--by", "vera", "--reason", " ")
    with pytest.raises(CommandError):
        call_command("snapshots_erase", "nothing", "5", "--by", "vera", "--reason", "pedido")
    out = StringIO()
    before = everything()
    call_command("snapshots_erase", NAME, "5", "--by", "vera", "--reason", "pedido", "--dry-run", stdout=out)
    assert "apagaria: 1 linhas atuais" in out.getvalue()
    assert everything() == before
    call_command("snapshots_erase", NAME, "5", "--by", "vera", "--reason", "pedido", stdout=out)
    assert Suppressed.objects.filter(by="vera", reason="pedido").count() == 5
