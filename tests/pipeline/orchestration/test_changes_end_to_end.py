"""Each row of the effects table once more, from the hotel's database to suggestions and alerts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from matching.models import Alert, MatchSuggestion, Order, Stay
from matching.models.choices import AlertKind, EndReason, Severity, State
from pipeline.models import JobRun
from pipeline.models import State as RunState
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def morning(hotel: SmallHotel, days: int = 0) -> JobRun:
    """The run of D+days; later mornings come with a fresh export."""
    if days:
        hotel.next_morning()
    done = run("pipeline_diario", D + timedelta(days))
    assert done.state in (RunState.SUCCEEDED, RunState.PARTIAL), done.reason
    return done


def suggestion(order: int, stay: int | None) -> MatchSuggestion:
    return MatchSuggestion.objects.filter(order=order, stay=stay).latest("created_at")


def link(hotel: SmallHotel, order: int, stay: int) -> None:
    answer = hotel.database.execute("select vincular_os(%s, 1, %s, 'ana', 0.9)", [order, stay]).fetchone()
    assert answer == ("vinculada",)


def test_an_order_is_offered_the_guest_of_its_room_and_the_mirror_tells_so(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana 203 chuveiro frio")
    hotel.stay("Bruno Lima", "415")
    done = morning(hotel)
    assert suggestion(order, ana).rank == 1
    assert float(suggestion(order, ana).probability) > 0.5
    row = hotel.database.execute("select listagem_id, status from sugestoes_match where posicao = 1").fetchone()
    assert row == (ana, "pendente")
    assert done.summary["orders_matched"] == 1


def test_a_check_in_offers_the_guest_to_an_order_that_was_opened_the_day_before(hotel: SmallHotel) -> None:
    hotel.stay("Bruno Lima", "415")
    order = hotel.order("Clarice apto 203 pediu berço", aberta_em="2026-03-10T08:00:00Z")
    morning(hotel)
    clarice = hotel.stay("Clarice Prado", "203")
    done = morning(hotel, 1)
    assert done.summary["orders_matched"] == 1
    assert suggestion(order, clarice).rank == 1


def test_a_room_move_keeps_both_rooms_and_flags_the_open_order_of_the_old_one(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("203 chuveiro frio", uh_texto="203")
    hotel.stay("Bruno Lima", "300")
    morning(hotel)
    hotel.change("listagem_hospedes", ana, uh="415")
    morning(hotel, 1)
    assert Stay.objects.get(pk=ana).occupancies == [
        {"uh": "203", "de": "2026-03-08", "ate": "2026-03-10"},
        {"uh": "415", "de": "2026-03-10", "ate": "2026-03-14"},
    ]
    flag = Alert.objects.get(kind=AlertKind.ROOM_MOVED)
    assert (flag.order_id, flag.stay_id, flag.params["to"]) == (order, ana, "415")
    assert suggestion(order, ana).state == State.PENDING
    assert suggestion(order, ana).rank == 1, "she slept in 203 when the order was opened"


def test_a_room_move_leaves_an_accepted_link_alone(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("203 chuveiro frio", uh_texto="203")
    link(hotel, order, ana)
    morning(hotel)
    hotel.change("listagem_hospedes", ana, uh="415")
    done = morning(hotel, 1)
    assert done.summary["orders_matched"] == 0
    assert hotel.database.execute("select listagem_id from ordens_servico").fetchone() == (ana,)


def test_a_corrected_name_rescores_the_same_suggestion(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Sosa Prado", "203"), hotel.order("Ana Souza 203 chuveiro frio")
    morning(hotel)
    before = suggestion(order, ana)
    hotel.change("listagem_hospedes", ana, nome_listagem="Ana Souza Prado")
    hotel.database.execute("update hospedes set nome = 'Ana Souza Prado'")
    done = morning(hotel, 1)
    after = MatchSuggestion.objects.get(order=order, stay=ana)
    assert after.pk == before.pk
    assert after.probability != before.probability or after.reasons != before.reasons
    assert done.summary["suggestions"]["rescored"] >= 1


@pytest.mark.parametrize(
    ("status", "reason"), [("cancelada", EndReason.STAY_CANCELLED), ("no_show", EndReason.NO_SHOW)]
)
def test_a_cancelled_stay_ends_its_suggestions_with_the_reason(
    hotel: SmallHotel, status: str, reason: EndReason
) -> None:
    ana = hotel.stay("Ana Souza", "203", status="confirmada", chegada=D, saida=D + timedelta(3))
    order = hotel.order("berço p/ chegada Ana Souza 10/03")
    hotel.stay("Bruno Lima", "415")
    morning(hotel)
    assert suggestion(order, ana).state == State.PENDING
    hotel.change("listagem_hospedes", ana, status=status)
    done = morning(hotel, 1)
    ended = suggestion(order, ana)
    assert (ended.state, ended.end_reason) == (State.EXPIRED, reason)
    assert done.summary["expired"] == 1


def test_when_one_of_two_namesakes_cancels_the_other_one_gains(hotel: SmallHotel) -> None:
    ana, other = hotel.stay("Ana Souza", "203"), hotel.stay("Ana Lima", "415")
    hotel.stay("Bruno Lima", "500")
    order = hotel.order("Ana pediu toalha", aberta_em="2026-03-08T20:00:00Z")
    morning(hotel)
    before = suggestion(order, other)
    hotel.change("listagem_hospedes", ana, status="cancelada")
    morning(hotel, 1)
    after = suggestion(order, other)
    assert after.pk == before.pk
    assert after.probability > before.probability


def test_a_cancelled_stay_that_is_linked_already_alerts_and_keeps_its_link(hotel: SmallHotel) -> None:
    ana = hotel.stay("Ana Souza", "203", status="confirmada")
    order = hotel.order("Ana Souza chega amanhã, berço")
    hotel.stay("Bruno Lima", "415")
    morning(hotel)
    link(hotel, order, ana)
    hotel.change("listagem_hospedes", ana, status="cancelada")
    morning(hotel, 1)
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity) == (AlertKind.LINKED_STAY_CANCELLED, Severity.HIGH)
    assert (alert.order_id, alert.stay_id) == (order, ana)
    assert hotel.database.execute("select listagem_id from ordens_servico").fetchone() == (ana,)


@pytest.mark.parametrize(
    ("left", "kind", "severity"),
    [
        (date(2026, 3, 11), AlertKind.EARLY_DEPARTURE, Severity.HIGH),
        (date(2026, 3, 14), AlertKind.DEPARTURE, Severity.MEDIUM),
    ],
    ids=["early", "as planned"],
)
def test_a_departure_with_an_open_order_alerts(
    hotel: SmallHotel, left: date, kind: AlertKind, severity: Severity
) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana Souza 203 cofre travado")
    hotel.stay("Bruno Lima", "415")
    morning(hotel)
    hotel.change("listagem_hospedes", ana, status="saida", saida=left)
    morning(hotel, 1)
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity, alert.order_id, alert.stay_id) == (kind, severity, order, ana)


def test_a_vanished_stay_waits_a_second_listing_before_its_suggestions_expire(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana Souza 203 cofre travado")
    hotel.stay("Bruno Lima", "415")
    morning(hotel)
    hotel.change("listagem_hospedes", ana, removido_em="2026-03-11T06:00:00Z")
    morning(hotel, 1)
    assert suggestion(order, ana).state == State.PENDING
    assert run("pipeline_diario", D + timedelta(1)).summary["expired"] == 0, "the same date again confirms nothing"
    hotel.stay("Caio Reis", "500")
    morning(hotel, 2)
    ended = suggestion(order, ana)
    assert (ended.state, ended.end_reason) == (State.EXPIRED, EndReason.STAY_VANISHED)
    assert not Alert.objects.exists()


def test_a_guest_missing_from_one_export_stays_a_candidate_with_doubt(hotel: SmallHotel) -> None:
    """The stranger of the same name is not offered instead, and the guest's return lifts the doubt."""
    ana, order = hotel.stay("Ana Souza Prado", "203"), hotel.order("Ana Souza 203 cofre travado")
    hotel.stay("Ana Souza Lima", "204")
    morning(hotel)
    first = suggestion(order, ana)
    assert first.probability > Decimal("0.9")
    hotel.change("listagem_hospedes", ana, removido_em="2026-03-11T06:00:00Z")
    hotel.stay("Caio Reis", "500")
    for job in ("pipeline_diario", "pipeline_diario", "rematch"):
        hotel.next_morning()
        assert run(job, D + timedelta(1)).state == RunState.SUCCEEDED
        doubted = suggestion(order, ana)
        assert (doubted.pk, doubted.state, doubted.rank) == (first.pk, State.PENDING, 1), job
        assert doubted.probability == Decimal("0.8000"), "in doubt, and never decided in bulk"
        assert doubted.reasons[-1]["level"] == "missing"
        others = MatchSuggestion.objects.filter(order=order, state=State.PENDING).exclude(pk=doubted.pk)
        assert all(other.probability < Decimal("0.1") for other in others)
    hotel.change("listagem_hospedes", ana, removido_em=None)
    morning(hotel, 2)
    assert suggestion(order, ana).probability == first.probability


def test_a_stay_that_only_slid_out_of_the_window_is_not_taken_for_vanished(hotel: SmallHotel) -> None:
    ana = hotel.stay("Ana Souza", "203", status="confirmada", chegada=D + timedelta(3), saida=D + timedelta(5))
    order = hotel.order("berço p/ chegada Ana Souza")
    hotel.stay("Bruno Lima", "415")
    morning(hotel)
    hotel.change("listagem_hospedes", ana, chegada=D + timedelta(40), saida=D + timedelta(42))
    morning(hotel, 1)
    hotel.stay("Caio Reis", "500")
    morning(hotel, 2)
    assert suggestion(order, ana).state == State.PENDING


def test_a_swapped_document_alerts_and_a_new_one_does_not(hotel: SmallHotel) -> None:
    ana, bruno = hotel.stay("Ana Souza", "203", doc="52998224725"), hotel.stay("Bruno Lima", "415")
    morning(hotel)
    hotel.database.execute("update hospedes set doc_numero = '11144477735'")
    morning(hotel, 1)
    alert = Alert.objects.get()
    assert (alert.kind, alert.stay_id) == (AlertKind.DOCUMENT_CHANGED, ana)
    assert bruno != ana


def test_an_edited_text_supersedes_the_older_suggestions_and_matches_again(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana 203 chuveiro frio")
    bruno = hotel.stay("Bruno Lima", "415")
    morning(hotel)
    hotel.change("ordens_servico", order, descricao="Bruno 415 chuveiro frio")
    morning(hotel, 1)
    old = suggestion(order, ana)
    assert (old.state, old.end_reason) == (State.SUPERSEDED, EndReason.TEXT_CHANGED)
    new = suggestion(order, bruno)
    assert (new.state, new.rank, new.texto_versao) == (State.PENDING, 1, 2)


def test_a_status_edit_of_an_order_matches_nothing_again(hotel: SmallHotel) -> None:
    hotel.stay("Ana Souza", "203")
    order = hotel.order("Ana 203 chuveiro frio", aberta_em="2026-03-08T18:00:00Z")
    morning(hotel)
    hotel.change("ordens_servico", order, status="em_andamento")
    done = morning(hotel, 1)
    assert done.summary["orders"]["changed"] == 1
    assert done.summary["orders_matched"] == 0


def test_a_closed_order_keeps_what_is_pending_for_seven_days(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana 203 chuveiro frio")
    morning(hotel)
    hotel.stay("Bruno Lima", "415", saida=D + timedelta(20))
    hotel.change("ordens_servico", order, status="concluida", concluida_em="2026-03-10T15:00:00Z")
    morning(hotel, 1)
    assert suggestion(order, ana).state == State.PENDING
    morning(hotel, 8)
    ended = suggestion(order, ana)
    assert (ended.state, ended.end_reason) == (State.EXPIRED, EndReason.ORDER_CLOSED)


def test_an_order_that_no_longer_exists_leaves_the_queue_after_two_readings(hotel: SmallHotel) -> None:
    ana, order = hotel.stay("Ana Souza", "203"), hotel.order("Ana 203 chuveiro frio")
    morning(hotel)
    hotel.database.execute("delete from sugestoes_match")
    hotel.database.execute("delete from ordens_servico")
    hotel.order("piscina azulejo solto")
    morning(hotel, 1)
    assert suggestion(order, ana).state == State.PENDING
    hotel.order("academia esteira parada")
    morning(hotel, 2)
    ended = suggestion(order, ana)
    assert (ended.state, ended.end_reason) == (State.EXPIRED, EndReason.ORDER_GONE)


@pytest.mark.parametrize("hidden", ["menor", "incognito"])
def test_a_hidden_guest_is_never_offered_though_the_order_names_nobody_else(hotel: SmallHotel, hidden: str) -> None:
    ana, order = hotel.stay("Ana Souza", "203", **{hidden: True}), hotel.order("Ana Souza 203 chuveiro frio")
    morning(hotel)
    assert Order.objects.filter(pk=order).exists()
    assert not MatchSuggestion.objects.filter(stay=ana).exists()
