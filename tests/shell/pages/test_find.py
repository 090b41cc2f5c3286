"""The search box of every page."""

from datetime import date, timedelta

import pytest

from matching.models import Stay
from matching.stay_search.terms import stay_terms
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, order, stay, suggest


@pytest.fixture
def house(db: None, today: date) -> None:
    for key, room, name in ((1, "203", "FIGUEIREDO, THIAGO"), (2, "412", "Ana Figueiredo"), (3, "415", "Bia Lima")):
        terms = stay_terms(names=[name], rooms=[room], booking=f"R{key}00")
        stay(key, room, today, terms=terms, reservation=f"R{key}00")
        Stay.objects.filter(pk=key).update(listed_name=name)
    stay(4, "501", today, hidden=True)


def _find(sign_in: SignIn, text: str, person: str = "carla") -> tuple[str, str]:
    """Where the search leads, and the page there."""
    response = sign_in(person).post("/admin/find/", {"q": text}, follow=True)
    assert response.status_code == 200
    return response.redirect_chain[-1][0], compact(response.content.decode())


def test_a_guest_is_found_without_any_suggestion(sign_in: SignIn, house: None) -> None:
    where, page = _find(sign_in, "figueiredo")
    assert '<a href="/admin/guests/1/">Thiago Figueiredo</a>' in page
    assert '<a href="/admin/guests/2/">Ana Figueiredo</a>' in page
    assert "Bia" not in page
    assert where == "/admin/find/"


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("Bia Lima", "/admin/guests/3/"),
        ("R300", "/admin/guests/3/"),
        ("203", "/admin/rooms/?q=203"),
        ("UH 0412", "/admin/rooms/?q=UH+0412"),
    ],
)
def test_an_exact_hit_is_opened(sign_in: SignIn, house: None, typed: str, where: str) -> None:
    assert _find(sign_in, typed)[0] == where


def test_an_order_opens_its_card_or_stands_in_the_results(sign_in: SignIn, house: None, today: date) -> None:
    card = suggest(order(1, search="48001"), Stay.objects.get(pk=1))
    order(2, request="lâmpada do corredor")
    assert _find(sign_in, "OS 48001")[0] == f"/admin/matching/matchsuggestion/{card.pk}/change/"
    assert "lâmpada do corredor" not in _find(sign_in, "48003")[1]


def test_an_order_without_a_suggestion_is_found(sign_in: SignIn, house: None) -> None:
    order(2, request="lâmpada do corredor", search="48002 lampada do corredor")
    for typed in ("48002", "os 48002", "lâmpada corredor"):
        assert "lâmpada do corredor" in _find(sign_in, typed)[1], typed


@pytest.mark.parametrize("typed", ["Ninguém Assim", "'; drop--", "%_\\", "<b>x</b>", "\x00"])
def test_what_is_unknown_ends_on_a_page_that_helps(sign_in: SignIn, house: None, typed: str) -> None:
    _where, page = _find(sign_in, typed)
    assert "<b>x</b>" not in page
    assert "Nenhum resultado" in page or not typed.strip("\x00")


@pytest.mark.parametrize("typed", ["529.982.247-25", "52998224725", "(48) 99912-3456"])
def test_a_document_or_phone_is_neither_searched_nor_kept(sign_in: SignIn, house: None, typed: str) -> None:
    client = sign_in("carla")
    response = client.post("/admin/find/", {"q": typed}, follow=True)
    assert typed not in response.content.decode()
    assert "find" not in client.session


def test_a_name_stands_in_no_address_and_no_title(sign_in: SignIn, house: None) -> None:
    client = sign_in("carla")
    for method in (client.get, client.post):
        response = method("/admin/find/", {"q": "Figueiredo"}, follow=True)
        assert [url for url, _status in response.redirect_chain] == ["/admin/find/"]
        page = response.content.decode()
        assert "Figueiredo" not in page.partition("<title>")[2].partition("</title>")[0]
        assert "Ana Figueiredo" in page


def test_a_hidden_guest_is_not_found(sign_in: SignIn, house: None) -> None:
    assert "/admin/guests/4/" not in _find(sign_in, "501 oculto", "bruno")[1]
    assert "/admin/guests/4/" not in _find(sign_in, "oculto", "bruno")[1]


def test_stays_long_over_are_not_found(sign_in: SignIn, house: None, today: date) -> None:
    stay(9, "118", today - timedelta(days=31), search="118 velha conhecida")
    assert "Nenhum resultado" in _find(sign_in, "velha")[1]


def test_operation_may_not_search(sign_in: SignIn, house: None) -> None:
    assert sign_in("davi").post("/admin/find/", {"q": "Bia"}).status_code == 403
