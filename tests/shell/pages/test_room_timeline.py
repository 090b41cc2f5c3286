"""The room's timeline, and its orders with those of guests who arrive and those that are closed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from matching.models import Stay
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, collect, order, row, stay, suggest

ONE = timedelta(days=1)
MOST_QUERIES = 34


@pytest.fixture
def house(db: None, today: date) -> None:
    """412: 1 left four days ago, 2 and 3 (one reservation) leave today, 4 arrives today, 5 comes in three days."""
    before = today - ONE
    couple = {"reserva_id": 20, "num_reserva": "R20", "chegada": str(today - 2 * ONE), "saida": str(today)}
    present = [
        row(2, "412", before, nome_listagem="FIGUEIREDO, THIAGO", **couple),
        row(3, "412", before, nome_listagem="Helena Prado", titular=False, **couple),
    ]
    collect(before, *present)
    collect(
        today,
        *present,
        row(4, "412", today, nome_listagem="Camila Xavier", status="confirmada", chegada=str(today)),
        row(5, "412", today, nome_listagem="Eva Depois", status="confirmada", chegada=str(today + 3 * ONE)),
        row(6, "412", today, nome_listagem="Fabio Cancelou", status="cancelada", chegada=str(today)),
        row(9, "501", today),
    )
    gone = stay(1, "412", today - 4 * ONE, reservation="R10")
    Stay.objects.filter(pk=gone.pk).update(status="saida", listed_name="Tiago Antes")


def _page(sign_in: SignIn, query: str = "") -> str:
    return compact(sign_in("ana").get(f"/admin/rooms/?q=412{query}").content.decode())


def _drawing(page: str) -> str:
    return page.partition('class="chart stay-g"')[2].partition("</svg>")[0]


def test_the_line_has_who_was_is_and_comes(sign_in: SignIn, house: None) -> None:
    drawing = _drawing(_page(sign_in))
    assert "Tiago Antes" in drawing
    assert "Thiago Figueiredo e mais 1" in drawing
    assert "Camila Xavier" in drawing
    assert "Fabio" not in drawing
    assert drawing.count('class="s-a"') == 1
    assert drawing.count('class="s-b"') == 1
    assert drawing.count('class="s-c"') == 2
    assert "vaga" in drawing
    assert drawing.count('class="now-l"') == 1


def test_departure_and_arrival_are_named_at_the_top(sign_in: SignIn, house: None) -> None:
    page = _page(sign_in)
    assert "saída e chegada hoje" in page
    arriving = page.partition('id="r-arriving"')[2].partition('id="r-orders"')[0]
    assert "Camila Xavier" in arriving
    assert "Fabio" not in arriving


def test_orders_of_guests_who_arrive_today_are_shown(sign_in: SignIn, house: None, today: date) -> None:
    suggest(order(1, request="pétalas e espumante"), stay(4, "412", today + 3 * ONE))
    suggest(order(2, request="só daqui a três dias"), stay(5, "412", today + 6 * ONE))
    page = _page(sign_in).partition('id="r-orders"')[2]
    assert "pétalas e espumante" in page
    assert "só daqui a três dias" not in page


def test_closed_orders_are_counted_shown_and_drawn(sign_in: SignIn, house: None) -> None:
    order(1, room_text="412", request="aberta no quarto")
    order(2, room_text="Apto 0412", request="feita no quarto", status="concluida")
    opened = _page(sign_in)
    assert "Abertas 1" in opened
    assert "Fechadas 1" in opened
    assert "Todas 2" in opened
    assert "feita no quarto" not in opened
    drawing = _drawing(opened)
    assert (drawing.count('class="os-d"'), drawing.count('class="os-x"')) == (1, 1)
    closed = _page(sign_in, "&os=closed")
    assert "feita no quarto" in closed
    assert "aberta no quarto" not in closed
    everything = _page(sign_in, "&os=all")
    assert "feita no quarto" in everything
    assert "aberta no quarto" in everything


def test_a_guest_who_moved_in_is_drawn_from_the_day_of_the_move(sign_in: SignIn, today: date) -> None:
    collect(today, row(1, "415", today))
    spans = [
        {"uh": "412", "de": str(today - 2 * ONE), "ate": str(today)},
        {"uh": "415", "de": str(today), "ate": str(today + ONE)},
    ]
    stay(1, "415", today + 2 * ONE, occupancies=spans)
    collect(today, row(1, "415", today), row(2, "412", today, chegada=str(today)))
    drawing = _drawing(_page(sign_in))
    assert drawing.count('class="s-b"') == 1
    assert "Hóspede 1" in drawing


def test_the_number_of_queries_does_not_grow_with_orders_and_guests(sign_in: SignIn, house: None, today: date) -> None:
    client = sign_in("ana")
    path = "/admin/rooms/?q=412&os=all"
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(20, 50):
        suggest(order(number, room_text="412"), stay(number, "412", today - 3 * ONE))
    client.get(path)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) <= len(few) + 4
    assert len(many) <= MOST_QUERIES
