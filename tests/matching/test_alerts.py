"""Alerts and the dashboard."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from matching import alerts
from matching.dashboard import panel
from matching.models import Alert, AuditEntry, Order
from tests.matching.conftest import Card
from tests.matching.pages import QUEUE, page, signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestAlerts:
    URL = "/admin/matching/alert/"

    @pytest.fixture
    def alert(self, card: Card) -> Alert:
        return alerts.raise_alert("early_departure", "high", order=card.order, stay=card.neto, params={"date": "x"})

    def test_say_what_happened(self, alert: Alert, ana: User) -> None:
        html = page(ana, self.URL)
        assert "Tiago Figueiredo Neto saiu da UH 412 antes do previsto; a OS 48001 continua aberta." in html
        assert 'chip-bad">alta' in html

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

    def test_are_settled_with_a_word_that_the_next_shift_reads(self, alert: Alert, ana: User, reader: User) -> None:
        client, url = signed_in(ana), f"{self.URL}{alert.pk}/change/"
        assert "O que foi feito" in client.get(url).content.decode()
        answer = client.post(url, {"settle": "1", "note": "  ligamos ao hóspede\n CPF 529.982.247-25\x00 "})
        assert answer.headers["Location"] == self.URL
        alert.refresh_from_db()
        assert alert.note == "ligamos ao hóspede CPF ***.***.***-25"
        told = page(reader, url)
        assert "ligamos ao hóspede" in told
        assert "<textarea" not in told
        assert "ligamos ao hóspede" in page(reader, f"{self.URL}?settled=yes")

    def test_keep_the_first_word(self, alert: Alert, ana: User, boss: User) -> None:
        url = f"{self.URL}{alert.pk}/change/"
        signed_in(ana).post(url, {"settle": "1", "note": "primeira"})
        html = signed_in(boss).post(url, {"settle": "1", "note": "segunda"}, follow=True).content.decode()
        assert "Ana já tinha resolvido este alerta" in html
        alert.refresh_from_db()
        assert (alert.note, alert.settled_by) == ("primeira", ana)
        assert AuditEntry.objects.count() == 1

    def test_have_no_form_for_those_who_may_only_look(self, alert: Alert, reader: User) -> None:
        url = f"{self.URL}{alert.pk}/change/"
        assert 'name="settle"' not in page(reader, url)
        assert signed_in(reader).post(url, {"settle": "1"}).status_code == 403

    @pytest.mark.parametrize("key", ["x", "999999", "0", "-1", "9" * 30, "²", "%00"])
    def test_have_no_page_at_a_forged_address(self, alert: Alert, ana: User, key: str) -> None:
        assert signed_in(ana).get(f"{self.URL}{key}/change/").status_code == 404

    def test_ask_as_little_for_a_page_of_them_as_for_one(
        self, alert: Alert, ana: User, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(60):
            alerts.raise_alert("room_moved", "low", order=alert.order_id, stay=alert.stay_id, params={"to": number})
        client = signed_in(ana)
        client.get(self.URL)
        with django_assert_max_num_queries(9):
            client.get(self.URL)
        with django_assert_max_num_queries(8):
            assert alerts.settle_many(Alert.objects.all(), ana) == 61

    @pytest.mark.parametrize("kind", ["linked_stay_cancelled", "departure", "room_moved", "document_changed"])
    def test_each_kind_has_its_sentence(self, card: Card, ana: User, kind: str) -> None:
        alerts.raise_alert(kind, "medium", order=card.order, stay=card.neto, params={"from": "412", "to": "415"})
        html = page(ana, self.URL)
        assert "%(" not in html
        assert "Tiago Figueiredo Neto" in html


class TestTheDashboard:
    def test_tells_the_queue_and_the_alerts(self, card: Card, ana: User) -> None:
        html = page(ana, "/admin/")
        assert "A revisar" in html
        assert "1 com saída hoje" in html
        assert QUEUE in html
        assert "Nenhum alerta aberto" in html

    def test_offers_no_review_to_those_who_may_only_look(self, card: Card, reader: User) -> None:
        html = page(reader, "/admin/")
        assert "A revisar" in html
        assert "Revisar agora" not in html

    def test_counts_with_few_queries_however_many_rows(
        self, card: Card, ana: User, django_assert_max_num_queries: Any
    ) -> None:

        ana.get_all_permissions()
        with django_assert_max_num_queries(8):
            panel(ana)

    def test_speaks_english_by_choice(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        client.cookies["django_language"] = "en"
        assert "To review" in client.get("/admin/").content.decode()
        assert Order.objects.count() == 1
