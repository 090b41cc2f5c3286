"""A new password by e-mail: the same answer for everybody, a link that works once, and no flood of messages."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

ASK, LOGIN = reverse("admin:forgotten"), reverse("admin:login")
NEW = "uma senha bem comprida"


@pytest.fixture
def ana(db: None, settings: Settings) -> User:
    settings.PASSWORD_BY_EMAIL, settings.PUBLIC_URL = True, "https://os.hotel.example"
    return User.objects.create_user("ana", "ana@hotel.example", "correct horse battery", is_staff=True)


def ask(address: str) -> str:
    client = Client()
    assert client.post(ASK, {"email": address})["Location"] == LOGIN
    return client.get(LOGIN).content.decode()


def test_the_link_of_the_message_sets_a_password_once(ana: User) -> None:
    assert "Se houver um usuário com este endereço" in ask("ana@hotel.example")
    found = re.search(r"https://os\.hotel\.example(/\S+)", str(mail.outbox[0].body))
    assert found is not None
    client = Client()
    form = client.get(found[1])["Location"]
    assert "Nova senha" in client.get(form).content.decode()
    assert client.post(form, {"new_password1": "12345", "new_password2": "12345"}).status_code == 200
    done = client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert client.get(done["Location"])["Location"] == LOGIN
    ana.refresh_from_db()
    assert ana.check_password(NEW)
    assert "Este link não vale mais" in Client().get(found[1]).content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_message(ana: User) -> None:
    assert "Se houver um usuário com este endereço" in ask("nobody@hotel.example")
    assert mail.outbox == []


def test_messages_are_limited(ana: User) -> None:
    for _ in range(8):
        ask("ana@hotel.example")
    assert len(mail.outbox) == 5


def test_it_is_offered_only_where_messages_can_be_sent(db: None, settings: Settings) -> None:
    settings.PASSWORD_BY_EMAIL = False
    assert Client().get(ASK).status_code == 404
    assert ASK not in Client().get(LOGIN).content.decode()
