"""Minors and guests incognito on the snapshot pages: nobody without the permission reads or finds a name."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from snapshots.models import Snapshot
from tests.shell.pages.conftest import SignIn, collect, row, sign_in, today

__all__ = ["sign_in", "today"]

ONE = timedelta(days=1)
SECRETS = ("Menino", "Famosa", "menino@", "91")


@pytest.fixture
def snapshots(sign_in: SignIn, today: date) -> list[Snapshot]:
    """1 is a minor; 2 becomes incognito today, and was listed by name yesterday; 3 is neither."""
    minor = {"menor": True, "nome_listagem": "MENINO SILVA", "nome": "Menino Silva", "email": "menino@x.com"}
    before = today - ONE
    return [
        collect(
            before,
            row(1, "203", before, doc_final="91", **minor),
            row(2, "412", before, nome_listagem="Famosa Pessoa", nome="Famosa Pessoa"),
            row(3, "415", before),
        ),
        collect(
            today,
            row(1, "204", today, doc_final="91", **minor),
            row(2, "412", today, nome_listagem="Famosa Pessoa", nome="Famosa Pessoa", incognito=True),
            row(3, "415", today, nome_listagem="Outro Nome"),
            row(4, "501", today, **(minor | {"nome_listagem": "Menino Novo"})),
        ),
        collect(today, row(1, "204", today, **minor), row(3, "415", today), announced=50),
    ]


def _pages(found: list[Snapshot]) -> list[str]:
    first, second, held = (snapshot.pk for snapshot in found)
    root = "/admin/snapshots/snapshot"
    return [
        f"{root}/{first}/change/",
        f"{root}/{second}/change/",
        f"{root}/{second}/change/?row=1",
        f"{root}/{second}/change/?row=2",
        f"{root}/{second}/change/?field=nome_listagem",
        f"{root}/{held}/change/",
        f"{root}/{first}/listing/",
        f"{root}/{second}/listing/",
        f"{root}/compare/?a={first}&b={second}",
        f"{root}/compare/?a={first}&b={second}&field=nome",
        f"{root}/row/listagem_hospedes/1/",
        f"{root}/row/listagem_hospedes/2/",
        f"{root}/row/listagem_hospedes/4/",
    ]


def _tables(found: list[Snapshot]) -> list[str]:
    """The pages with a table, as files."""
    return [f"{path}{'&' if '?' in path else '?'}format=csv" for path in _pages(found) if "/row/" not in path]


def _read(client: Client, path: str) -> str:
    response: Any = client.get(path)
    assert response.status_code == 200, path
    return str(response.getvalue().decode())


@pytest.mark.parametrize("person", ["carla", "bruno"])
def test_no_page_shows_a_hidden_person(sign_in: SignIn, snapshots: list[Snapshot], person: str) -> None:
    assert snapshots[2].status == Snapshot.Status.HELD
    client = sign_in(person)
    for path in [*_pages(snapshots), *_tables(snapshots)]:
        page = _read(client, path)
        assert not [secret for secret in SECRETS[:3] if secret in page or secret.upper() in page], path
        assert "***-91" not in page, path


def test_no_search_finds_a_hidden_person_by_name(sign_in: SignIn, snapshots: list[Snapshot]) -> None:
    client = sign_in("carla")
    for path in _pages(snapshots)[:10]:
        for name in ("menino", "Famosa"):
            page = _read(client, f"{path}{'&' if '?' in path else '?'}name={name}")
            assert "hóspede com nome oculto" not in page.partition('id="life"')[0], path


def test_a_hidden_person_is_found_by_room_without_a_name(sign_in: SignIn, snapshots: list[Snapshot]) -> None:
    page = _read(sign_in("carla"), f"/admin/snapshots/snapshot/{snapshots[1].pk}/listing/?room=204")
    assert "hóspede com nome oculto" in page


def test_whoever_has_the_permission_reads_and_finds_them(sign_in: SignIn, snapshots: list[Snapshot]) -> None:
    client = sign_in("bruno")
    User.objects.get(username="bruno").user_permissions.add(Permission.objects.get(codename="view_hidden"))
    page = _read(client, f"/admin/snapshots/snapshot/{snapshots[1].pk}/listing/?name=menino")
    assert "Menino Silva" in page
    assert "Menino Silva" in _read(client, f"/admin/snapshots/snapshot/{snapshots[1].pk}/listing/?format=csv")


def test_a_row_page_names_nobody_in_its_title(sign_in: SignIn, snapshots: list[Snapshot]) -> None:
    page = _read(sign_in("carla"), "/admin/snapshots/snapshot/row/listagem_hospedes/3/")
    assert "Outro Nome" not in page.partition("<title>")[2].partition("</title>")[0]
    assert "Outro Nome" in page
