"""Sign-in with the hotel account, against a provider on loopback that signs for real."""

import time
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from joserfc.jwk import RSAKey
from pytest_django.fixtures import Settings

from pipeline.models import SignIn
from sistema_os import roles
from sistema_os.access import single_sign_on
from tests.shell import oidc_provider
from tests.shell.oidc_provider import CLIENT, Provider

START, BACK, LOGIN = (reverse(f"admin:{name}") for name in ("hotel_account", "hotel_account_back", "login"))
INDEX = reverse("admin:index")
VERA = {
    "sub": "8c1f",
    "preferred_username": "Vera.Nunes",
    "given_name": "Vera",
    "family_name": "Nunes",
    "email": "vera@hotel.example",
    "email_verified": True,
    "groups": ["/recepcao", "/all"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        yield provider


@pytest.fixture
def provider(server: Provider, db: None, settings: Settings) -> Provider:
    server.claims, server.extra, server.key, server.down = dict(VERA), {}, server.published, False
    single_sign_on._client.cache_clear()
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, CLIENT, "secret"
    settings.OIDC_ROLES = {"/recepcao": "Revisão", "/chefia": "Supervisão"}
    roles.setup_groups()
    return server


def sign_in(provider: Provider, client: Client | None = None, following: str = "") -> tuple[Client, str]:
    """(the client, the address to which it is sent at the end)."""
    client = client or Client()
    asked = client.get(START, {"next": following} if following else {})["Location"]
    assert asked.startswith(f"{provider.issuer}/authorize?")
    return client, client.get(f"{BACK}?{provider.authorize(asked)}")["Location"]


def message(client: Client) -> str:
    return client.get(LOGIN).content.decode()


def groups_of(name: str) -> set[str]:
    return set(User.objects.get(username=name).groups.values_list("name", flat=True))


def test_a_first_sign_in_makes_the_user_with_the_role_of_the_group(provider: Provider) -> None:
    assert "Entrar com a conta do hotel" in message(Client())
    client, to = sign_in(provider, following=reverse("admin:audit"))
    assert to == reverse("admin:audit")
    assert client.get(to).status_code == 200
    vera = User.objects.get(username="vera.nunes")
    assert (vera.first_name, vera.is_staff, vera.is_superuser, vera.has_usable_password()) == (
        "Vera",
        True,
        False,
        False,
    )
    assert groups_of("vera.nunes") == {"Revisão"}
    assert list(SignIn.objects.values_list("result", "user__username")) == [("in", "vera.nunes")]


def test_the_subject_is_the_account_and_groups_follow_at_every_sign_in(provider: Provider) -> None:
    sign_in(provider)
    vera = User.objects.get()
    vera.groups.add(Group.objects.create(name="Manutenção"))
    provider.claims |= {"preferred_username": "vera.married", "groups": ["/chefia"]}
    sign_in(provider)
    assert User.objects.count() == 1
    assert groups_of("vera.nunes") == {"Supervisão", "Manutenção"}
    provider.claims["groups"] = []
    client, to = sign_in(provider)
    assert to == LOGIN
    assert "não tem um papel aqui" in message(client)
    assert groups_of("vera.nunes") == {"Manutenção"}
    assert SignIn.objects.order_by("-pk")[0].result == "refused"


@pytest.mark.parametrize(
    ("claim", "value", "rule", "role"),
    [
        ("groups", ["/all"], {}, set()),
        ("groups", ["/all"], {"*": "Consulta"}, {"Consulta"}),
        ("hd", "hotel.example", {"hotel.example": "Consulta"}, {"Consulta"}),
        ("email", "vera@hotel.example", {"vera@hotel.example": "Supervisão"}, {"Supervisão"}),
        ("groups", ["x"], {"x": "root"}, set()),
        ("groups", {"/recepcao": 1}, {}, set()),
    ],
)
def test_one_claim_decides_the_roles(
    settings: Settings, claim: str, value: object, rule: dict[str, str], role: set[str]
) -> None:
    settings.OIDC_CLAIM, settings.OIDC_ROLES = claim, {"/recepcao": "Revisão", **rule}
    assert single_sign_on.roles_of({claim: value, "email_verified": True}) == role
    if claim == "email":
        assert single_sign_on.roles_of({claim: value}) == set()


@pytest.mark.parametrize(
    "extra",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-app"},
        {"aud": ["another-app"], "azp": CLIENT},
        {"nonce": "of another sign-in"},
        {"exp": int(time.time()) - 3600},
        {"sub": ""},
    ],
)
def test_tokens_for_others_or_of_others_are_refused(provider: Provider, extra: dict[str, object]) -> None:
    provider.extra = extra
    client, to = sign_in(provider)
    assert to == LOGIN
    assert "A conta do hotel não respondeu" in message(client)
    assert not User.objects.exists()


def test_a_token_with_another_signature_is_refused(provider: Provider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert sign_in(provider)[1] == LOGIN
    assert not User.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(provider: Provider) -> None:
    asked = Client().get(START)["Location"]
    victim = Client()
    assert victim.get(f"{BACK}?{provider.authorize(asked)}")["Location"] == LOGIN
    assert victim.get(f"{BACK}?error=access_denied&state=x")["Location"] == LOGIN
    assert not User.objects.exists()


def test_a_provider_that_does_not_answer_leads_back_to_the_form(provider: Provider) -> None:
    provider.down = True
    client = Client()
    assert client.get(START)["Location"] == LOGIN
    assert "Entre com usuário e senha" in message(client)


def test_no_user_of_ours_is_taken_by_name_or_by_address(provider: Provider, settings: Settings) -> None:
    User.objects.create_user("vera.nunes", email="vera@hotel.example")
    client, to = sign_in(provider)
    assert to == LOGIN
    assert "Já existe um usuário" in message(client)
    settings.OIDC_LINK_BY_EMAIL = True
    provider.claims["email_verified"] = False
    assert sign_in(provider)[1] == LOGIN
    provider.claims["email_verified"] = True
    assert sign_in(provider)[1] == INDEX
    assert User.objects.count() == 1


def test_an_administrator_is_never_linked(provider: Provider, settings: Settings) -> None:
    settings.OIDC_LINK_BY_EMAIL = True
    User.objects.create_superuser("root", email="vera@hotel.example")
    sign_in(provider)
    assert User.objects.get(username="root").hotel_accounts.count() == 0


def test_a_deactivated_user_stays_out(provider: Provider) -> None:
    sign_in(provider)
    User.objects.update(is_active=False)
    client, to = sign_in(provider)
    assert to == LOGIN
    assert "foi desativado" in message(client)


def test_ours_is_requested_unless_the_hotel_account_has_a_second_factor(provider: Provider, settings: Settings) -> None:
    settings.SECOND_FACTOR = "supervisors"
    provider.claims["groups"] = ["/chefia"]
    assert sign_in(provider)[1] == reverse("admin:sign_in_setup")
    settings.OIDC_SECOND_FACTOR = True
    client, to = sign_in(provider)
    assert to == INDEX
    assert client.get(INDEX).status_code == 200


def test_no_address_of_others_is_followed(provider: Provider) -> None:
    assert sign_in(provider, following="https://evil.example/")[1] == INDEX


def test_it_is_off_by_default(db: None) -> None:
    assert Client().get(START).status_code == 404
    assert "conta do hotel" not in message(Client())
