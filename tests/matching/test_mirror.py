"""The mirror in the hotel's database: in Portuguese, only what changed, nobody held up."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User

from matching.models import MatchSuggestion
from matching.review import service
from matching.suggestion_manager import mirror
from sistema_os.supabase import SupabaseClient
from tests.matching.conftest import Candidate, Card, Hotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestMirror:
    @pytest.fixture
    def send(self, supabase_settings: dict[str, Any]) -> Callable[[], int]:
        async def everything_due() -> int:
            async def held() -> None:
                """A run that still holds its fence."""

            async with SupabaseClient(**supabase_settings) as supabase:
                return await mirror(supabase, held)

        return async_to_sync(everything_due)

    def row(self, card: Card, stay: int | None = None) -> dict[str, Any]:
        return card.hotel.one("select * from sugestoes_match where app_id = %s", card.suggestion(stay or card.neto).pk)

    def test_tells_the_hotel_in_portuguese(self, card: Card, ana: User, send: Callable[[], int]) -> None:
        service.decide(ana, card.best.pk, "accept", None)

        assert send() == 3

        row = self.row(card)
        assert (row["os_id"], row["listagem_id"], row["status"]) == (card.order, card.neto, "aceita")
        assert (row["decidida_por"], row["modelo"], row["posicao"]) == ("ana", "m1", 1)
        assert row["motivos"][1] == {
            "campo": "nome",
            "concordancia": "mesmo som",
            "ordem": "Thiago Figueredo",
            "hospede": "Tiago Figueiredo Neto",
            "bits": 6.4,
        }
        assert self.row(card, card.father)["motivo_fim"] == "outro candidato foi aceito"

    def test_sends_only_what_changed_since(self, card: Card, ana: User, send: Callable[[], int]) -> None:
        send()
        touched = MatchSuggestion.objects.values_list("pk", "updated_at").order_by("pk")
        before = list(touched)
        assert send() == 0
        assert list(touched.all()) == before
        service.decide(ana, card.best.pk, "reject", None)
        assert send() == 1
        assert self.row(card)["status"] == "rejeitada"

    def test_a_row_whose_order_is_gone_holds_up_no_other(
        self, card: Card, hotel: Hotel, send: Callable[[], int]
    ) -> None:
        other = hotel.order("toalha extra 203")
        hotel.suggest(Candidate(other, hotel.stay("Rosa Lima", "203"), 0.7), Candidate(other, None, 0.2))
        hotel.db.execute("delete from ordens_servico where id = %s", [other])

        send()

        assert card.hotel.one("select count(*) n from sugestoes_match")["n"] == 3
        assert send() == 0
