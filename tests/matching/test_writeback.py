"""The outbox: Supabase away, crashes between decision and write, late conflicts, undo."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone, translation

from matching.models import Decision, MatchSuggestion, WriteBack
from matching.models.choices import State, WriteState
from matching.review import service
from matching.writeback import outbox
from sistema_os.supabase import SupabaseClient
from tests.matching.conftest import Card, Sweep

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def test_supabase_away_stops_nobody_and_the_link_follows_later(
    card: Card, ana: User, away: Callable[[], None], sweep: Sweep
) -> None:
    away()

    outcome = service.decide(ana, card.best.pk, "accept", None)

    assert outcome.waiting == 1
    assert card.best.state == State.ACCEPTED
    assert MatchSuggestion.objects.with_unconfirmed().get(pk=card.best.pk).unconfirmed  # type: ignore[attr-defined]  # annotated
    assert card.hotel.link_of(card.order)["listagem_id"] is None

    assert sweep().done == 1
    assert card.hotel.link_of(card.order)["listagem_id"] == card.neto
    assert card.hotel.link_of(card.order)["matched_by"] == "ana"
    assert not MatchSuggestion.objects.with_unconfirmed().get(pk=card.best.pk).unconfirmed  # type: ignore[attr-defined]  # annotated


@pytest.mark.usefixtures("crash")
def test_a_crash_between_decision_and_write_loses_neither(card: Card, ana: User, sweep: Sweep) -> None:
    service.decide(ana, card.best.pk, "accept", None)

    assert WriteBack.objects.get().attempts == 0
    assert sweep().done == 1
    assert card.hotel.link_of(card.order)["listagem_id"] == card.neto


@pytest.mark.usefixtures("crash")
def test_a_crash_after_the_write_and_before_our_note_of_it_is_settled_by_a_second_send(
    card: Card, ana: User, sweep: Sweep
) -> None:
    service.decide(ana, card.best.pk, "accept", None)
    # What the dead process left behind: the link stands, the row is claimed, the lease has run out.
    card.hotel.one("select vincular_os(%s, 1, %s, 'ana', 0.87)", card.order, card.neto)
    WriteBack.objects.update(attempts=1, maybe_written=True, leased_until=timezone.now() - timedelta(seconds=1))

    assert sweep().done == 1
    assert WriteBack.objects.get().outcome == "ja_vinculada"


@pytest.mark.usefixtures("crash")
def test_a_row_that_somebody_else_is_writing_is_left_alone(card: Card, ana: User, sweep: Sweep) -> None:
    service.decide(ana, card.best.pk, "accept", None)
    WriteBack.objects.update(leased_until=timezone.now() + timedelta(seconds=30))

    assert sweep() == outbox.Delivered()
    assert card.hotel.link_of(card.order)["listagem_id"] is None


@pytest.mark.usefixtures("crash")
def test_two_deliverers_at_once_send_one_request(
    card: Card, ana: User, supabase_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    service.decide(ana, card.best.pk, "accept", None)
    sent = []
    really_send = outbox._send

    async def counted(write: WriteBack, supabase: SupabaseClient) -> str:
        sent.append(write.pk)
        return await really_send(write, supabase)

    monkeypatch.setattr(outbox, "_send", counted)

    async def both() -> list[Any]:
        async with SupabaseClient(**supabase_settings) as supabase:
            pk = (await WriteBack.objects.aget()).pk
            return list(await asyncio.gather(outbox.deliver(pk, supabase), outbox.deliver(pk, supabase)))

    assert sorted(async_to_sync(both)(), key=str) == [None, WriteState.DONE]
    assert len(sent) == 1


@pytest.mark.usefixtures("crash")
def test_a_fence_that_is_lost_stops_the_delivery_before_it_writes(
    card: Card, ana: User, supabase_settings: dict[str, Any]
) -> None:
    service.decide(ana, card.best.pk, "accept", None)

    class FenceLost(Exception):
        """Another run took over."""

    async def lost() -> None:
        raise FenceLost

    async def deliver() -> None:
        async with SupabaseClient(**supabase_settings) as supabase:
            await outbox.deliver_open(supabase, lost)

    with pytest.raises(FenceLost):
        async_to_sync(deliver)()
    assert card.hotel.link_of(card.order)["listagem_id"] is None
    assert WriteBack.objects.get().attempts == 0


def test_tries_grow_apart_while_supabase_stays_away(card: Card, ana: User, away: Callable[[], None]) -> None:
    away()
    service.decide(ana, card.best.pk, "accept", None)
    before = WriteBack.objects.get()

    async def deliver() -> None:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            await outbox.deliver(before.pk, supabase)

    async_to_sync(deliver)()

    after = WriteBack.objects.get()
    assert (before.attempts, after.attempts) == (1, 2)
    assert before.next_try_at < timezone.now() < after.next_try_at
    assert after.state == WriteState.OPEN
    assert after.last_error


class TestALateConflict:
    """Our copy was current, Supabase had moved on: the card comes back and says why."""

    def test_text_edited_at_the_hotel(self, card: Card, ana: User) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="vazamento no 421")

        outcome = service.decide(ana, card.best.pk, "accept", None)

        with translation.override("pt-br"):
            assert "texto da OS mudou" in str(card.best.get_conflict_display())
        assert len(outcome.came_back) == 1
        assert card.states() == {card.neto: "pending", card.father: "pending", None: "pending"}
        assert card.best.order.request == "vazamento no 421"
        assert Decision.objects.count() == 1
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    def test_after_reading_the_new_text_the_person_can_decide_at_once(self, card: Card, ana: User) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="vazamento no 421")
        service.decide(ana, card.best.pk, "accept", None)

        service.decide(ana, card.best.pk, "accept", card.best.version)

        assert card.hotel.link_of(card.order)["listagem_id"] == card.neto
        assert card.best.conflict == ""

    def test_linked_by_somebody_else(self, card: Card, ana: User) -> None:
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.father)

        service.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.PENDING
        assert card.best.conflict == "linked_elsewhere"
        assert card.hotel.link_of(card.order)["matched_by"] == "bruno"
        with translation.override("pt-br"), pytest.raises(service.Conflict, match="já está vinculada"):
            service.decide(ana, card.best.pk, "accept", None)

    def test_stay_cancelled_at_the_hotel(self, card: Card, ana: User) -> None:
        card.hotel.update("listagem_hospedes", card.neto, status="cancelada")

        service.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.PENDING
        assert card.best.conflict == "stay_unavailable"
        assert card.suggestion(card.father).state == State.PENDING

    def test_the_same_link_by_somebody_else_is_no_conflict(self, card: Card, ana: User) -> None:
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.neto)

        service.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.ACCEPTED
        assert WriteBack.objects.get().outcome == "ja_vinculada"

    def test_an_order_that_is_gone_ends_its_suggestions(self, card: Card, ana: User) -> None:
        card.hotel.db.execute("delete from ordens_servico")

        service.decide(ana, card.best.pk, "accept", None)

        assert set(card.states().values()) == {"expired"}
        assert card.best.end_reason == "order_gone"
