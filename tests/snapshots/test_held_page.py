"""What staff see of a held listing, and who may decide on it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from snapshots.models import HeadRow, Snapshot
from tests.snapshots.hotel import collect, stay, stays
from tests.snapshots.screens import page, person

pytestmark = pytest.mark.django_db


def test_held_snapshots_stand_first_with_their_reasons(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    held = collect(stays(10), day=3)
    collect([*stays(59), stay(77, nome="Marina Prado")], day=3)
    Snapshot.objects.filter(pk=held.pk).update(status="held")
    html = page(reader, "snapshots_snapshot_changelist")
    assert html.index(f"/{held.pk}/change/") < html.index(f"/{two_days[1].pk}/change/")
    assert "saíram da listagem sem check-out" in html


def test_the_held_page_previews_and_offers_the_decision_only_to_supervisors(
    reader: Client, supervisor: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    held = collect(stays(10), day=3)
    seen = page(reader, "snapshots_snapshot_change", held.pk)
    assert "Ao publicar, 50 linhas seriam marcadas como ausentes" in seen
    assert 'name="verb"' not in seen
    assert 'aria-disabled="true"' in seen
    assert 'name="verb" value="publish"' in page(supervisor, "snapshots_snapshot_change", held.pk)


def test_collecting_again_is_offered_to_those_who_may_run_jobs(
    supervisor: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    held = collect(stays(10), day=3)
    start = reverse("admin:pipeline_jobrun_start")
    assert start not in page(supervisor, "snapshots_snapshot_change", held.pk)
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    for html in (page(root, "snapshots_snapshot_change", held.pk), page(root, "snapshots_snapshot_changelist")):
        assert f"{start}?job=pipeline_diario" in html


def test_a_supervisor_publishes_with_a_reason(supervisor: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    held = collect(stays(10), day=3)
    url = reverse("admin:snapshots_decide", args=(held.pk,))
    refused = supervisor.post(url, {"verb": "publish", "reason": " "}, follow=True)
    assert "diga o motivo" in refused.content.decode()
    done = supervisor.post(url, {"verb": "publish", "reason": "ala fechada"}, follow=True)
    assert "Publicada" in done.content.decode()
    assert "ala fechada" in done.content.decode()
    held.refresh_from_db()
    assert held.status == "published"
    again = supervisor.post(url, {"verb": "reject", "reason": "x"}, follow=True)
    assert "já tinha resolvido" in again.content.decode()


def test_a_supervisor_rejects_with_a_reason(supervisor: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    held = collect(stays(10), day=3)
    url = reverse("admin:snapshots_decide", args=(held.pk,))
    assert "Rejeitada" in supervisor.post(url, {"verb": "reject", "reason": "cortada"}, follow=True).content.decode()
    assert HeadRow.objects.count() == 60


def test_nobody_else_decides_and_nothing_is_decided_by_a_link(
    reader: Client, supervisor: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    held = collect(stays(10), day=3)
    url = reverse("admin:snapshots_decide", args=(held.pk,))
    assert reader.post(url, {"verb": "publish", "reason": "quero"}).status_code == 403
    assert supervisor.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root"))
    assert strict.post(url, {"verb": "publish", "reason": "quero"}).status_code == 403
    held.refresh_from_db()
    assert held.status == "held"


def test_the_panel_shows_what_is_held_only_to_those_who_may_see(
    two_days: tuple[Snapshot, Snapshot],
) -> None:
    collect(stays(10), day=3)
    seen = person("view_snapshot").get(reverse("admin:index")).content.decode()
    assert "note-hold" in seen
    assert "note-hold" not in person().get(reverse("admin:index")).content.decode()
