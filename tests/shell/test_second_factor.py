"""The second factor: required, asked for, spent once, throttled, and replaced when the phone is lost."""

import re
import time
from binascii import unhexlify
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from pipeline.data_subjects.trigger_switch import data_protection
from pipeline.models import SignIn
from sistema_os import roles
from sistema_os.access import second_factor

KEY = "3132333435363738393031323334353637383930"
CODE, SETUP, OWN = (reverse(f"admin:{name}") for name in ("sign_in_code", "sign_in_setup", "second_factor"))
INDEX = reverse("admin:index")


@pytest.fixture
def bruno(db: None, settings: Settings) -> User:
    """Of Supervisão, where a second factor is required."""
    settings.SECOND_FACTOR = "supervisors"
    roles.setup_groups()
    roles.setup_demo_users()
    return User.objects.get(username="bruno")


@pytest.fixture
def app(bruno: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=bruno, key=KEY, name="app")


def code(*, steps: int = 0) -> str:
    clock = TOTP(unhexlify(KEY))
    clock.time = time.time() + 30 * steps
    return f"{clock.token():06d}"


def give_password(name: str = "bruno", following: str = "", address: str = "10.0.0.7") -> tuple[Client, str]:
    client = Client(REMOTE_ADDR=address)
    typed = {"username": name, "password": roles.DEMO_PASSWORD, **({"next": following} if following else {})}
    return client, client.post(reverse("admin:login"), typed)["Location"]


def is_in(client: Client) -> bool:
    return client.get(INDEX).status_code == 200


def results() -> list[str]:
    return list(SignIn.objects.order_by("pk").values_list("result", flat=True))


def test_the_password_alone_opens_nothing(app: TOTPDevice) -> None:
    client, to = give_password(following=reverse("admin:audit"))
    assert to == CODE
    assert not is_in(client)
    assert "_auth_user_id" not in client.session
    assert client.post(CODE, {"code": code()})["Location"] == reverse("admin:audit")
    assert is_in(client)
    assert results() == ["password", "in"]


def test_a_code_works_once(app: TOTPDevice) -> None:
    used = code()
    client, _to = give_password()
    client.post(CODE, {"code": f"{used[:3]} {used[3:]}"})
    again, _to = give_password()
    page = again.post(CODE, {"code": used})
    assert page.status_code == 200
    assert "Este código não foi aceito" in page.content.decode()
    assert not is_in(again)
    assert again.post(CODE, {"code": code(steps=1)}).status_code == 302


def test_wrong_codes_are_stopped_at_the_limit_from_any_address(app: TOTPDevice) -> None:
    client, _to = give_password()
    for number in range(7):
        page = client.post(CODE, {"code": f"{number:06d}"}).content.decode()
    assert re.search(r"Tente de novo em 1[45] minutos", page)
    other, _to = give_password(address="10.0.0.8")
    assert other.post(CODE, {"code": code()}).status_code == 200
    assert results().count("code") == 5
    assert results().count("locked") == 3
    with data_protection():
        SignIn.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert other.post(CODE, {"code": code()}).status_code == 302


@pytest.mark.parametrize("typed", ["", "abc", "12345", "٣٣٣٣٣٣", "²²²²²²", "9" * 4000])
def test_no_odd_code_is_accepted_or_breaks_the_page(app: TOTPDevice, typed: str) -> None:
    client, _to = give_password()
    assert client.post(CODE, {"code": typed}).status_code == 200
    assert client.post(CODE, {"spare": typed}).status_code == 200
    assert not is_in(client)


def test_a_required_factor_is_set_up_before_the_first_page(bruno: User) -> None:
    client, to = give_password(following=reverse("admin:audit"))
    assert to == SETUP
    page = client.get(SETUP).content.decode()
    assert "<svg" in page
    assert not is_in(client)
    key = client.session["second_factor_new_key"]
    assert client.post(SETUP, {"code": "000000"}).status_code == 200
    clock = TOTP(unhexlify(key))
    clock.time = time.time()
    assert client.post(SETUP, {"code": f"{clock.token():06d}"})["Location"] == OWN
    page = client.get(OWN).content.decode()
    codes = re.findall(r"<code>([A-Z2-9]{4}-[A-Z2-9]{4})</code>", page)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert f'href="{reverse("admin:audit")}"' in page
    assert codes[0] not in client.get(OWN).content.decode()
    assert not StaticToken.objects.filter(token__in=codes).exists()
    lost, _to = give_password()
    assert lost.post(CODE, {"spare": codes[3].lower()}).status_code == 302
    assert "código reserva; restam 9" in lost.get(INDEX).content.decode()
    again, _to = give_password()
    assert again.post(CODE, {"spare": codes[3]}).status_code == 200


def test_a_session_from_before_the_requirement_signs_in_again(bruno: User, client: Client) -> None:
    client.force_login(bruno)
    answer = client.get(INDEX)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))
    assert client.get(reverse("admin:login")).status_code == 200


def test_whoever_supervises_nothing_signs_in_with_the_password(bruno: User) -> None:
    client, to = give_password("ana")
    assert to == INDEX
    assert is_in(client)


def test_administrators_are_asked_like_supervisors(bruno: User) -> None:
    assert give_password("admin")[1] == SETUP


def test_a_voluntary_factor_is_asked_for_too(bruno: User, settings: Settings) -> None:
    settings.SECOND_FACTOR = "off"
    TOTPDevice.objects.create(user=User.objects.get(username="ana"), key=KEY, name="app")
    client, to = give_password("ana")
    assert to == CODE
    assert client.post(CODE, {"code": code()}).status_code == 302
    page = client.post(OWN, {"step": "remove", "code": "000000"})
    assert "Este código não foi aceito" in page.content.decode()
    assert client.post(OWN, {"step": "remove", "code": code(steps=1)})["Location"] == OWN
    assert give_password("ana")[1] == INDEX


def test_a_required_factor_cannot_be_removed_or_replaced_without_it(app: TOTPDevice) -> None:
    client, _to = give_password()
    client.post(CODE, {"code": code()})
    client.post(OWN, {"step": "remove", "code": code(steps=1)})
    assert TOTPDevice.objects.filter(user=app.user).exists()


def test_a_reset_takes_the_second_factor_from_open_sessions(app: TOTPDevice) -> None:
    client, _to = give_password()
    client.post(CODE, {"code": code()})
    assert is_in(client)
    second_factor.reset(app.user)
    assert not is_in(client)
    assert give_password()[1] == SETUP


def test_the_step_between_expires_and_follows_the_password(app: TOTPDevice) -> None:
    client, _to = give_password()
    session = client.session
    session["sign_in_expected"] |= {"at": time.time() - 601}
    session.save()
    assert client.get(CODE)["Location"] == reverse("admin:login")
    client, _to = give_password()
    app.user.set_password("another one 77")
    app.user.save()
    assert client.post(CODE, {"code": code()})["Location"] == reverse("admin:login")
    assert Client().get(SETUP)["Location"] == reverse("admin:login")


def test_no_address_of_others_is_followed(app: TOTPDevice) -> None:
    client, _to = give_password(following="https://evil.example/admin/")
    assert client.post(CODE, {"code": code()})["Location"] == INDEX
