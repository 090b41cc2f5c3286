"""Undo: gives back states and links, once, by whom it may, and never what somebody linked since."""

import threading
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation

from matching.models import Alert, Decision, MatchSuggestion, WriteBack
from matching.models.choices import AlertKind, State, WriteKind, WriteState
from matching.review import service
from matching.suggestions.locks import lock_orders, retry_on_deadlock
from matching.writeback import outbox
from tests.matching.conftest import Candidate, Card, Hotel, Sweep, accept_in_bulk
from tests.matching.pages import page

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestUndo:
    def accepted(self, card: Card, user: User) -> Decision:
        return service.decide(user, card.best.pk, "accept", None).decisions[0]

    def test_gives_back_the_batch_and_the_link(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)

        service.undo(ana, decision.pk)

        assert card.states() == {card.neto: "pending", card.father: "pending", None: "pending"}
        assert card.hotel.link_of(card.order)["listagem_id"] is None
        assert list(Decision.objects.values_list("verb", flat=True)) == ["undo", "accept"]

    def test_then_another_can_be_accepted(self, card: Card, ana: User) -> None:
        service.undo(ana, self.accepted(card, ana).pk)

        service.decide(ana, card.suggestion(card.father).pk, "accept", None)

        assert card.hotel.link_of(card.order)["listagem_id"] == card.father

    def test_of_a_rejection_asks_again(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None).decisions
        service.undo(ana, decision.pk)
        assert card.best.state == State.PENDING

    def test_its_page_is_in_portuguese(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None, "namesake").decisions
        service.undo(ana, decision.pk)
        undo = Decision.objects.get(undo_of=decision)
        first, second = (
            page(ana, reverse("admin:matching_decision_change", args=[row.pk])) for row in (decision, undo)
        )
        assert "homônimo ou parente" in first
        for label in ("Versão do modelo", "Desfaz:"):
            assert label in second
        with translation.override("pt-br"):
            assert str(decision) in unescape(second)

    def test_twice_is_a_sentence(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        service.undo(ana, decision.pk)

        with translation.override("pt-br"), pytest.raises(service.Conflict, match="já foi desfeita"):
            service.undo(ana, decision.pk)
        assert Decision.objects.count() == 2

    def test_of_a_link_that_was_never_sent_withdraws_it(
        self, card: Card, ana: User, away: Callable[[], None], sweep: Sweep
    ) -> None:
        away()
        service.undo(ana, self.accepted(card, ana).pk)

        assert WriteBack.objects.get().state == WriteState.WITHDRAWN
        assert sweep() == outbox.Delivered()
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    @pytest.mark.usefixtures("crash")
    def test_of_a_link_that_may_be_on_its_way_unlinks_after_it(self, card: Card, ana: User, sweep: Sweep) -> None:
        decision = self.accepted(card, ana)
        until = timezone.now() + timedelta(seconds=30)
        WriteBack.objects.update(attempts=1, maybe_written=True, leased_until=until)

        service.undo(ana, decision.pk)

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
        service.undo(ana, decision.pk)
        service.decide(ana, card.suggestion(card.father).pk, "accept", None)

        assert sweep().done == 2
        assert card.hotel.link_of(card.order)["listagem_id"] == card.father

    @pytest.mark.usefixtures("crash")
    def test_while_an_unlink_is_being_written_the_next_link_waits_its_turn(
        self, card: Card, ana: User, sweep: Sweep
    ) -> None:
        decision = self.accepted(card, ana)
        WriteBack.objects.update(maybe_written=True)
        service.undo(ana, decision.pk)
        service.decide(ana, card.suggestion(card.father).pk, "accept", None)
        unlink = WriteBack.objects.get(kind=WriteKind.UNLINK)
        WriteBack.objects.filter(pk=unlink.pk).update(leased_until=timezone.now() + timedelta(seconds=30))

        assert sweep() == outbox.Delivered()
        assert card.hotel.link_of(card.order)["listagem_id"] is None

    def test_never_takes_away_what_somebody_linked_since(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        card.hotel.one("select desvincular_os(%s, %s)", card.order, card.neto)
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.father)

        service.undo(ana, decision.pk)

        assert card.hotel.link_of(card.order)["matched_by"] == "bruno"
        assert Alert.objects.get().kind == AlertKind.UNLINK_CONFLICT

    def test_of_others_needs_the_permission(self, card: Card, ana: User, paula: User, boss: User) -> None:
        decision = self.accepted(card, ana)
        with pytest.raises(PermissionDenied):
            service.undo(paula, decision.pk)
        assert card.best.state == State.ACCEPTED

        service.undo(boss, decision.pk)
        assert card.best.state == State.PENDING

    def test_of_one_of_a_batch_undoes_the_batch(self, card: Card, hotel: Hotel, boss: User, sweep: Sweep) -> None:
        other, rosa = hotel.order("toalha extra 203"), hotel.stay("Rosa Lima", "203")
        hotel.suggest(Candidate(other, rosa, 0.95))
        plan = accept_in_bulk(boss, MatchSuggestion.objects.filter(rank=1))
        sweep()

        service.undo(boss, Decision.objects.filter(batch=plan.batch)[0].pk)

        assert not MatchSuggestion.objects.filter(state=State.ACCEPTED).exists()
        assert hotel.link_of(other)["listagem_id"] is hotel.link_of(card.order)["listagem_id"] is None

    def test_a_text_that_changed_since_does_not_come_back_to_the_queue(self, card: Card, ana: User) -> None:
        decision = self.accepted(card, ana)
        card.hotel.update("ordens_servico", card.order, descricao="vazamento no 421")
        card.hotel.refresh([card.order])

        service.undo(ana, decision.pk)

        assert set(card.states().values()) == {"superseded"}
        assert card.best.end_reason == "text_changed"

    def test_a_pair_offered_again_meanwhile_stands_once(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None).decisions
        card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
        card.hotel.suggest(*card.candidates())

        service.undo(ana, decision.pk)

        pair = MatchSuggestion.objects.filter(stay=card.neto).order_by("created_at")
        assert list(pair.values_list("state", flat=True)) == ["superseded", "pending"]

    def test_no_guest_made_on_the_spot_leaves_no_card_behind(self, hotel: Hotel, ana: User) -> None:
        order = hotel.order("preventiva ar 412")
        hotel.refresh([order])
        (decision,) = service.no_guest(ana, order, 1).decisions

        service.undo(ana, decision.pk)

        assert not MatchSuggestion.objects.pending().exists()
        assert hotel.link_of(order)["sem_hospede"] is False

    @pytest.mark.django_db(transaction=True)
    def test_that_meets_a_run_crosswise_is_tried_again(
        self, card: Card, hotel: Hotel, boss: User, sweep: Sweep
    ) -> None:
        """A run holds the second order and wants the first, while the undo of a batch holds the first."""
        other = hotel.order("toalha extra 203")
        hotel.suggest(Candidate(other, hotel.stay("Rosa Lima", "203"), 0.95))
        batch = Decision.objects.filter(batch=accept_in_bulk(boss, MatchSuggestion.objects.filter(rank=1)).batch)[0]
        sweep()
        run_has_one, ends = threading.Event(), []

        def lock_both() -> None:
            with transaction.atomic():
                lock_orders([other])
                if not run_has_one.is_set():
                    run_has_one.set()
                    # The undo waits first, so it is the one that PostgreSQL turns away, unless it is long in coming:
                    # then it is the run, which tries again as the undo does.
                    with connection.cursor() as cursor:
                        while cursor.execute("select count(*) from pg_locks where not granted").fetchone() == (0,):
                            pass
                lock_orders([card.order])

        def run() -> None:
            try:
                retry_on_deadlock(lock_both)
                ends.append("run committed")
            except OperationalError:
                ends.append("run lost")
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        run_has_one.wait()
        service.undo(boss, batch.pk)
        thread.join()

        assert ends == ["run committed"]
        assert not MatchSuggestion.objects.filter(state=State.ACCEPTED).exists()
