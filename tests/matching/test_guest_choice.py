"""Any other guest on the pages: the search for an order, what stands there before one types, corrections, leases."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import CardLease, Decision, MatchSuggestion
from matching.review import service
from tests.markup import compact
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import DECISIONS, LIST, QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def rosa(card: Card) -> int:
    stay = card.hotel.stay("Rosa Prado", "203")
    card.hotel.refresh(stays=[stay])
    return stay


class TestTheSearch:
    def test_finds_and_chooses_without_scripts(self, card: Card, rosa: int, ana: User) -> None:
        client = signed_in(ana)
        html = compact(client.get(f"{QUEUE}?outro=1&q=roza").content.decode())
        (value,) = re.findall(r'name="choose" value="([^"]+)"', html)
        assert '<p class="group-h" role="status">1 pessoa com “roza”</p>' in html
        assert "<mark>Rosa</mark>" in html
        assert "na casa" in html
        assert "a OS cita a UH 412" in html
        (action,) = re.findall(r'<form method="post" action="([^"]+)" data-hits', html)
        client.post(action.replace("&amp;", "&"), {"choose": value})
        assert card.hotel.link_of(card.order)["listagem_id"] == rosa

    def test_before_one_types_stand_companions_and_the_people_of_the_room(self, card: Card, ana: User) -> None:
        today = timezone.localdate()
        gone = card.hotel.stay("Bruno Antes", chegada=today - timedelta(9), saida=today - timedelta(3), status="saida")
        here = card.hotel.stay("Clara Junto")
        coming = card.hotel.stay("Davi Depois", chegada=today + timedelta(1), status="confirmada")
        mate = card.hotel.stay("Elisa Longe", "500")
        booking = card.hotel.one("select reserva_id r from listagem_hospedes where id = %s", card.neto)["r"]
        card.hotel.update("listagem_hospedes", mate, reserva_id=booking, titular=False)
        card.hotel.refresh(stays=[gone, here, coming, mate])

        html = compact(page(ana, f"{url_of(card.best)}?outro=1"))

        order = ["Na mesma reserva", "Elisa Longe", "No quarto 412 quando a OS", "Clara Junto"]
        order += ["Chegam no quarto 412", "Davi Depois", "No quarto 412 em outra data", "Bruno Antes"]
        places = [html.index(words) for words in order]
        assert places == sorted(places)
        assert "já tinha saído" in html
        assert "ainda não chegou" in html

    def test_people_of_the_reservation_have_a_button_and_minors_none(self, card: Card, ana: User) -> None:
        booking = card.hotel.one("select reserva_id r from listagem_hospedes where id = %s", card.neto)["r"]
        mate = card.hotel.stay("Elisa Prado")
        child = card.hotel.stay("Lia", guest=card.hotel.guest("Lia", menor=True))
        for stay in (mate, child):
            card.hotel.update("listagem_hospedes", stay, reserva_id=booking, titular=False)
        card.hotel.refresh(stays=[mate, child])
        html = compact(page(ana, url_of(card.best)))
        assert f'name="choose" value="{card.order}:1:{mate}:" aria-label="Escolher Elisa Prado"' in html
        assert f"{card.order}:1:{child}:" not in html
        assert f"{card.order}:1:{child}:" not in page(ana, f"{url_of(card.best)}?outro=1&q=412")

    def test_says_how_to_go_on_when_nobody_is_found(self, card: Card, ana: User) -> None:
        html = page(ana, f"{QUEUE}?outro=1&q=zzzz")
        assert "Ninguém com “zzzz”" in html
        assert compact(html).count("<li>") >= 3
        assert 'name="no_guest"' in html

    def test_is_not_for_whoever_only_reads_nor_for_a_card_in_use(
        self, card: Card, reader: User, ana: User, paula: User
    ) -> None:
        assert signed_in(reader).get(f"{url_of(card.best)}?outro=1").status_code == 403
        page(paula, QUEUE)
        assert signed_in(ana).get(f"{url_of(card.best)}?outro=1").status_code == 403

    def test_another_guest_of_the_room_as_a_reason_offers_them_at_once(self, card: Card, ana: User) -> None:
        here = card.hotel.stay("Clara Junto")
        card.hotel.refresh(stays=[here])
        client = signed_in(ana)
        answer = client.post(QUEUE, {"reject": seen(card.best), "reason": "other_guest"}, follow=True)
        assert Decision.objects.get().reason == "other_guest"
        assert f"os={card.order}" in answer.redirect_chain[-1][0]
        assert "Clara Junto" in answer.content.decode()


class TestCorrecting:
    def test_stands_on_the_card_and_in_the_list(self, card: Card, rosa: int, ana: User) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        decision = Decision.objects.get()
        assert f"{url_of(card.best)}?outro=1" in page(ana, f"{LIST}?state=all")
        assert "Era outro…" in page(ana, url_of(card.best))
        html = page(ana, f"{url_of(card.best)}?outro=1&q=rosa")
        value = f"{card.order}:1:{rosa}:{decision.pk}"
        assert value in html
        answer = signed_in(ana).post(url_of(card.best), {"choose": value}, follow=True)
        assert "Escolhida por uma pessoa" in answer.content.decode()
        assert card.hotel.link_of(card.order)["listagem_id"] == rosa

    def test_who_may_not_is_shown_who_can(self, card: Card, ana: User, paula: User, boss: User) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        html = compact(page(paula, url_of(card.best)))
        assert "Só estas pessoas podem desfazer ou corrigir: Ana, Rui." in html
        assert "Era outro" not in html
        assert signed_in(paula).get(f"{url_of(card.best)}?outro=1").status_code == 403
        assert "Era outro" in page(boss, url_of(card.best))

    def test_stands_in_the_list_of_decisions_while_the_decision_is_in_force(
        self, card: Card, ana: User, paula: User, boss: User, reader: User
    ) -> None:
        way = f"{url_of(card.best)}?outro=1"
        decision = service.decide(ana, card.best.pk, "accept", None).decisions[0]
        assert way in page(ana, DECISIONS)
        assert way in page(boss, DECISIONS)
        assert "só Ana, Rui" in page(paula, DECISIONS)
        for person in (paula, reader):
            assert way not in page(person, DECISIONS)
        service.undo(ana, decision.pk)
        assert way not in page(ana, DECISIONS)


class TestTheQueue:
    def test_an_undo_returns_to_the_undone_card_also_after_a_skip(self, card: Card, hotel: Hotel, ana: User) -> None:
        for number in range(3):
            hotel.suggest(Candidate(hotel.order(f"toalha {number}"), hotel.stay(f"Pessoa {number}", "203"), 0.7))
        client = signed_in(ana)
        first = MatchSuggestion.objects.get(order__request="toalha 0", stay__isnull=False)
        client.post(f"{QUEUE}?band=doubt&at=1", {"accept": seen(first)})
        client.get(f"{QUEUE}?band=doubt&at=2")
        undone = client.post(f"{QUEUE}?band=doubt&at=2", {"undo": Decision.objects.get().pk}, follow=True)
        assert "Pessoa 0</h1>" in compact(undone.content.decode())
        assert CardLease.objects.get().order_id == first.order_id

    def test_departures_of_today_are_a_queue_over_all_bands(self, hotel: Hotel, ana: User) -> None:
        today = timezone.localdate()
        for name, share in (("Ana Forte", 0.95), ("Bia Fraca", 0.4)):
            stay = hotel.stay(name, saida=today)
            hotel.suggest(Candidate(hotel.order(name), stay, share))
        hotel.suggest(Candidate(hotel.order("fica"), hotel.stay("Caio Fica"), 0.7))
        html = compact(page(ana, QUEUE))
        assert "Saem hoje<b>2</b>" in html
        assert "Ana Forte</h1>" in html
        assert "Bia Fraca</h1>" in compact(page(ana, f"{QUEUE}?band=today&at=1"))
        assert "Caio Fica</h1>" in compact(page(ana, f"{QUEUE}?band=doubt"))

    def test_a_row_whose_card_a_colleague_has_open_offers_no_decision(self, card: Card, ana: User, paula: User) -> None:
        CardLease.objects.create(order_id=card.order, user=paula, until=timezone.now() + timedelta(minutes=1))
        html = page(ana, LIST)
        assert "em uso por Paula" in html
        assert 'name="accept"' not in html
        assert 'name="accept"' in page(paula, LIST)
        answer = signed_in(ana).post(LIST, {"accept": seen(card.best)}, follow=True).content.decode()
        assert "Paula está com esta ficha" in answer
        assert not Decision.objects.exists()
