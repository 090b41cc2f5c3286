"""The outbox: Supabase away, crashes between decision and write, late conflicts, undo."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.utils import timezone, translation

from matching import review, writeback
from matching.locking import lock_orders
from matching.models import Alert, Decision, MatchSuggestion, WriteBack
from matching.states import AlertKind, State, WriteKind, WriteState
from sistema_os.supabase import SupabaseClient
from tests.matching.conftest import Candidate, Card, Hotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def sweep(supabase_settings: dict[str, Any]) -> Callable[[], writeback.Delivered]:
    """What the pipeline and jobwatch do: deliver whatever is open."""

    async def deliver() -> writeback.Delivered:
        async with SupabaseClient(**supabase_settings) as supabase:
            return await writeback.deliver_open(supabase)

    return async_to_sync(deliver)


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies right after the commit: nothing is ever sent."""
    monkeypatch.setattr("matching.review.send_now", lambda _: None)


Sweep = Callable[[], writeback.Delivered]


def test_supabase_away_stops_nobody_and_the_link_follows_later(
    card: Card, ana: User, away: Callable[[], None], sweep: Sweep
) -> None:
    away()

    outcome = review.decide(ana, card.best.pk, "accept", None)

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
    review.decide(ana, card.best.pk, "accept", None)

    assert WriteBack.objects.get().attempts == 0
    assert sweep().done == 1
    assert card.hotel.link_of(card.order)["listagem_id"] == card.neto


@pytest.mark.usefixtures("crash")
def test_a_crash_after_the_write_and_before_our_note_of_it_is_settled_by_a_second_send(
    card: Card, ana: User, sweep: Sweep
) -> None:
    review.decide(ana, card.best.pk, "accept", None)
    # What the dead process left behind: the link stands, the row is claimed, the lease has run out.
    card.hotel.one("select vincular_os(%s, 1, %s, 'ana', 0.87)", card.order, card.neto)
    WriteBack.objects.update(attempts=1, maybe_written=True, leased_until=timezone.now() - timedelta(seconds=1))

    assert sweep().done == 1
    assert WriteBack.objects.get().outcome == "ja_vinculada"


@pytest.mark.usefixtures("crash")
def test_a_row_that_somebody_else_is_writing_is_left_alone(card: Card, ana: User, sweep: Sweep) -> None:
    review.decide(ana, card.best.pk, "accept", None)
    WriteBack.objects.update(leased_until=timezone.now() + timedelta(seconds=30))

    assert sweep() == writeback.Delivered()
    assert card.hotel.link_of(card.order)["listagem_id"] is None


@pytest.mark.usefixtures("crash")
def test_two_deliverers_at_once_send_one_request(
    card: Card, ana: User, supabase_settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    review.decide(ana, card.best.pk, "accept", None)
    sent = []
    really_send = writeback._send

    async def counted(write: WriteBack, supabase: SupabaseClient) -> str:
        sent.append(write.pk)
        return await really_send(write, supabase)

    monkeypatch.setattr(writeback, "_send", counted)

    async def both() -> list[Any]:
        async with SupabaseClient(**supabase_settings) as supabase:
            pk = (await WriteBack.objects.aget()).pk
            return list(await asyncio.gather(writeback.deliver(pk, supabase), writeback.deliver(pk, supabase)))

    assert sorted(async_to_sync(both)(), key=str) == [None, WriteState.DONE]
    assert len(sent) == 1


@pytest.mark.usefixtures("crash")
def test_a_fence_that_is_lost_stops_the_delivery_before_it_writes(
    card: Card, ana: User, supabase_settings: dict[str, Any]
) -> None:
    review.decide(ana, card.best.pk, "accept", None)

    class FenceLost(Exception):
        """Another run took over."""

    async def lost() -> None:
        raise FenceLost

    async def deliver() -> None:
        async with SupabaseClient(**supabase_settings) as supabase:
            await writeback.deliver_open(supabase, lost)

    with pytest.raises(FenceLost):
        async_to_sync(deliver)()
    assert card.hotel.link_of(card.order)["listagem_id"] is None
    assert WriteBack.objects.get().attempts == 0


def test_tries_grow_apart_while_supabase_stays_away(card: Card, ana: User, away: Callable[[], None]) -> None:
    away()
    review.decide(ana, card.best.pk, "accept", None)
    before = WriteBack.objects.get()

    async def deliver() -> None:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            await writeback.deliver(before.pk, supabase)

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

        outcome = review.decide(ana, card.best.pk, "accept", None)

        with translation.override("pt-br"):
            assert "texto da OS mudou" in str(card.best.get_conflict_display())
        assert len(outcome.came_back) == 1
        assert card.states() == {card.neto: "pending", card.father: "pending", None: "pending"}
        assert card.best.order.request == "vazamento no 421"
        assert Decision.objects.count() == 1
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    def test_after_reading_the_new_text_the_person_can_decide_at_once(self, card: Card, ana: User) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="vazamento no 421")
        review.decide(ana, card.best.pk, "accept", None)

        review.decide(ana, card.best.pk, "accept", card.best.version)

        assert card.hotel.link_of(card.order)["listagem_id"] == card.neto
        assert card.best.conflict == ""

    def test_linked_by_somebody_else(self, card: Card, ana: User) -> None:
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.father)

        review.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.PENDING
        assert card.best.conflict == "linked_elsewhere"
        assert card.hotel.link_of(card.order)["matched_by"] == "bruno"
        with translation.override("pt-br"), pytest.raises(review.Conflict, match="já está vinculada"):
            review.decide(ana, card.best.pk, "accept", None)

    def test_stay_cancelled_at_the_hotel(self, card: Card, ana: User) -> None:
        card.hotel.update("listagem_hospedes", card.neto, status="cancelada")

        review.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.PENDING
        assert card.best.conflict == "stay_unavailable"
        assert card.suggestion(card.father).state == State.PENDING

    def test_the_same_link_by_somebody_else_is_no_conflict(self, card: Card, ana: User) -> None:
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.neto)

        review.decide(ana, card.best.pk, "accept", None)

        assert card.best.state == State.ACCEPTED
        assert WriteBack.objects.get().outcome == "ja_vinculada"

    def test_an_order_that_is_gone_ends_its_suggestions(self, card: Card, ana: User) -> None:
        card.hotel.db.execute("delete from ordens_servico")

        review.decide(ana, card.best.pk, "accept", None)

        assert set(card.states().values()) == {"expired"}
        assert card.best.end_reason == "order_gone"


class TestUndo:
    def accepted(self, card: Card, user: User) -> Decision:
        return review.decide(user, card.best.pk, "accept", None).decisions[0]

    def test_gives_back_the_batch_and_the_link(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)

        review.undo(ana, decision.pk)

        assert card.states() == {card.neto: "pending", card.father: "pending", None: "pending"}
        assert card.hotel.link_of(card.order)["listagem_id"] is None
        assert list(Decision.objects.values_list("verb", flat=True)) == ["undo", "accept"]

    def test_then_another_can_be_accepted(self, card: Card, ana: User) -> None:
        review.undo(ana, self.accepted(card, ana).pk)

        review.decide(ana, card.suggestion(card.father).pk, "accept", None)

        assert card.hotel.link_of(card.order)["listagem_id"] == card.father

    def test_of_a_rejection_asks_again(self, card: Card, ana: User) -> None:
        (decision,) = review.decide(ana, card.best.pk, "reject", None).decisions
        review.undo(ana, decision.pk)
        assert card.best.state == State.PENDING

    def test_twice_is_a_sentence(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        review.undo(ana, decision.pk)

        with translation.override("pt-br"), pytest.raises(review.Conflict, match="já foi desfeita"):
            review.undo(ana, decision.pk)
        assert Decision.objects.count() == 2

    def test_of_a_link_that_was_never_sent_withdraws_it(
        self, card: Card, ana: User, away: Callable[[], None], sweep: Sweep
    ) -> None:
        away()
        review.undo(ana, self.accepted(card, ana).pk)

        assert WriteBack.objects.get().state == WriteState.WITHDRAWN
        assert sweep() == writeback.Delivered()
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    @pytest.mark.usefixtures("crash")
    def test_of_a_link_that_may_be_on_its_way_unlinks_after_it(self, card: Card, ana: User, sweep: Sweep) -> None:
        decision = self.accepted(card, ana)
        until = timezone.now() + timedelta(seconds=30)
        WriteBack.objects.update(attempts=1, maybe_written=True, leased_until=until)

        review.undo(ana, decision.pk)

        unlink = WriteBack.objects.get(kind=WriteKind.UNLINK)
        assert unlink.next_try_at == until
        card.hotel.one("select vincular_os(%s, 1, %s, 'ana', 0.87)", card.order, card.neto)
        WriteBack.objects.update(next_try_at=timezone.now(), leased_until=None)
        assert sweep().done == 1
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    @pytest.mark.usefixtures("crash")
    def test_link_unlink_link_of_one_order_go_out_in_that_order(self, card: Card, ana: User, sweep: Sweep) -> None:
        decision = self.accepted(card, ana)
        WriteBack.objects.update(maybe_written=True)
        card.hotel.one("select vincular_os(%s, 1, %s, 'ana', 0.87)", card.order, card.neto)
        review.undo(ana, decision.pk)
        review.decide(ana, card.suggestion(card.father).pk, "accept", None)

        assert sweep().done == 2
        assert card.hotel.link_of(card.order)["listagem_id"] == card.father

    @pytest.mark.usefixtures("crash")
    def test_while_an_unlink_is_being_written_the_next_link_waits_its_turn(
        self, card: Card, ana: User, sweep: Sweep
    ) -> None:
        decision = self.accepted(card, ana)
        WriteBack.objects.update(maybe_written=True)
        review.undo(ana, decision.pk)
        review.decide(ana, card.suggestion(card.father).pk, "accept", None)
        unlink = WriteBack.objects.get(kind=WriteKind.UNLINK)
        WriteBack.objects.filter(pk=unlink.pk).update(leased_until=timezone.now() + timedelta(seconds=30))

        assert sweep() == writeback.Delivered()
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    def test_never_takes_away_what_somebody_linked_since(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        card.hotel.one("select desvincular_os(%s, %s)", card.order, card.neto)
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.father)

        review.undo(ana, decision.pk)

        assert card.hotel.link_of(card.order)["matched_by"] == "bruno"
        assert Alert.objects.get().kind == AlertKind.UNLINK_CONFLICT

    def test_of_others_needs_the_permission(self, card: Card, ana: User, paula: User, boss: User) -> None:
        decision = self.accepted(card, ana)
        with pytest.raises(PermissionDenied):
            review.undo(paula, decision.pk)
        assert card.best.state == State.ACCEPTED

        review.undo(boss, decision.pk)
        assert card.best.state == State.PENDING

    def test_of_one_of_a_batch_undoes_the_batch(self, card: Card, hotel: Hotel, boss: User) -> None:
        other, rosa = hotel.order("toalha extra 203"), hotel.stay("Rosa Lima", "203")
        hotel.suggest(Candidate(other, rosa, 0.95))
        best = list(MatchSuggestion.objects.filter(rank=1).values_list("pk", flat=True))
        decisions = review.bulk(boss, best, "accept").decisions

        review.undo(boss, decisions[0].pk)

        assert not MatchSuggestion.objects.filter(state=State.ACCEPTED).exists()
        assert hotel.link_of(other)["listagem_id"] is hotel.link_of(card.order)["listagem_id"] is None

    def test_a_text_that_changed_since_does_not_come_back_to_the_queue(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        card.hotel.update("ordens_servico", card.order, descricao="vazamento no 421")
        card.hotel.refresh([card.order])

        review.undo(ana, decision.pk)

        assert set(card.states().values()) == {"superseded"}
        assert card.best.end_reason == "text_changed"

    def test_a_pair_offered_again_meanwhile_stands_once(self, card: Card, ana: User) -> None:
        (decision,) = review.decide(ana, card.best.pk, "reject", None).decisions
        card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
        card.hotel.suggest(*card.candidates())

        review.undo(ana, decision.pk)

        pair = MatchSuggestion.objects.filter(stay=card.neto).order_by("created_at")
        assert list(pair.values_list("state", flat=True)) == ["superseded", "pending"]

    def test_no_guest_made_on_the_spot_leaves_no_card_behind(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("preventiva ar 412")
        hotel.refresh([order])
        (decision,) = review.no_guest(ana, order, 1).decisions

        review.undo(ana, decision.pk)

        assert not MatchSuggestion.objects.pending().exists()
        assert hotel.link_of(order)["sem_hospede"] is False

    @pytest.mark.django_db(transaction=True)
    def test_that_meets_a_run_crosswise_is_tried_again(self, card: Card, hotel: Hotel, boss: User) -> None:
        """A run holds the second order and wants the first, while the undo of a batch holds the first."""
        other = hotel.order("toalha extra 203")
        hotel.suggest(Candidate(other, hotel.stay("Rosa Lima", "203"), 0.95))
        best = list(MatchSuggestion.objects.filter(rank=1).values_list("pk", flat=True))
        batch = review.bulk(boss, best, "accept").decisions[0]
        run_has_one, ends = threading.Event(), []

        def run() -> None:
            try:
                with transaction.atomic():
                    lock_orders([other])
                    run_has_one.set()
                    # The undo waits first, so it is the one that PostgreSQL turns away.
                    with connection.cursor() as cursor:
                        while cursor.execute("select count(*) from pg_locks where not granted").fetchone() == (0,):
                            pass
                    lock_orders([card.order])
                ends.append("run committed")
            except OperationalError:
                ends.append("run lost")
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        run_has_one.wait()
        review.undo(boss, batch.pk)
        thread.join()

        assert ends == ["run committed"]
        assert not MatchSuggestion.objects.filter(state=State.ACCEPTED).exists()
