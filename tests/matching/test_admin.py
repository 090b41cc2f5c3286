"""The screens: what each role sees and may press, and what a forged or late POST comes to."""

import csv
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from matching import alerts, review
from matching.exports import harmless
from matching.models import Alert, Decision, MatchSuggestion, Order
from matching.states import State
from tests.matching.conftest import Candidate, Card, Hotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

LIST = "/admin/matching/matchsuggestion/"
QUEUE = f"{LIST}review/"


def signed_in(user: User, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def page(user: User, url: str) -> str:
    response = signed_in(user).get(url)
    assert response.status_code == 200
    return response.content.decode()


def url_of(suggestion: MatchSuggestion) -> str:
    return reverse("admin:matching_matchsuggestion_change", args=[suggestion.pk])


def seen(suggestion: MatchSuggestion) -> str:
    return f"{suggestion.pk}:{suggestion.version}"


class TestTheList:
    def test_shows_the_best_candidate_of_each_order_in_staff_s_words(self, card: Card, ana: User) -> None:
        html = page(ana, LIST)
        assert "<h1>Sugestões</h1>" in html
        assert "Tiago Figueiredo Neto" in html
        assert 'chip-warn">dúvida' in html
        assert '<strong class="today">hoje</strong>' in html
        assert "0,87" in html
        assert html.count('name="accept"') == 1

    def test_a_row_s_button_accepts_and_the_row_can_be_undone_in_place(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        response = client.post(f"{LIST}?band=doubt", {"accept": seen(card.best)}, follow=True)

        assert response.redirect_chain == [(f"{LIST}?band=doubt", 302)]
        html = response.content.decode()
        assert "vinculada a Tiago Figueiredo Neto" in html
        assert 'chip-ok">aceita' in html
        client.post(LIST, {"undo": card.best.decision_id})
        assert card.best.state == State.PENDING

    def test_a_write_that_waits_says_so(self, card: Card, ana: User, away: Callable[[], None]) -> None:
        away()
        html = signed_in(ana).post(LIST, {"accept": seen(card.best)}, follow=True).content.decode()
        assert 'chip-wait">a confirmar' in html
        assert "será gravada sozinha" in html

    def test_a_stale_button_is_a_sentence_and_changes_nothing(self, card: Card, ana: User) -> None:
        old = seen(card.best)
        card.hotel.suggest(*card.candidates(best=0.6))
        html = signed_in(ana).post(LIST, {"accept": old}, follow=True).content.decode()
        assert "mudou enquanto você lia" in html
        assert not Decision.objects.exists()

    @pytest.mark.parametrize("value", ["x", f"{uuid.uuid4()}:1", "1:1", ":", "'; drop table matching_order; --:1"])
    @pytest.mark.parametrize("button", ["accept", "reject", "no_guest", "undo"])
    def test_a_forged_value_is_not_found(self, card: Card, ana: User, button: str, value: str) -> None:
        if (button, value) == ("no_guest", "1:1"):
            value = "999:1"
        assert signed_in(ana).post(LIST, {button: value}).status_code == 404
        assert not Decision.objects.exists()

    def test_without_a_csrf_token_nothing_is_decided(self, card: Card, ana: User) -> None:
        response = signed_in(ana, csrf=True).post(LIST, {"accept": seen(card.best)})
        assert response.status_code == 403
        assert not Decision.objects.exists()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("tiago", 1),
            ("FIGUEIREDO NETO", 1),
            ("412", 1),
            ("48001", 1),
            ("figueredo", 1),
            ("Ninguém", 0),
            (r"(.*)%_\'\"; select 1", 0),
        ],
    )
    def test_searches_order_guest_and_room_without_accents(self, card: Card, ana: User, query: str, found: int) -> None:
        html = signed_in(ana).get(LIST, {"q": query}).content.decode()
        assert html.count('name="accept"') == found

    @pytest.mark.parametrize(
        ("query", "rows"),
        [
            ("?state=all", 3),
            ("?state=pending", 3),
            ("?state=accepted", 0),
            ("?state=unconfirmed", 0),
            ("?band=doubt", 1),
            ("?band=strong", 0),
            ("?departure=today", 1),
            ("?department=manutencao", 1),
            ("?state=nonsense&band=nonsense", 1),
            ("?_facets=True", 1),
        ],
    )
    def test_filters(self, card: Card, ana: User, query: str, rows: int) -> None:
        assert page(ana, LIST + query).count('name="accept"') == rows

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self, card: Card, hotel: Hotel, ana: User, django_assert_max_num_queries: Any
    ) -> None:
        for n in range(8):
            hotel.suggest(Candidate(hotel.order(f"pedido {n}"), hotel.stay(f"Pessoa {n}"), 0.7))
        client = signed_in(ana)
        with django_assert_max_num_queries(16):
            client.get(LIST)


class TestRoles:
    def test_who_may_only_look_sees_no_button(self, card: Card, reader: User) -> None:
        for url in (LIST, url_of(card.best), QUEUE):
            html = page(reader, url)
            assert 'name="accept"' not in html
            assert 'name="reject"' not in html

    @pytest.mark.parametrize("button", ["accept", "reject"])
    def test_and_a_post_by_hand_is_refused(self, card: Card, reader: User, button: str) -> None:
        for url in (LIST, url_of(card.best), QUEUE):
            assert signed_in(reader).post(url, {button: seen(card.best)}).status_code == 403
        assert not Decision.objects.exists()

    def test_who_runs_the_machine_sees_no_guest(self, card: Card, operator: User) -> None:
        client = signed_in(operator)
        for url in (LIST, url_of(card.best), QUEUE, "/admin/matching/decision/", "/admin/matching/alert/"):
            assert client.get(url).status_code == 403
            assert client.post(url, {"accept": seen(card.best)}).status_code == 403
        assert "Tiago" not in page(operator, "/admin/")

    def test_nobody_adds_changes_or_deletes_by_hand(self, card: Card) -> None:
        root = User.objects.create_superuser("root", password="x")
        client = signed_in(root)
        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}{card.best.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post("/admin/matching/decision/add/", {}).status_code == 403
        assert "delete_selected" not in page(root, f"{LIST}?state=all")

    def test_others_decisions_are_undone_only_with_permission(
        self, card: Card, ana: User, paula: User, boss: User
    ) -> None:
        (decision,) = review.decide(ana, card.best.pk, "accept", None).decisions
        assert 'name="undo"' not in page(paula, LIST)
        assert signed_in(paula).post(LIST, {"undo": decision.pk}).status_code == 403
        assert 'name="undo"' in page(boss, LIST)

    def test_list_actions_are_for_supervisors(self, card: Card, ana: User, boss: User) -> None:
        chosen = {"action": "accept_selected", "_selected_action": str(card.best.pk), "index": "0"}
        assert "accept_selected" not in page(ana, LIST)
        signed_in(ana).post(LIST, chosen)
        assert not Decision.objects.exists()

        signed_in(boss).post(LIST, chosen)
        assert card.best.state == State.ACCEPTED


class TestTheCard:
    def test_explains_itself(self, card: Card, ana: User) -> None:
        html = page(ana, url_of(card.best))
        assert "T<mark>h</mark>iago" in html
        assert ">≠</b>diverge" in html
        assert "O que decide: nome (Thiago Figueredo ≈ Tiago Figueiredo Neto, mesmo som) e UH (412)." in html
        assert "Pesa contra: telefone ((85) •••••-••41 ≠ (85) •••••-••07)" in html
        assert "a 2ª fica 0,76 abaixo" in html
        assert "***.***.***-25" in html
        assert "52998224725" not in html
        assert "−7,3" in html

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
        html = page(ana, url)
        assert f'name="no_guest" value="{card.order}:1"' in html

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
        review.decide(ana, card.best.pk, "reject", None)
        card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
        card.hotel.suggest(*card.candidates())
        assert "mudou: nome na listagem" in page(ana, url_of(card.best))

    def test_without_explanation_it_still_opens(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("preventiva")
        hotel.suggest(Candidate(order, None, 0.99, reasons=()))
        assert "Sem hóspede" in page(ana, url_of(MatchSuggestion.objects.get()))

    @pytest.mark.parametrize("key", ["x", str(uuid.uuid4()), "1", "%00"])
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
        assert "1ª de 2" in first
        assert f"OS {card.best.order.number}" in first  # leaves today

        second = client.post(QUEUE, {"accept": seen(card.best)}, follow=True).content.decode()

        assert "Rosa Lima" in second
        assert 'name="undo"' in second

    def test_skipping_goes_round(self, card: Card, hotel: Hotel, ana: User) -> None:
        hotel.suggest(Candidate(hotel.order("toalha"), hotel.stay("Rosa Lima", "203"), 0.7))
        assert "Rosa Lima</h1>" in page(ana, f"{QUEUE}?band=doubt&at=1")
        assert f"{QUEUE}?band=doubt&amp;at=0" in page(ana, f"{QUEUE}?band=doubt&at=1")

    @pytest.mark.parametrize("query", ["?at=999999999999999999999", "?at=-1", "?at=x", "?band=x", "?at=88888888"])
    def test_a_forged_place_shows_a_card_all_the_same(self, card: Card, ana: User, query: str) -> None:
        assert "Tiago Figueiredo Neto" in page(ana, QUEUE + query)

    def test_when_it_is_empty_it_says_what_was_done(self, card: Card, ana: User) -> None:
        html = signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, follow=True).content.decode()
        assert "Fila vazia — 1 decidida hoje" in html
        assert 'name="undo"' in html

    def test_a_conflict_keeps_the_place(self, card: Card, ana: User) -> None:
        old = seen(card.best)
        card.hotel.suggest(*card.candidates(best=0.6))
        response = signed_in(ana).post(f"{QUEUE}?band=doubt&at=0", {"accept": old}, follow=True)
        assert response.redirect_chain == [(f"{QUEUE}?band=doubt&at=0", 302)]
        assert "mudou enquanto você lia" in response.content.decode()


class TestTheExport:
    def rows(self, user: User, *suggestions: MatchSuggestion) -> list[list[str]]:
        data = {"action": "export_csv", "_selected_action": [str(s.pk) for s in suggestions], "index": "0"}
        response = signed_in(user).post(f"{LIST}?state=all", data)
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        text = response.content.decode("utf-8-sig")
        return list(csv.reader(text.splitlines(), delimiter=";"))

    def test_holds_no_document_and_no_formula(self, hotel: Hotel, reader: User) -> None:
        order = hotel.order("=HYPERLINK(1) cpf 529.982.247-25", numero="+48")
        hotel.suggest(Candidate(order, hotel.stay("@Rosa"), 0.7))

        header, row = self.rows(reader, MatchSuggestion.objects.get())

        assert header[0] == "OS"
        assert row[0] == "'+48"
        assert row[2].startswith("'=HYPERLINK")
        assert row[3] == "'@Rosa"
        assert "529" not in ";".join(row)

    @pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
    def test_defuses_what_a_spreadsheet_would_run(self, cell: str) -> None:
        assert harmless(cell) == f"'{cell}"

    def test_leaves_a_trace(self, card: Card, ana: User) -> None:
        self.rows(ana, card.best)
        assert LogEntry.objects.get().change_message == "Exportada 1 linha."


class TestAudit:
    def test_shows_every_decision_and_its_undo(self, card: Card, ana: User) -> None:
        (decision,) = review.decide(ana, card.best.pk, "reject", None, "namesake").decisions
        review.undo(ana, decision.pk)
        html = page(ana, "/admin/matching/decision/")
        assert "homônimo ou parente" in html
        assert "Desfeita" in html
        assert 'class="action-select"' not in html

    def test_its_pages_cannot_be_changed(self, card: Card, ana: User) -> None:
        (decision,) = review.decide(ana, card.best.pk, "reject", None).decisions
        url = f"/admin/matching/decision/{decision.pk}/change/"
        page(ana, url)
        assert signed_in(ana).post(url, {"reason": "other"}).status_code == 403

    def test_stands_in_the_record_s_history_too(self, card: Card, ana: User) -> None:
        signed_in(ana).post(LIST, {"accept": seen(card.best)})
        assert "Aceita" in page(ana, f"{LIST}{card.best.pk}/history/")


class TestAlerts:
    URL = "/admin/matching/alert/"

    @pytest.fixture
    def alert(self, card: Card) -> Alert:
        return alerts.raise_alert("early_departure", "high", order=card.order, stay=card.neto, params={"date": "x"})

    def test_say_what_happened(self, alert: Alert, ana: User) -> None:
        html = page(ana, self.URL)
        assert "Tiago Figueiredo Neto saiu da UH 412 antes do previsto; a OS 48001 continua aberta." in html
        assert 'chip-bad">alto' in html

    def test_are_raised_once_for_an_occasion(self, alert: Alert, card: Card, ana: User) -> None:
        alerts.settle(alert, ana)
        again = alerts.raise_alert("early_departure", "high", order=card.order, stay=card.neto, params={"date": "x"})
        assert again.pk == alert.pk
        assert again.settled_by == ana
        other = alerts.raise_alert("early_departure", "high", order=card.order, stay=card.neto, params={"date": "y"})
        assert other.pk != alert.pk

    def test_can_be_raised_for_rows_that_we_have_no_copy_of(self, db: None) -> None:
        assert alerts.raise_alert("room_moved", "low", order=999, params={}).order is None

    def test_are_settled_once(self, alert: Alert, ana: User) -> None:
        client = signed_in(ana)
        client.post(self.URL, {"settle": alert.pk})
        html = client.post(self.URL, {"settle": alert.pk}, follow=True).content.decode()
        assert "Nenhum alerta aberto" in html
        assert alerts.settle(alert, ana) is False

    def test_are_settled_many_at_once(self, alert: Alert, ana: User) -> None:
        chosen = {"action": "settle_selected", "_selected_action": str(alert.pk), "index": "0"}
        signed_in(ana).post(self.URL, chosen)
        alert.refresh_from_db()
        assert alert.settled_by == ana

    def test_are_not_settled_by_those_who_may_only_look(self, alert: Alert, reader: User) -> None:
        assert 'name="settle"' not in page(reader, self.URL)
        assert signed_in(reader).post(self.URL, {"settle": alert.pk}).status_code == 403
        alert.refresh_from_db()
        assert alert.settled_at is None

    @pytest.mark.parametrize("kind", ["linked_stay_cancelled", "departure", "room_moved", "document_changed"])
    def test_each_kind_has_its_sentence(self, card: Card, ana: User, kind: str) -> None:
        alerts.raise_alert(kind, "medium", order=card.order, stay=card.neto, params={"from": "412", "to": "415"})
        html = page(ana, self.URL)
        assert "%(" not in html
        assert "Tiago Figueiredo Neto" in html


class TestTheDashboard:
    def test_tells_the_queue_and_the_alerts(self, card: Card, ana: User) -> None:
        html = page(ana, "/admin/")
        assert "Fila de revisão" in html
        assert "1 com saída hoje" in html
        assert QUEUE in html
        assert "Nenhum alerta aberto" in html

    def test_offers_no_review_to_those_who_may_only_look(self, card: Card, reader: User) -> None:
        html = page(reader, "/admin/")
        assert "Fila de revisão" in html
        assert "Revisar agora" not in html

    def test_counts_with_few_queries_however_many_rows(
        self, card: Card, ana: User, django_assert_max_num_queries: Any
    ) -> None:
        from matching.panel import panel

        ana.get_all_permissions()
        with django_assert_max_num_queries(6):
            panel(ana)

    def test_speaks_english_by_choice(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        client.cookies["django_language"] = "en"
        assert "Review queue" in client.get("/admin/").content.decode()
        assert Order.objects.count() == 1
