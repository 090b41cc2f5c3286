"""Guessing passwords is stopped and recorded; an unused screen signs out and leads back."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from pipeline.data_subjects.trigger_switch import data_protection
from pipeline.models import SignIn

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana", password=PASSWORD, is_staff=True)


def sign_in(client: Client, password: str, name: str = "ana", address: str = "10.0.0.7") -> str:
    answer = client.post(reverse("admin:login"), {"username": name, "password": password}, REMOTE_ADDR=address)
    return answer.content.decode() if answer.status_code == 200 else "in"


def results() -> dict[str, int]:
    counted = dict.fromkeys(("in", "out", "failed", "locked"), 0)
    for result in SignIn.objects.values_list("result", flat=True):
        counted[result] += 1
    return counted


@pytest.mark.parametrize("tries", [100, pytest.param(1000, marks=[pytest.mark.drill, pytest.mark.slow_drill])])
def test_wrong_passwords_are_stopped_at_the_limit_and_recorded(ana: User, client: Client, tries: int) -> None:
    for number in range(tries):
        page = sign_in(client, f"guess {number}")
    assert results() == {"in": 0, "out": 0, "failed": 5, "locked": tries - 5}
    for answer in (page, sign_in(client, PASSWORD)):
        assert re.search(r"Tente de novo em 1[0-5] minutos", answer)
    assert set(SignIn.objects.values_list("user__username", "address")) == {("ana", "10.0.0.7")}


def test_the_lock_ends_and_does_not_reach_another_address(ana: User, client: Client) -> None:
    for _ in range(6):
        sign_in(client, "wrong")
    assert sign_in(Client(), PASSWORD, address="10.0.0.8") == "in"
    with data_protection():
        SignIn.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert sign_in(client, PASSWORD) == "in"


def test_a_success_begins_a_new_count(ana: User) -> None:
    for _ in range(3):
        for _ in range(4):
            sign_in(Client(), "wrong")
        assert sign_in(Client(), PASSWORD) == "in"
    assert results()["locked"] == 0


def test_many_accounts_from_one_address_are_stopped_as_well(ana: User, client: Client) -> None:
    for number in range(110):
        sign_in(client, "wrong", name=f"user{number}")
    assert results()["failed"] == 100
    assert results()["locked"] == 10


def test_a_name_that_nobody_has_is_not_kept(ana: User, client: Client) -> None:
    sign_in(client, "wrong", name="my secret password")
    entry = SignIn.objects.get()
    assert entry.user is None
    assert "secret" not in entry.account


def test_signing_in_and_out_is_recorded(ana: User, client: Client) -> None:
    sign_in(client, PASSWORD)
    client.post(reverse("admin:logout"))
    assert list(SignIn.objects.order_by("pk").values_list("result", flat=True)) == ["in", "out"]


def test_an_unused_screen_signs_out_and_leads_back_to_its_page(ana: User, client: Client, settings: Settings) -> None:
    settings.IDLE_MINUTES = 10
    client.force_login(ana)
    page = reverse("admin:password_change")
    assert client.get(page).status_code == 200
    session = client.session
    session["seen_at"] -= 601
    session.save()
    answer = client.get(page)
    assert answer["Location"] == f"{reverse('admin:login')}?next={page}"
    assert "_auth_user_id" not in client.session
    assert results()["out"] == 1


def test_activity_keeps_the_session(ana: User, client: Client, settings: Settings) -> None:
    settings.IDLE_MINUTES = 10
    client.force_login(ana)
    for _ in range(3):
        assert client.get(reverse("admin:password_change")).status_code == 200
        session = client.session
        session["seen_at"] -= 400
        session.save()
    assert 'data-minutes="10"' in client.get(reverse("admin:password_change")).content.decode()


def test_passwords_are_hashed_with_argon2() -> None:
    from sistema_os import settings as product

    assert product.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
