"""The list: what it shows, what its buttons do, what a forged or late POST comes to."""

import csv
import re
import uuid
from collections.abc import Callable
from html import escape, unescape
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.models import AuditAction, AuditEntry, Decision, MatchSuggestion
from matching.models.choices import State
from matching.review import service
from sistema_os.admin_base import harmless
from tests.markup import compact
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import DECISIONS, LIST, page, seen, signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


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

        assert response.redirect_chain == [(f"{LIST}?band=doubt#s-{card.best.pk}", 302)]
        html = response.content.decode()
        assert "vinculada a Tiago Figueiredo Neto" in html
        assert 'chip-ok">aceita' in html
        client.post(LIST, {"undo": card.best.decision_id})
        assert card.best.state == State.PENDING

    def test_a_write_that_waits_says_so(self, card: Card, ana: User, away: Callable[[], None]) -> None:
        away()
        html = signed_in(ana).post(LIST, {"accept": seen(card.best)}, follow=True).content.decode()
        assert 'chip-wait">a confirmar' in html
        assert "será gravada automaticamente" in html

    def test_a_stale_button_is_a_sentence_and_changes_nothing(self, card: Card, ana: User) -> None:
        old = seen(card.best)
        card.hotel.suggest(*card.candidates(best=0.6))
        html = signed_in(ana).post(LIST, {"accept": old}, follow=True).content.decode()
        assert "mudou enquanto você lia" in html
        assert not Decision.objects.exists()

    @pytest.mark.parametrize(
        "value", ["x", f"{uuid.UUID(int=7, version=4)}:1", "1:1", ":", "'; drop table matching_order; --:1"]
    )
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
            ("?department=spa", 0),
            ("?room=412", 1),
            ("?room=apto+0412&state=all", 3),
            ("?room=41", 0),
            ("?room=%27%3B--", 0),
            ("?room=%00", 1),
            ("?model=m1&state=all", 3),
            ("?model=m2", 0),
            ("?model=%00", 1),
            ("?decided_by=x", 1),
            ("?decided_by=999999999", 0),
            ("?decided_by=99999999999999999999", 1),
            ("?p=999999999", 1),
            ("?state=nonsense&band=nonsense", 1),
            ("?_facets=True", 1),
        ],
    )
    def test_filters(self, card: Card, ana: User, query: str, rows: int) -> None:
        assert page(ana, LIST + query).count('name="accept"') == rows

    def test_who_decided_is_asked_for_whatever_the_day(self, card: Card, ana: User, paula: User) -> None:
        service.decide(ana, card.best.pk, "reject", None)
        html = page(ana, LIST)
        assert f'decided_by={ana.pk}">eu<' in html
        assert 'chip-bad">rejeitada' in page(paula, f"{LIST}?decided_by={ana.pk}")
        assert 'chip-bad">rejeitada' not in page(ana, f"{LIST}?decided_by={paula.pk}")

    def test_a_typed_filter_keeps_what_else_narrows_the_list(self, card: Card, ana: User) -> None:
        html = compact(page(ana, f"{LIST}?band=doubt&q=tiago&room=412"))
        assert '<input type="hidden" name="band" value="doubt"><input type="hidden" name="q" value="tiago">' in html
        assert 'name="room" value="412"' in html

    def test_the_number_of_queries_does_not_grow_with_the_rows(
        self, card: Card, hotel: Hotel, ana: User, django_assert_max_num_queries: Any
    ) -> None:
        for n in range(8):
            hotel.suggest(Candidate(hotel.order(f"pedido {n}"), hotel.stay(f"Pessoa {n}"), 0.7))
        client = signed_in(ana)
        with django_assert_max_num_queries(12):
            client.get(LIST)

    def test_shows_the_request_first_and_whole(self, card: Card, hotel: Hotel, ana: User) -> None:
        long = "torneira pingando " * 30
        hotel.suggest(Candidate(hotel.order(long.strip()), hotel.stay("Rosa"), 0.7))
        html = page(ana, LIST)
        assert long.strip() in html
        assert html.index('class="field-request"') < html.index('class="field-guest_column')

    def test_a_rejection_from_a_row_has_its_reason(self, card: Card, ana: User) -> None:
        html = page(ana, LIST)
        assert "data-asks" in html
        assert 'data-reason="namesake"' in html
        signed_in(ana).post(LIST, {"reject": seen(card.best), "reason": "namesake"})
        assert Decision.objects.get().reason == "namesake"

    def test_a_card_opened_from_the_list_leads_back_to_its_filters_and_its_row(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        (url,) = re.findall(r'href="([^"]+/change/\?[^"]+)"', page(ana, f"{LIST}?band=doubt&q=tiago"))
        opened = client.get(unescape(url))
        assert opened.context["list_url"] == f"{LIST}?band=doubt&q=tiago#s-{card.best.pk}"
        assert escape(opened.context["list_url"]) in opened.content.decode()
        decided = client.post(unescape(url), {"accept": seen(card.best)})
        assert decided.headers["Location"] == unescape(url)

    def test_each_filter_in_force_is_a_chip_that_takes_it_away(self, card: Card, ana: User) -> None:
        html = compact(page(ana, f"{LIST}?band=doubt&q=tiago&room=412"))
        chips = html[html.index('class="f-chips"') : html.index('class="f-clear"')]
        assert re.findall(r'<a href="([^"]*)"', chips) == [
            "?band=doubt&amp;room=412",
            "?q=tiago&amp;room=412",
            "?band=doubt&amp;q=tiago",
        ]
        assert "Limpar filtros" in html
        assert 'class="f-clear"' not in page(ana, LIST)


def table(response: Any) -> list[list[str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.streaming
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=";"))


class TestTheExport:
    def rows(self, user: User, *suggestions: MatchSuggestion) -> list[list[str]]:
        data = {"action": "export_csv", "_selected_action": [str(s.pk) for s in suggestions], "index": "0"}
        return table(signed_in(user).post(f"{LIST}?state=all", data))

    def test_a_list_is_downloaded_with_its_filters_and_search(self, card: Card, hotel: Hotel, reader: User) -> None:
        hotel.suggest(Candidate(hotel.order("toalhas"), hotel.stay("Rosa"), 0.95))
        client = signed_in(reader)
        (link,) = re.findall(r'class="f-csv" href="([^"]+)"', page(reader, f"{LIST}?band=strong&p=1"))
        assert unescape(link) == "?band=strong&format=csv"
        assert [row[3] for row in table(client.get(f"{LIST}{unescape(link)}"))[1:]] == ["Rosa"]
        assert len(table(client.get(f"{LIST}?format=csv"))) == 3
        assert [row[3] for row in table(client.get(f"{LIST}?format=csv&q=rosa"))[1:]] == ["Rosa"]

    def test_every_list_of_the_review_can_be_downloaded(self, card: Card, ana: User) -> None:
        decision = service.decide(ana, card.best.pk, "reject", None, "namesake").decisions[0]
        service.undo(ana, decision.pk)
        client = signed_in(ana)
        undo, rejected = table(client.get(f"{DECISIONS}?format=csv"))[1:]
        assert undo[2] == "Desfeita"
        assert (rejected[2], rejected[5], rejected[7], rejected[9]) == (
            "Rejeitada",
            "Tiago Figueiredo Neto",
            "homônimo ou parente",
            "Ana",
        )
        assert len(table(client.get("/admin/matching/alert/?format=csv"))) == 1

    def test_only_who_sees_the_list_gets_its_rows(self, card: Card, operator: User) -> None:
        assert signed_in(operator).get(f"{LIST}?format=csv").status_code == 403

    def test_the_file_is_in_the_language_of_the_page(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        client.cookies["django_language"] = "en"
        assert table(client.get(f"{LIST}?format=csv"))[0][:2] == ["Order", "Opened"]

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

    def test_stands_in_the_audit_without_what_was_searched_for(self, card: Card, ana: User) -> None:
        data = {"action": "export_csv", "_selected_action": [str(card.best.pk)], "index": "0"}
        signed_in(ana).post(f"{LIST}?state=all&band=doubt&q=tiago", data)
        entry = AuditEntry.objects.get()
        assert (entry.user, entry.deed) == (ana, AuditAction.EXPORT)
        assert entry.params == {"count": 1, "filters": {"state": "all", "band": "doubt"}}

    def test_a_refused_parameter_leads_to_the_list_without_it_and_not_in_circles(self, card: Card, ana: User) -> None:
        client = signed_in(ana)
        for given, kept in (("user__password=x", ""), ("verb=accept&user__password=x", "?verb=accept")):
            assert client.get(f"{DECISIONS}?{given}").headers["Location"] == f"{DECISIONS}{kept}"
