"""A batch: seen before it is decided, decided once, undone at once."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from matching.models import (
    AuditAction,
    AuditEntry,
    BulkPlan,
    CardLease,
    Decision,
    MatchSuggestion,
    Order,
    Stay,
    WriteBack,
)
from matching.models.choices import State, Verb, WriteState
from matching.reports import agreement, expected_errors
from matching.reports.charts import measured
from matching.reports.periods import Period
from matching.review import bulk, queue, service
from matching.review.bulk_views import ThresholdForm
from tests.matching.conftest import Card
from tests.matching.pages import LIST, page, signed_in
from tests.shell.pages.conftest import accept, order, stay, suggest

pytestmark = [pytest.mark.stack, pytest.mark.django_db]

START = f"{LIST}bulk/"


def waiting(count: int, *, first: int = 1, probability: float = 0.99) -> list[MatchSuggestion]:
    """So many orders, each with one candidate; the later ones a little less probable."""
    day = timezone.localdate()
    return [
        suggest(order(n), stay(n, "203", day), round(probability - 0.0001 * n, 4)) for n in range(first, first + count)
    ]


def planned(user: User, threshold: str = "0.9") -> BulkPlan:
    return bulk.plan_above(user, Decimal(threshold))


def url(plan: BulkPlan) -> str:
    return f"{START}{plan.pk}/"


@pytest.fixture
def client(boss: User) -> Client:
    return signed_in(boss)


class TestThePreview:
    def test_takes_the_best_of_each_order_from_the_threshold_on(self, boss: User) -> None:
        cards = waiting(3) + waiting(1, first=50, probability=0.97)
        below = suggest(cards[0].order, None, 0.985, rank=2)
        plan = planned(boss, "0.98")
        assert [item[0] for item in plan.items] == [str(card.pk) for card in cards[:3]]
        assert str(below.pk) not in str(plan.items)

    def test_leaves_out_what_a_person_marked_and_what_came_back(self, boss: User) -> None:
        one, two, three = waiting(3)
        Order.objects.filter(pk=one.order_id).update(flagged=True)
        MatchSuggestion.objects.filter(pk=two.pk).update(conflict="text_changed")
        assert [item[0] for item in planned(boss).items] == [str(three.pk)]

    def test_shows_ten_at_random_that_stay_the_same_and_the_five_nearest(self, boss: User) -> None:
        cards = waiting(40)
        plan = planned(boss)
        looked, again = bulk.preview(plan), bulk.preview(BulkPlan.objects.get())
        assert looked == again
        assert len({card.pk for card in looked.sample}) == 10
        assert [card.pk for card in looked.nearest] == [card.pk for card in reversed(cards[-5:])]

    def test_another_preview_draws_others(self, boss: User) -> None:
        waiting(40)
        drawn = {tuple(card.pk for card in bulk.preview(planned(boss)).sample) for _ in range(5)}
        assert len(drawn) > 1

    def test_is_one_page_before_anything_is_decided(self, client: Client) -> None:
        waiting(3)
        html = client.post(START, {"above": "0,98"}, follow=True).content.decode()
        assert "Aceitar 3 sugestões?" in html
        assert "Mais próximas do limite" in html
        assert "Amostra: 3 ao acaso" in html
        assert not Decision.objects.exists()

    @pytest.mark.parametrize(
        "text", ["", "x", "0,5", "0,8999", "1,01", "101", "-1", "nan", "inf", "1e3", "0,98'; drop", "٠٫٩٨x"]
    )
    def test_is_not_made_for_what_is_no_probability_of_the_strong_band(self, client: Client, text: str) -> None:
        answer = client.post(START, {"above": text})
        assert "Digite uma probabilidade" in answer.content.decode()
        assert not BulkPlan.objects.exists()

    @pytest.mark.parametrize(("text", "value"), [("0,98", "0.98"), ("0.9", "0.9"), ("98", "0.98"), (" 1 ", "1")])
    def test_reads_a_probability_as_people_write_it(self, text: str, value: str) -> None:
        form = ThresholdForm({"above": text})
        assert form.is_valid()
        assert form.cleaned_data["above"] == Decimal(value)

    def test_with_nothing_to_decide_says_so(self, client: Client) -> None:
        assert "Nada pendente aqui" in client.post(START, {"above": "0.98"}, follow=True).content.decode()

    def test_asks_no_more_questions_for_many_than_for_few(
        self, boss: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        waiting(60)
        plan = planned(boss)
        with django_assert_max_num_queries(12):
            client.get(url(plan))

    def test_never_holds_more_than_its_most(self, boss: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "MAX_ITEMS", 4)
        waiting(6)
        plan = planned(boss)
        assert (len(plan.items), plan.found) == (4, 6)
        assert "São 6; este lote inclui as 4 mais prováveis" in client.get(url(plan)).content.decode()


class TestWhatWouldBeWrong:
    def past(self, user: User, hits: int, misses: int, probability: float) -> None:
        for number in range(hits + misses):
            card = suggest(order(5000 + number), stay(5000 + number, "101", timezone.localdate()), probability)
            accept(card, user, Verb.ACCEPT if number < hits else Verb.REJECT)

    def test_is_counted_from_what_people_said_of_suggestions_like_these(self, boss: User) -> None:
        self.past(boss, 38, 2, 0.99)
        told = expected_errors.expected(Verb.ACCEPT, [0.99] * 100 + [0.93] * 10, timezone.localdate())
        found = measured(38, 40)
        assert found is not None
        assert told.rows[0].found == found
        assert told.errors == pytest.approx(100 * 2 / 40)
        assert told.rows[0].worst == pytest.approx(100 * (1 - found.low))
        assert not told.sure  # of 0.90 to 0.98 nobody decided any

    def test_of_a_rejection_is_what_people_accepted(self, boss: User) -> None:
        self.past(boss, 4, 36, 0.2)
        told = expected_errors.expected(Verb.REJECT, [0.2] * 50, timezone.localdate())
        assert told.errors == pytest.approx(5)
        assert told.sure

    def test_is_not_told_from_a_handful(self, boss: User, client: Client) -> None:
        self.past(boss, 5, 0, 0.99)
        waiting(3)
        assert "Confira uma a uma" in client.get(url(planned(boss))).content.decode()

    def test_is_told_with_its_interval(self, boss: User, client: Client) -> None:
        self.past(boss, 40, 0, 0.99)
        waiting(3)
        assert (
            "espere cerca de 0,0 erros neste lote (no pior caso, 1)" in client.get(url(planned(boss))).content.decode()
        )

    def test_is_known_again_after_the_next_decision(self, boss: User) -> None:
        self.past(boss, 1, 0, 0.99)
        day = timezone.localdate()
        assert agreement.sure(agreement.quality(agreement.verdicts_by_day(day), Period(7, day))) == measured(1, 1)
        accept(suggest(order(1), stay(1, "101", day), 0.99), boss, Verb.REJECT)
        assert agreement.sure(agreement.quality(agreement.verdicts_by_day(day), Period(7, day))) == measured(1, 2)


class TestTheDecision:
    def test_is_one_batch_with_a_line_each_and_one_undo(self, boss: User, client: Client, crash: None) -> None:
        cards = waiting(5)
        plan = planned(boss)
        html = client.post(url(plan), {"confirm": "1"}, follow=True).content.decode()
        assert "5 aceitas" in html
        told = Decision.objects.all()
        assert {decision.batch for decision in told} == {plan.batch}
        assert {decision.suggestion_id for decision in told} == {card.pk for card in cards}
        entry = AuditEntry.objects.get()
        assert (entry.deed, entry.params["decided"], entry.params["threshold"]) == (AuditAction.BULK, 5, "0.9000")

        client.post(url(plan), {"undo": told[0].pk})

        assert set(MatchSuggestion.objects.values_list("state", flat=True)) == {State.PENDING}
        assert Decision.objects.filter(verb=Verb.UNDO).count() == 5
        assert AuditEntry.objects.get(deed=AuditAction.BULK_UNDO).params["count"] == 5
        assert "Este lote foi desfeito" in client.get(url(plan)).content.decode()

    def test_is_not_taken_twice(self, boss: User, client: Client, crash: None) -> None:
        waiting(2)
        plan = planned(boss)
        for _ in range(2):
            html = client.post(url(plan), {"confirm": "1"}, follow=True).content.decode()
        assert "Nenhuma decisão foi repetida" in html
        assert Decision.objects.count() == 2

    def test_leaves_out_and_tells_what_changed_since(self, boss: User, client: Client, ana: User, crash: None) -> None:
        changed, rejected, gone, busy, fine = waiting(5)
        plan = planned(boss)
        MatchSuggestion.objects.filter(pk=changed.pk).update(version=2)
        service.decide(ana, rejected.pk, "reject", None)
        Stay.objects.filter(pk=gone.stay_id or 0).update(status="cancelada")
        queue.take_lease(busy.order_id, ana)

        html = client.post(url(plan), {"confirm": "1"}, follow=True).content.decode()

        assert list(Decision.objects.filter(batch=plan.batch).values_list("suggestion", flat=True)) == [fine.pk]
        assert "4 ficaram de fora" in html
        for words in ("mudou enquanto você lia", "já rejeitou", "foi cancelada", "está com a ficha aberta"):
            assert words in html

    def test_queues_its_links_instead_of_waiting_for_them(
        self, boss: User, client: Client, away: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("matching.review.service.send_now", lambda _: pytest.fail("a batch waits for nobody"))
        waiting(3)
        plan = planned(boss)
        html = client.post(url(plan), {"confirm": "1"}, follow=True).content.decode()
        assert "3 vínculos aguardam o sistema do hotel" in html
        assert WriteBack.objects.filter(state=WriteState.OPEN).count() == 3

    def test_rejects_those_picked_in_the_list(self, card: Card, boss: User, client: Client) -> None:
        chosen = {"action": "reject_selected", "_selected_action": [str(card.best.pk)], "index": "0"}
        preview = client.post(LIST, chosen, follow=True)
        assert "Rejeitar 1 sugestão?" in preview.content.decode()
        client.post(preview.redirect_chain[-1][0], {"confirm": "1"})
        assert card.best.state == State.REJECTED

    def test_accepts_the_better_of_two_of_one_order(self, card: Card, boss: User, crash: None) -> None:
        both = [card.suggestion(card.father).pk, card.best.pk]
        found = bulk.decide_many(boss, dict.fromkeys(both), Verb.ACCEPT, uuid.uuid4())
        assert [decision.suggestion_id for decision in found.decisions] == [card.best.pk]
        assert "candidato melhor" in found.refused[0][1]
        assert card.suggestion(card.father).state == State.SUPERSEDED

    def test_that_was_cut_off_goes_on_under_the_same_batch(self, boss: User, client: Client, crash: None) -> None:
        waiting(4)
        plan = planned(boss)
        half = {uuid.UUID(pk): version for pk, version, _ in plan.items[:2]}
        bulk.decide_many(boss, half, Verb.ACCEPT, plan.batch)
        BulkPlan.objects.update(held_until=timezone.now())
        assert "Este lote foi interrompido" in client.get(url(plan)).content.decode()
        client.post(url(plan), {"confirm": "1"})
        plan.refresh_from_db()
        assert (plan.decided, plan.left_out) == (4, 0)
        assert Decision.objects.filter(batch=plan.batch).count() == 4

    def test_takes_as_many_questions_for_forty_as_for_ten(
        self, boss: User, django_assert_max_num_queries: DjangoAssertNumQueries, crash: None
    ) -> None:
        asked = []
        for first, count in ((1, 10), (100, 40)):
            plan = planned(boss) if waiting(count, first=first) else None
            assert plan is not None
            with django_assert_max_num_queries(40) as queries:
                bulk.carry_out(boss, plan)
            asked.append(len(queries))
            with django_assert_max_num_queries(40) as queries:
                service.undo(boss, Decision.objects.filter(batch=plan.batch)[0].pk)
            asked.append(len(queries))
            MatchSuggestion.objects.update(queued_at=None)
        # The first time it also asks for the content type of the history.
        assert [asked[2], asked[3]] <= [asked[0], asked[1]]


class TestWhoMay:
    @pytest.mark.parametrize("person", ["ana", "reader", "operator"])
    def test_decide_in_bulk_is_for_supervisors(self, person: str, boss: User, request: Any) -> None:
        waiting(1)
        plan = planned(boss)
        somebody = request.getfixturevalue(person)
        client = signed_in(somebody)
        for address in (START, url(plan)):
            assert client.get(address).status_code == 403
            assert client.post(address, {"above": "0.98", "confirm": "1"}).status_code == 403
        assert not Decision.objects.exists()

    def test_nobody_opens_the_batch_of_somebody_else(self, boss: User) -> None:
        waiting(1)
        plan = planned(boss)
        other = User.objects.create_superuser("root", password="x")
        client = signed_in(other)
        assert client.get(url(plan)).status_code == 404
        assert client.post(url(plan), {"confirm": "1"}).status_code == 404
        assert client.get(f"{START}{uuid.uuid4()}/").status_code == 404
        assert client.get(f"{START}x/").status_code in (302, 404)

    def test_without_a_csrf_token_nothing_is_decided(self, boss: User) -> None:
        waiting(1)
        client = signed_in(boss, csrf=True)
        assert client.post(START, {"above": "0.98"}).status_code == 403
        assert client.post(url(planned(boss)), {"confirm": "1"}).status_code == 403
        assert not Decision.objects.exists()

    def test_is_offered_only_to_them(self, boss: User, ana: User) -> None:
        assert START in page(boss, LIST)
        assert START not in page(ana, LIST)

    def test_an_old_preview_is_forgotten_with_the_next(self, boss: User) -> None:
        waiting(1)
        old, new = planned(boss), planned(boss)
        assert list(BulkPlan.objects.all()) == [new]
        assert old.pk != new.pk

    def test_leases_of_nobody_keep_nothing_back(self, boss: User) -> None:
        waiting(1)
        CardLease.objects.all().delete()
        assert bulk.carry_out(boss, planned(boss))
