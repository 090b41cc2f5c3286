"""Who is in the room now, who was yesterday."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User

from snapshots.models import HeadRow
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, accept, collect, order, row, stay, suggest

ONE = timedelta(days=1)


@pytest.fixture
def house(db: None, today: date) -> None:
    """203 changes hands: 1 left this morning, 2 came this morning; 3 moved from 203 to 415; 4 arrives tonight."""
    before = today - ONE
    collect(
        before,
        row(1, "203", before, nome_listagem="Ana Que Saiu", saida=today.isoformat()),
        row(3, "203", before, nome_listagem="Caio Mudou", titular=False),
        row(5, "118", before, menor=True, nome_listagem="Menino Silva", nome="Menino Silva"),
    )
    collect(
        today,
        row(1, "203", today, nome_listagem="Ana Que Saiu", status="saida", saida=today.isoformat()),
        row(2, "203", today, nome_listagem="BIA CHEGOU", nome_social="Beto Chegou", chegada=today.isoformat()),
        row(3, "415", today, nome_listagem="Caio Mudou", titular=False),
        row(4, "203", today, nome_listagem="Dora Vem", status="confirmada", chegada=today.isoformat()),
        row(5, "118", today, menor=True, nome_listagem="Menino Silva", nome="Menino Silva"),
        row(6, "203", today, nome_listagem="Eva Depois", status="confirmada", chegada=(today + 3 * ONE).isoformat()),
        row(7, "203", today, nome_listagem="Fabio Cancelou", status="cancelada", chegada=today.isoformat()),
        row(8, "412", today, nome_listagem="Gil", doc_final="25"),
    )


def _cards(page: str) -> tuple[str, str]:
    """Who is in the room or arrives, and who was there the day before."""
    past, _mark, now = page[page.index('id="r-past"') :].partition('id="r-now"')
    return now.partition('id="r-orders"')[0], past


@pytest.mark.parametrize("typed", ["203", "0203", " 203 ", "     203", "UH 203", "apto. 0203", "quarto nº 203"])
def test_a_room_is_found_however_it_is_written(sign_in: SignIn, house: None, typed: str) -> None:
    page = sign_in("carla").get("/admin/rooms/", {"q": typed}).content.decode()
    assert "<h1>UH 203</h1>" in compact(page)


def test_now_and_the_day_before_tell_who_came_left_and_moved(sign_in: SignIn, house: None) -> None:
    now, past = _cards(sign_in("carla").get("/admin/rooms/?q=203").content.decode())
    assert now.index("Beto Chegou") < now.index("Dora Vem")
    assert "Ana Que Saiu" in now  # left today
    assert "BIA CHEGOU" not in now  # the social name replaces the name
    assert "Caio" not in now
    assert "Fabio" not in now
    assert "A chegar:" in now
    assert "Eva Depois" in now
    assert "Ana Que Saiu" in past
    assert "Caio Mudou" in past
    assert 'foi para<a href="/admin/rooms/?q=415">415</a>' in compact(past)
    assert "Beto" not in past


def test_a_move_is_told_on_the_new_room_too(sign_in: SignIn, house: None) -> None:
    now, past = _cards(sign_in("carla").get("/admin/rooms/?q=415").content.decode())
    assert 'veio do<a href="/admin/rooms/?q=203">203</a>' in compact(now)
    assert "acompanhante" in now
    assert "Não havia ninguém" in past


def test_who_arrived_after_yesterdays_list_was_there_yesterday(sign_in: SignIn, db: None, today: date) -> None:
    before = today - ONE
    collect(before, row(1, "203", before, status="confirmada", uh=None, chegada=before.isoformat()))
    collect(today, row(1, "203", today, chegada=before.isoformat()))
    _now, past = _cards(sign_in("carla").get("/admin/rooms/?q=203").content.decode())
    assert "Hóspede 1" in past
    assert "chegou nesse dia" in past


def test_documents_are_masked_and_hidden_guests_have_no_name(sign_in: SignIn, house: None) -> None:
    assert "***.***.***-25" in sign_in("carla").get("/admin/rooms/?q=412").content.decode()
    page = sign_in("carla").get("/admin/rooms/?q=118").content.decode()
    assert "hóspede com nome oculto" in page
    assert "Menino" not in page
    assert "***" not in page


@pytest.mark.parametrize("typed", ["999", "20.", "2%3", "(", "[2", "\\", "'; drop --", "*", "²03", "%", "_03", "\x009"])
def test_anything_else_is_a_sentence_and_changes_nothing(sign_in: SignIn, house: None, typed: str) -> None:
    response = sign_in("carla").get("/admin/rooms/", {"q": typed})
    assert response.status_code == 200
    assert "Nenhum quarto" in response.content.decode()


def test_markup_is_shown_as_typed(sign_in: SignIn, house: None) -> None:
    page = sign_in("carla").get("/admin/rooms/", {"q": "<b>203</b>"}).content.decode()
    assert "Nenhum quarto “&lt;b&gt;203&lt;/b&gt;”" in page


@pytest.mark.parametrize("typed", ["529.982.247-25", "52998224725", "Thiago Figueredo"])
def test_a_document_or_a_name_stays_neither_on_the_page_nor_in_its_address(
    sign_in: SignIn, house: None, typed: str
) -> None:
    response = sign_in("carla").get("/admin/rooms/", {"q": typed}, follow=True)
    assert response.redirect_chain == [("/admin/rooms/?long=1", 302)]
    assert "Quarto não encontrado" in response.content.decode()
    assert typed not in response.content.decode()


def test_an_unknown_room_offers_those_that_look_like_it(sign_in: SignIn, house: None) -> None:
    assert "/admin/rooms/?q=203" in sign_in("carla").get("/admin/rooms/?q=302").content.decode()


def test_without_a_question_it_offers_the_occupied_rooms_by_floor(sign_in: SignIn, house: None) -> None:
    page = sign_in("carla").get("/admin/rooms/").content.decode()
    assert "Ocupados agora" in page
    assert page.index("1º andar") < page.index("2º andar") < page.index("4º andar")


def test_without_any_list_it_says_so(sign_in: SignIn) -> None:
    assert "Ainda não há listagem" in sign_in("carla").get("/admin/rooms/?q=203").content.decode()


def test_an_old_list_is_not_called_now(sign_in: SignIn, today: date) -> None:
    collect(today - ONE, row(1, "203", today - ONE))
    page = sign_in("carla").get("/admin/rooms/?q=203").content.decode()
    assert "Situação de" in page
    assert "Não há listagem anterior" in page


def test_a_held_list_is_not_believed(sign_in: SignIn, house: None, today: date) -> None:
    assert collect(today, row(1, "203", today, nome_listagem="Falsa"), announced=9).status == "held"
    page = sign_in("carla").get("/admin/rooms/?q=203").content.decode()
    assert "Falsa" not in page
    assert "Beto Chegou" in page


def test_a_list_that_was_tampered_with_is_not_shown(sign_in: SignIn, house: None) -> None:
    HeadRow.objects.filter(key="2").delete()
    page = sign_in("carla").get("/admin/rooms/?q=203").content.decode()
    assert "A listagem não pode ser mostrada" in page
    assert "Ana Que Saiu" not in page


def test_open_orders_come_by_link_by_what_was_typed_and_by_suggestion(
    sign_in: SignIn, house: None, today: date
) -> None:
    guest = stay(2, "203", today)
    accept(suggest(order(1, request="vinculada a ela"), guest), User.objects.get(username="bruno"))
    order(2, room_text="Apto 0203", request="escrita com o quarto")
    suggest(order(3, request="sugerida a ela"), guest)
    order(4, room_text="203", status="concluida", request="já feita")
    order(5, room_text="1203", request="de outro quarto")
    weak = order(6, request="de outro, ela era a segunda")
    suggest(weak, stay(9, "501", today), rank=1)
    suggest(weak, guest, probability=0.1, rank=2)
    page = sign_in("carla").get("/admin/rooms/?q=203").content.decode()
    assert [text in page for text in ("vinculada a ela", "escrita com o quarto", "sugerida a ela")] == [True] * 3
    assert [text in page for text in ("já feita", "de outro quarto", "ela era a segunda")] == [False] * 3
