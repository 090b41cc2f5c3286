"""What the card shows of the reasons: rows that add up, the words that were read, and orders without a candidate."""

import math
import re

import pytest
from django.contrib.auth.models import User

from matching.core import Reason
from matching.models import KeyPreference, MatchSuggestion
from matching.review.evidence import closed, evidence, marked, request_of
from tests.markup import compact
from tests.matching.conftest import NAME, PHONE, PRIOR, ROOM, Candidate, Card, Hotel
from tests.matching.pages import QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
RIVALS = Reason("competition", "others", "", "", -2.0)


class TestTheTable:
    @pytest.mark.parametrize("probability", [0.006, 0.13, 0.5, 0.87, 0.9999])
    @pytest.mark.parametrize("rivals", [True, False])
    def test_its_rows_add_up_to_the_probability(self, card: Card, probability: float, rivals: bool) -> None:
        reasons = (PHONE, NAME, PRIOR, ROOM, *([RIVALS] if rivals else []))
        card.hotel.suggest(Candidate(card.order, card.neto, probability, reasons=reasons))
        best = card.best
        best.probability = round(probability, 4)
        shown = closed(best.reasons, probability)
        assert [row["comparison"] for row in shown] == ["prior", "phone", "name", "room", "competition"]
        total = math.fsum(row["weight_bits"] for row in shown)
        assert total == pytest.approx(math.log2(probability / (1 - probability)), abs=0.1)

    def test_says_in_words_what_the_weights_are(self, card: Card, ana: User) -> None:
        html = compact(page(ana, url_of(card.best)))
        assert "Cada ponto de peso dobra a chance" in html
        assert "base do cálculo" in html
        assert "outros candidatos" in html
        assert ">Tiago Figueiredo</td>" in html, "the strongest rival, by name"
        assert "bits" not in html.lower()

    def test_is_folded_until_the_person_unfolds_it(self, card: Card, ana: User, paula: User) -> None:
        client = signed_in(ana)
        assert '<details class="fold">' in compact(page(ana, url_of(card.best)))
        for posted, opened in (("open", True), ("closed", False), ("x", False)):
            client.post(QUEUE, {"numbers_open": posted})
            assert ('<details class="fold" open>' in compact(page(ana, url_of(card.best)))) is opened
        client.post(QUEUE, {"numbers_open": "open"})
        client.post(QUEUE, {"single_keys": "off"})
        assert KeyPreference.objects.get().numbers_open
        assert '<details class="fold">' in compact(page(paula, url_of(card.best)))

    def test_nothing_compared_is_no_table(self, card: Card) -> None:
        best = card.best
        best.reasons = []
        assert evidence(best) is None


class TestTheRequest:
    def test_marks_what_was_read_whatever_its_accents(self) -> None:
        pieces = marked("Chuveiro da uh 412, sr Thiágo, 4123", ["412", "thiago"])
        assert [text for text, read in pieces if read] == ["412", "Thiágo"]
        assert "".join(text for text, _read in pieces) == "Chuveiro da uh 412, sr Thiágo, 4123"

    @pytest.mark.parametrize("text", ["ﬁm İstanbul ß 412", "", "e\u0301 412"])
    def test_marks_the_right_letters_of_odd_writing(self, text: str) -> None:
        assert [piece for piece, read in marked(text, ["412"]) if read] == (["412"] if "412" in text else [])

    @pytest.mark.parametrize(("letters", "size"), [(280, ""), (281, "m"), (600, "m"), (601, "l")])
    def test_is_set_by_its_length_and_never_cut(self, card: Card, letters: int, size: str) -> None:
        best = card.best
        best.order.request, best.order.guest_text, best.order.phone_text = "x" * letters, "", ""
        shown = request_of(best)
        assert shown.size == size
        assert sum(len(text) for text, _read in shown.pieces) == letters

    def test_a_long_one_scrolls_by_keyboard_and_says_so(self, card: Card, ana: User) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="palavra " * 175)
        card.hotel.suggest(*card.candidates())
        html = compact(page(ana, url_of(card.best)))
        assert 'class="ask ask-l" tabindex="0" role="region"' in html
        assert re.search(r"1\.\d{3} letras: role o quadro", html)


class TestAnOrderWithoutACandidate:
    @pytest.fixture
    def lost(self, hotel: Hotel, ana: User) -> int:
        order = hotel.order("ar da suíte girassol não gela", aberta_por="portaria")
        unread = Reason("room", "unread", "suíte girassol", "", 0.0)
        hotel.suggest(Candidate(order, None, 0.3, reasons=(unread,)))
        return order

    def test_is_a_card_of_the_queue_that_searches_the_unread_word(self, lost: int, hotel: Hotel, ana: User) -> None:
        guest = hotel.stay("Beatriz Girassol Amaral", "801")
        hotel.refresh(stays=[guest])
        html = compact(page(ana, QUEUE))
        assert "Ninguém sugerido</h1>" in html
        assert "sem sugestão" in html
        assert "“suíte girassol” não é um quarto da listagem" in html
        for word in ("lido", "não reconhecido", "não há"):
            assert f">{word}</span>" in html
        assert 'name="accept"' not in html
        assert f'name="no_guest" value="{lost}:1::"' in html
        assert 'value="suíte girassol"' in html

    def test_is_linked_from_there(self, lost: int, hotel: Hotel, ana: User) -> None:
        guest = hotel.stay("Beatriz Girassol Amaral", "801")
        hotel.refresh(stays=[guest])
        html = page(ana, f"{QUEUE}?q=girassol")
        (value,) = re.findall(r'name="choose"\s+value="([^"]+)"', html)
        signed_in(ana).post(QUEUE, {"choose": value})
        assert hotel.link_of(lost)["listagem_id"] == guest

    def test_after_the_last_guest_was_rejected_the_search_is_offered(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("toalha")
        hotel.suggest(Candidate(order, hotel.stay("Rosa"), 0.8), Candidate(order, None, 0.1, rank=2))
        rosa = MatchSuggestion.objects.get(stay__isnull=False)
        html = signed_in(ana).post(QUEUE, {"reject": seen(rosa)}, follow=True).content.decode()
        assert "Ninguém sugerido" in html

    def test_a_likely_no_guest_is_still_accepted(self, hotel: Hotel, ana: User) -> None:
        hotel.suggest(Candidate(hotel.order("preventiva"), None, 0.9))
        html = compact(page(ana, QUEUE))
        assert "Sem hóspede</h1>" in html
        assert 'name="accept"' in html
