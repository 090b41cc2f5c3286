"""The card and the queue."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.core import Reason
from matching.models import Decision, MatchSuggestion
from matching.review import service
from tests.markup import compact
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import LIST, QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestTheCard:
    def test_explains_itself(self, card: Card, ana: User) -> None:
        html = page(ana, url_of(card.best))
        assert "T<mark>h</mark>iago" in html
        assert ">≠</b>não confere" in html
        assert "O que mais pesa é o nome: “Thiago Figueredo” soa como Tiago Figueiredo Neto." in html
        assert "O quarto também confere: a OS cita o 412, e o hóspede está no 412 desde" in html
        assert "Atenção: o telefone — a OS informa (85) •••••-••41, e o do hóspede é (85) •••••-••07." in html
        assert "diferença para o 2º: 0,76" in html
        assert "***.***.***-25" in html
        assert "52998224725" not in html
        assert "−7,3" in html

    def test_says_where_the_guest_was_and_since_when(self, hotel: Hotel, ana: User) -> None:
        room = Reason("room", "same", "412", "412", 9.4)
        order = hotel.order("chuveiro 412", uh_texto="412")
        hotel.suggest(Candidate(order, hotel.stay("Rosa Lima"), 0.9, reasons=(room,)))
        html = page(ana, url_of(MatchSuggestion.objects.get()))
        assert "O que mais pesa é o quarto: a OS cita o 412, e o hóspede está no 412 desde" in html

    def test_shows_priority_and_deadline(self, hotel: Hotel, ana: User) -> None:
        now = timezone.now()
        rows = {"urgente": now - timedelta(hours=2), "alta": now + timedelta(hours=2), "normal": None}
        for priority, due in rows.items():
            order = hotel.order(f"chuveiro {priority}", uh_texto="412", prioridade=priority, prazo=due)
            hotel.suggest(Candidate(order, hotel.stay(f"Rosa {priority}"), 0.9))
        urgent, high, normal = (
            compact(page(ana, url_of(MatchSuggestion.objects.get(order__priority=priority)))) for priority in rows
        )
        assert ">urgente<" in urgent
        assert "prazo vencido: " in urgent
        assert ">prioridade alta<" in high
        assert "prazo até " in high
        assert "prazo" not in normal
        assert "prioridade" not in normal

    def test_decisions_nearby_stand_there_once_there_are_some(self, card: Card, ana: User) -> None:
        assert "<h2>Decisões relacionadas</h2>" not in page(ana, url_of(card.best))
        service.decide(ana, card.best.pk, "reject", None)
        assert "<h2>Decisões relacionadas</h2>" in page(ana, url_of(card.best))

    def test_its_drawings_use_points_whatever_the_language(self, card: Card, ana: User) -> None:
        html = page(ana, url_of(card.best))
        assert 'x="' in html
        for piece in html.split('x="')[1:]:
            assert "," not in piece.partition('"')[0]

    def test_has_no_inline_script_or_style(self, card: Card, ana: User) -> None:
        for url in (LIST, url_of(card.best), QUEUE, "/admin/"):
            html = page(ana, url)
            assert "<style" not in html
            assert " style=" not in html
            assert "<script>" not in html

    def test_every_decision_is_a_post_of_the_page(self, card: Card, ana: User) -> None:
        client, url = signed_in(ana), url_of(card.best)
        html = compact(page(ana, url))
        assert f'name="no_guest" value="{card.order}:1::"' in html

        response = client.post(url, {"reject": seen(card.best), "reason": "namesake"}, follow=True)

        assert 'chip-bad">rejeitada' in response.content.decode()
        assert Decision.objects.get().reason == "namesake"
        client.post(url, {"undo": card.best.decision_id})
        client.post(url, {"no_guest": f"{card.order}:1"})
        assert card.states()[None] == "accepted"

    def test_an_alternative_can_be_chosen(self, card: Card, ana: User) -> None:
        signed_in(ana).post(url_of(card.best), {"accept": seen(card.suggestion(card.father))})
        assert card.hotel.link_of(card.order)["listagem_id"] == card.father

    def test_a_late_conflict_stands_on_it(self, card: Card, ana: User) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="era no 421")
        html = signed_in(ana).post(url_of(card.best), {"accept": seen(card.best)}, follow=True).content.decode()
        assert "Esta ficha voltou" in html
        assert "era no 421" in html

    def test_a_pair_that_came_back_says_what_changed(self, card: Card, ana: User) -> None:
        service.decide(ana, card.best.pk, "reject", None)
        card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
        card.hotel.suggest(*card.candidates())
        assert "mudou: nome na listagem" in page(ana, url_of(card.best))

    def test_without_explanation_it_still_opens(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("preventiva")
        hotel.suggest(Candidate(order, None, 0.99, reasons=()))
        assert "Sem hóspede" in page(ana, url_of(MatchSuggestion.objects.get()))

    @pytest.mark.parametrize("key", ["x", str(uuid.UUID(int=7, version=4)), "1", "%00"])
    def test_a_forged_address_is_not_found(self, card: Card, ana: User, key: str) -> None:
        assert signed_in(ana).get(f"{LIST}{key}/change/").status_code == 404

    def test_what_staff_typed_is_text_and_never_markup(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("<script>alert(1)</script> {{ 7|add:1 }}")
        hotel.suggest(Candidate(order, hotel.stay("<b>Rosa</b>"), 0.7))
        for url in (LIST, QUEUE):
            html = page(ana, url)
            assert "<script>alert" not in html
            assert "<b>Rosa" not in html


class TestTheQueue:
    def test_decides_and_shows_the_next(self, card: Card, hotel: Hotel, ana: User) -> None:
        other = hotel.order("toalha extra 203")
        hotel.suggest(Candidate(other, hotel.stay("Rosa Lima", "203"), 0.7))
        client = signed_in(ana)
        first = client.get(QUEUE).content.decode()
        assert "Saem hoje<b>1</b>" in compact(first)
        assert "faltam 2" in compact(first)
        assert f"OS {card.best.order.number}" in first  # leaves today

        second = client.post(QUEUE, {"accept": seen(card.best)}, follow=True).content.decode()

        assert "Rosa Lima" in second
        assert "messagelist" not in second  # the toast says it, and the card stays where it was
        assert f"OS {card.best.order.number} → Tiago Figueiredo Neto" in compact(second)
        assert "1 decidida hoje</strong>, falta 1" in compact(second)
        assert 'name="undo"' in second

    def test_says_when_the_hotel_has_yet_to_confirm(self, card: Card, ana: User, away: Callable[[], None]) -> None:
        card.hotel.suggest(Candidate(card.hotel.order("toalha"), card.hotel.stay("Rosa Lima", "203"), 0.7))
        away()
        html = signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, follow=True).content.decode()
        assert 'chip-wait">a confirmar' in html

    def test_skipping_goes_round(self, card: Card, hotel: Hotel, ana: User) -> None:
        hotel.suggest(Candidate(hotel.order("toalha"), hotel.stay("Rosa Lima", "203"), 0.7))
        assert "Rosa Lima</h1>" in compact(page(ana, f"{QUEUE}?band=doubt&at=1"))
        assert f"{QUEUE}?band=doubt&amp;at=0" in page(ana, f"{QUEUE}?band=doubt&at=1")

    @pytest.mark.parametrize("query", ["?at=999999999999999999999", "?at=-1", "?at=x", "?band=x", "?at=88888888"])
    def test_a_forged_place_shows_a_card_all_the_same(self, card: Card, ana: User, query: str) -> None:
        assert "Tiago Figueiredo Neto" in page(ana, QUEUE + query)

    def test_when_it_is_empty_it_says_what_was_done(self, card: Card, ana: User) -> None:
        html = signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, follow=True).content.decode()
        assert "Nada pendente nesta faixa; 1 decidida hoje" in html
        assert 'name="undo"' in html

    def test_a_conflict_keeps_the_place(self, card: Card, ana: User) -> None:
        old = seen(card.best)
        card.hotel.suggest(*card.candidates(best=0.6))
        response = signed_in(ana).post(f"{QUEUE}?band=doubt&at=0", {"accept": old}, follow=True)
        assert response.redirect_chain == [(f"{QUEUE}?band=doubt&at=0", 302)]
        assert "mudou enquanto você lia" in response.content.decode()


class TestTheKeys:
    def test_are_switched_off_for_one_person_and_on_again(self, card: Card, ana: User, paula: User) -> None:
        for url in (QUEUE, url_of(card.best)):
            for wanted in ("off", "on"):
                html = signed_in(ana).post(url, {"single_keys": wanted}, follow=True).content.decode()
                assert f'data-single-keys="{wanted}"' in html
                assert 'data-single-keys="on"' in page(paula, url_of(card.best))

    def test_are_not_switched_by_a_value_that_nobody_offered(self, card: Card, ana: User) -> None:
        html = signed_in(ana).post(QUEUE, {"single_keys": "maybe"}).content.decode()
        assert 'data-single-keys="on"' in html


class TestTheMark:
    def test_stays_through_a_refresh_is_found_in_the_list_and_is_taken_off(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        assert "marcada</span>" in client.post(QUEUE, {"flag": card.order}, follow=True).content.decode()
        card.hotel.update("ordens_servico", card.order, descricao="outro texto")
        card.hotel.suggest(*card.candidates())
        assert page(ana, f"{LIST}?state=flagged").count('name="accept"') == 1
        client.post(url_of(card.best), {"unflag": card.order})
        assert page(ana, f"{LIST}?state=flagged").count('name="accept"') == 0

    @pytest.mark.parametrize("forged", ["x", "999999", "²", "-1", "9" * 40])
    def test_on_an_order_that_is_none_is_not_found(self, card: Card, ana: User, forged: str) -> None:
        assert signed_in(ana).post(QUEUE, {"flag": forged}).status_code == 404

    def test_is_not_for_whoever_only_reads(self, card: Card, reader: User) -> None:
        assert 'name="flag"' not in page(reader, QUEUE)
        assert signed_in(reader).post(QUEUE, {"flag": card.order}).status_code == 403
