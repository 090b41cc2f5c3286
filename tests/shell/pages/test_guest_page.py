"""The page of one guest."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import Stay
from matching.models.choices import State, Verb
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, accept, collect, order, row, stay, suggest

ONE = timedelta(days=1)
MOST_QUERIES = 26


@pytest.fixture
def house(sign_in: SignIn, today: date) -> Stay:
    """1 moved from 309 to 412 and leaves today; 2 is the companion, 3 a minor of the same reservation."""
    family = {"reserva_id": 41602, "num_reserva": "R41602"}
    collect(
        today,
        row(1, "412", today, nome_listagem="FIGUEIREDO, THIAGO HENRIQUE", doc_final="07", saida=str(today), **family),
        row(2, "412", today, nome_listagem="Helena Prado", titular=False, saida=str(today), **family),
        row(3, "412", today, nome_listagem="Lia Prado", titular=False, menor=True, saida=str(today), **family),
        row(4, "501", today, nome_listagem="Outra Pessoa"),
    )
    spans = [
        {"uh": "309", "de": str(today - 2 * ONE), "ate": str(today - ONE)},
        {"uh": "412", "de": str(today - ONE), "ate": str(today)},
    ]
    guest = stay(1, "412", today, occupancies=spans)
    Stay.objects.filter(pk=1).update(reservation_id=41602, main_guest=True)
    stay(2, "412", today)
    stay(3, "412", today, hidden=True)
    Stay.objects.filter(pk__in=[2, 3]).update(reservation_id=41602)
    Stay.objects.filter(pk=2).update(listed_name="Helena Prado")
    Stay.objects.filter(pk=3).update(listed_name="")
    bruno = User.objects.get(username="bruno")
    accept(suggest(order(1, request="berço no 412"), guest), bruno)
    suggest(order(2, request="vazamento no chuveiro"), guest, probability=0.88)
    accept(suggest(order(3, request="barulho", status="concluida"), guest), bruno)
    accept(suggest(order(4, request="de outra pessoa"), guest, state=State.PENDING), bruno, Verb.REJECT)
    return guest


def _page(sign_in: SignIn, key: int = 1, person: str = "carla") -> str:
    return compact(sign_in(person).get(f"/admin/guests/{key}/").content.decode())


def test_everything_known_of_a_guest_stands_on_one_page(sign_in: SignIn, house: Stay) -> None:
    page = _page(sign_in)
    assert "<h1>Thiago Henrique Figueiredo</h1>" in page
    assert "***.***.***-07" in page
    assert "R41602" in page
    assert "UH 309, 1 noite" in page
    assert "UH 412, 1 noite" in page
    opened, _mark, rest = page.partition('id="g-closed"')
    closed, _mark, side = rest.partition('id="g-booking"')
    assert "berço no 412" in opened
    assert "vazamento no chuveiro" in opened
    assert "0,88" in opened
    assert "barulho" not in opened
    assert "barulho" in closed
    assert "de outra pessoa" not in page
    assert '<a href="/admin/guests/2/">Helena Prado</a>' in side
    assert '<a href="/admin/rooms/?q=412">' in side
    events = side.partition('id="g-events"')[2]
    assert "OS 48004" in events  # the rejection stays in the history
    assert "Sugerida" in events


def test_open_orders_are_rings_and_closed_ones_dots(sign_in: SignIn, house: Stay) -> None:
    drawing = _page(sign_in).partition('class="chart stay-g"')[2].partition("</svg>")[0]
    assert (drawing.count('class="os-d"'), drawing.count('class="os-x"')) == (2, 1)


def test_only_who_decides_is_offered_to_review(sign_in: SignIn, house: Stay) -> None:
    assert "Revisar</a></span>" not in _page(sign_in)
    assert "Revisar</a></span>" in _page(sign_in, person="ana")


def test_the_title_names_nobody(sign_in: SignIn, house: Stay) -> None:
    title = _page(sign_in).partition("<title>")[2].partition("</title>")[0]
    assert "Figueiredo" not in title
    assert "Hóspede" in title


@pytest.mark.parametrize("key", [3, 99, 10**17, 0])
def test_a_hidden_guest_looks_like_one_that_does_not_exist(sign_in: SignIn, house: Stay, key: int) -> None:
    assert sign_in("bruno").get(f"/admin/guests/{key}/").status_code == 404
    assert "Lia" not in _page(sign_in)


def test_whoever_may_see_hidden_guests_does(sign_in: SignIn, house: Stay) -> None:
    User.objects.get(username="bruno").user_permissions.add(Permission.objects.get(codename="view_hidden"))
    assert "<h1>Lia Prado</h1>" in _page(sign_in, 3, "bruno")


def test_a_guest_who_left_the_list_is_shown_from_our_copy(sign_in: SignIn, house: Stay, today: date) -> None:
    stay(7, "203", today - 3 * ONE)
    page = _page(sign_in, 7)
    assert "<h1>Hóspede 7</h1>" in page
    assert "fora da listagem" in page


def test_operation_sees_no_guest(sign_in: SignIn, house: Stay) -> None:
    assert sign_in("davi").get("/admin/guests/1/").status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_orders(sign_in: SignIn, house: Stay) -> None:
    client = sign_in("ana")
    with CaptureQueriesContext(connection) as few:
        client.get("/admin/guests/1/")
    for number in range(10, 40):
        suggest(order(number), house)
    with CaptureQueriesContext(connection) as many:
        client.get("/admin/guests/1/")
    assert len(many) <= len(few) <= MOST_QUERIES
