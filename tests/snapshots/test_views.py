"""The snapshot pages, as people of each role see them."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from sistema_os.roles import setup_groups
from snapshots import snapshot_manager as manager
from snapshots.guards import threshold_names
from snapshots.models import HeadRow, Snapshot, Source
from tests.markup import compact
from tests.snapshots.hotel import SPEC, collect, stays
from tests.snapshots.screens import page, person, words

pytestmark = pytest.mark.django_db
ROW = '<th scope="row">'


def test_the_page_of_a_snapshot_says_what_changed_field_by_field(
    reader: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    html = page(reader, "snapshots_snapshot_change", two_days[1].pk)
    assert "<del>203</del>" in html
    assert "<ins>415</ins>" in html
    assert "em vigor" in html
    assert "uh 203 → 415" in words(html)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "added"}, ["Marina Prado"]),
        ({"kind": "removed"}, ["Hóspede 60"]),
        ({"kind": "changed"}, ["Hóspede 3"]),
        ({"field": "uh", "kind": "changed"}, ["Hóspede 3"]),
        ({"field": "nome", "kind": "changed"}, []),
        ({"room": "415"}, ["Hóspede 3"]),
        ({"room": "203"}, ["Hóspede 3"]),
        ({"name": "marina"}, ["Marina Prado"]),
        ({"name": "ninguém"}, []),
        ({"kind": "nonsense", "page": "minus"}, ["Hóspede 3", "Hóspede 60", "Marina Prado"]),
    ],
)
def test_changes_are_filtered_by_kind_field_room_and_name(
    reader: Client, two_days: tuple[Snapshot, Snapshot], query: dict[str, str], found: list[str]
) -> None:
    html = compact(page(reader, "snapshots_snapshot_change", two_days[1].pk, **query))
    assert re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>', html) == found


def _table(client: Client, name: str, *args: object, **query: object) -> list[list[str]]:
    response: Any = client.get(reverse(f"admin:{name}", args=args), {"format": "csv", **query})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))


def test_every_table_can_be_downloaded_with_its_filters(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    pk = two_days[1].pk
    head, *rows = _table(reader, "snapshots_snapshot_change", pk, kind="changed")
    assert head[0] == "Tipo"
    assert [row[0] for row in rows] == ["mudou"]
    assert "uh: 203 → 415" in rows[0][-1]
    assert len(_table(reader, "snapshots_snapshot_change", two_days[0].pk)) > 51
    assert [row[1] for row in _table(reader, "snapshots_listing", pk, room="415")[1:]] == ["Hóspede 3"]
    assert len(_table(reader, "snapshots_compare", kind="added")) == 2
    assert len(_table(reader, "snapshots_snapshot_changelist")) == 3


def test_changes_come_in_pages_of_fifty(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    first = page(reader, "snapshots_snapshot_change", two_days[0].pk)
    assert first.count(ROW) == 50
    assert "1 a 50 de 60" in first
    assert page(reader, "snapshots_snapshot_change", two_days[0].pk, page="2").count(ROW) == 10


def test_a_row_can_be_followed_beside_the_changes_and_alone(
    reader: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    beside = page(reader, "snapshots_snapshot_change", two_days[1].pk, row="3")
    alone = page(reader, "snapshots_row", SPEC.name, "3")
    for html in (beside, alone):
        assert "<del>203</del>" in html
        assert "entrou na listagem" in html
    assert reader.get(reverse("admin:snapshots_row", args=(SPEC.name, "nobody"))).status_code == 404


def test_no_page_shows_a_document_a_phone_or_an_address_whole(
    reader: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    pages = [
        page(reader, "snapshots_row", SPEC.name, "3"),
        page(reader, "snapshots_snapshot_change", two_days[1].pk, row="3"),
        page(reader, "snapshots_listing", two_days[1].pk),
        page(reader, "snapshots_compare"),
    ]
    assert "***.***.***-03" in pages[0]
    for html in pages:
        assert "hmac-" not in html
        assert "48 9" not in html


def test_the_listing_as_it_was_is_shown_with_its_rooms(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    html = page(reader, "snapshots_listing", two_days[0].pk, room="203")
    assert "Hóspede 3" in html
    assert "1 linha" in html
    assert "415" not in words(page(reader, "snapshots_listing", two_days[0].pk, name="Hóspede 3"))


def test_a_listing_that_does_not_agree_with_its_digest_is_not_shown(
    reader: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    HeadRow.objects.filter(key="5").delete()
    html = page(reader, "snapshots_listing", two_days[0].pk)
    assert "não confere" in html
    assert "Hóspede 4" not in html


def test_any_two_listings_are_compared_in_either_direction(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    first, second = two_days
    forth = words(page(reader, "snapshots_compare", a=str(first.pk), b=str(second.pk)))
    back = page(reader, "snapshots_compare", a=str(second.pk), b=str(first.pk))
    assert "3 diferenças" in forth
    assert "uh 203 → 415" in forth
    assert "<del>415</del>" in back
    assert "<ins>203</ins>" in back


def test_filtering_keeps_the_two_listings_and_the_row_that_were_chosen(
    reader: Client, two_days: tuple[Snapshot, Snapshot]
) -> None:
    first, second = two_days
    comparison = page(reader, "snapshots_compare", a=str(second.pk), b=str(first.pk), kind="changed")
    for name, value in {"a": second.pk, "b": first.pk, "source": SPEC.name, "kind": "changed"}.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in comparison
    beside = page(reader, "snapshots_snapshot_change", second.pk, row="3")
    assert '<input type="hidden" name="row" value="3">' in beside


def test_before_there_are_two_the_comparison_says_so(reader: Client) -> None:
    assert "Ainda não há duas listagens" in page(reader, "snapshots_compare")
    collect(stays(3))
    assert "Ainda não há duas listagens" in page(reader, "snapshots_compare")


@pytest.mark.parametrize("name", ["changelist", "change", "listing", "row", "compare"])
def test_without_the_permission_there_is_no_page(two_days: tuple[Snapshot, Snapshot], name: str) -> None:
    outsider = person()
    url = {
        "changelist": reverse("admin:snapshots_snapshot_changelist"),
        "change": reverse("admin:snapshots_snapshot_change", args=(two_days[0].pk,)),
        "listing": reverse("admin:snapshots_listing", args=(two_days[0].pk,)),
        "row": reverse("admin:snapshots_row", args=(SPEC.name, "3")),
        "compare": reverse("admin:snapshots_compare"),
    }[name]
    assert outsider.get(url).status_code == 403


def test_snapshots_are_never_edited_and_sources_only_in_their_thresholds(two_days: tuple[Snapshot, Snapshot]) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(reverse("admin:snapshots_snapshot_add")).status_code == 403
    assert client.post(reverse("admin:snapshots_snapshot_change", args=(two_days[0].pk,))).status_code == 405
    source = Source.objects.get()
    url = reverse("admin:snapshots_source_change", args=(source.pk,))
    values = {name: getattr(source, name) for name in client.get(url).context["adminform"].form.fields}
    assert set(values) == set(threshold_names())
    assert client.post(url, {**values, "removed_floor": 33, "name": "hacked"}).status_code == 302
    source.refresh_from_db()
    assert (source.removed_floor, source.name) == (33, SPEC.name)


@pytest.mark.parametrize(("group", "allowed"), [("Supervisão", True), ("Revisão", False), ("Operação", False)])
def test_only_the_supervision_moves_the_limits_of_the_guards(
    two_days: tuple[Snapshot, Snapshot], group: str, allowed: bool
) -> None:
    setup_groups()
    user = User.objects.create_user("vera", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    source = Source.objects.get()
    url = reverse("admin:snapshots_source_change", args=(source.pk,))
    values = {name: getattr(source, name) for name in threshold_names()}
    assert client.get(url).status_code == (200 if allowed else 403)
    client.post(url, {**values, "removed_floor": 33})
    client.post(url, {**values, "changed_share": 7})
    source.refresh_from_db()
    assert source.removed_floor == (33 if allowed else values["removed_floor"])
    assert source.changed_share == values["changed_share"]
    assert LogEntry.objects.filter(user=user).count() == allowed


def test_the_pages_speak_english_when_asked(
    reader: Client, two_days: tuple[Snapshot, Snapshot], settings: Settings
) -> None:
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    html = page(reader, "snapshots_snapshot_change", two_days[1].pk)
    assert "in force" in html
    assert "What changed since" in html


def test_pages_carry_no_inline_style_or_script(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    collect(stays(10), day=3)
    for html in (
        page(reader, "snapshots_snapshot_changelist"),
        page(reader, "snapshots_snapshot_change", Snapshot.objects.latest("id").pk),
        page(reader, "snapshots_compare"),
    ):
        assert not re.search(r'\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)(?![^>]*application/json)', html)


def test_a_purged_listing_says_so(reader: Client, two_days: tuple[Snapshot, Snapshot]) -> None:
    Source.objects.update(min_seq=2)
    assert "anterior ao período guardado" in page(reader, "snapshots_listing", two_days[0].pk)
    with pytest.raises(manager.Purged):
        list(manager.as_of(Snapshot.objects.get(pk=two_days[0].pk)))
