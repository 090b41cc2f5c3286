"""Who may open the three pages, by menu and by address."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import SharedWorld
from tests.shell.pages.conftest import SignIn, collect, row
from tests.shell.pages.crowd import crowd

PAGES = ("/admin/manager/", "/admin/handover/", "/admin/rooms/", "/admin/rooms/?q=203")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["ana", "bruno", "carla"])
def test_whoever_sees_guests_opens_them(sign_in: SignIn, page: str, person: str) -> None:
    assert sign_in(person).get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_operation_is_refused_by_address_and_not_invited_by_the_menu(sign_in: SignIn, page: str) -> None:
    client = sign_in("davi")
    assert client.get(page).status_code == 403
    assert page not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_login(client: Client, db: None, page: str) -> None:
    assert client.get(page).headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("page", [page for page in PAGES if "handover" not in page])
def test_they_only_read(sign_in: SignIn, page: str) -> None:
    assert sign_in("bruno").post(page).status_code == 405


@pytest.mark.parametrize(
    ("permission", "page"),
    [
        ("view_decision", "/admin/manager/"),
        ("view_matchsuggestion", "/admin/handover/"),
        ("view_snapshot", "/admin/rooms/?q=203"),
    ],
)
def test_one_permission_opens_the_page_without_the_parts_of_others(
    client: Client, db: None, permission: str, page: str
) -> None:
    user = User.objects.create_user("nova", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(user)
    collect(timezone.localdate(), row(1, "203", timezone.localdate()))
    answer = client.get(page).content.decode()
    assert "Idade dos dados" not in answer
    assert "Execuções com problema" not in answer
    assert "OS abertas do quarto" not in answer
    assert "Alertas abertos" not in answer
    other = {"/admin/manager/", "/admin/handover/", "/admin/rooms/"} - {page.partition("?")[0]}
    assert {client.get(path).status_code for path in other} == {403}


def thousands() -> None:
    today = timezone.localdate()
    for day in (today - timedelta(days=1), today):
        collect(day, *(row(n, str(200 + n % 90), day) for n in range(1, 400)))
    crowd(1200, 80)


class TestThousandsOfSuggestions:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def past(cls, shared_world: SharedWorld) -> None:
        shared_world(thousands)

    @pytest.mark.parametrize(
        ("page", "most"),
        [("/admin/manager/?days=90", 23), ("/admin/handover/", 19), ("/admin/rooms/", 10), ("/admin/rooms/?q=203", 16)],
    )
    def test_take_no_more_questions_than_one(
        self, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries, page: str, most: int
    ) -> None:
        client = sign_in("bruno")
        with django_assert_max_num_queries(most):
            assert client.get(page).status_code == 200
