"""The manager's figures, counted by hand."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import Decision
from matching.models.choices import MANUAL, Band, EndReason, State, Verb
from matching.reports import agreement, periods, throughput
from matching.reports.charts import measured
from tests.shell.pages.conftest import accept, order, stay, suggest

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana")


def noon(day: date, minutes: float = 0) -> datetime:
    return periods.midnight(day) + timedelta(hours=12, minutes=minutes)


def at(moment: datetime, decide: object) -> Decision:
    """Decided at that moment."""
    with patch("django.utils.timezone.now", return_value=moment):
        return decide()  # type: ignore[operator, no-any-return]  # a lambda around `accept`


@pytest.mark.parametrize(
    ("text", "days"), [("7", 7), ("30", 30), ("90", 90), ("", 30), ("365", 30), ("-1", 30), ("٧", 30)]
)
def test_a_period_is_one_of_three(text: str, days: int, today: date) -> None:
    chosen = periods.period(text, today)
    assert (chosen.days, chosen.last) == (days, today)
    assert chosen.before.last == chosen.first - timedelta(days=1)


def test_a_long_period_is_told_in_weeks(today: date) -> None:
    assert [len(periods.steps(periods.Period(days, today))) for days in (7, 30, 90)] == [7, 30, 13]
    assert periods.steps(periods.Period(90, today))[-1].last == today


def test_orders_are_linked_here_elsewhere_or_not(ana: User, today: date) -> None:
    for number in range(1, 7):
        order(number, opened_at=noon(today))
    first = suggest(order(10, opened_at=noon(today)), None)
    accept(first, ana, Verb.NO_GUEST)
    order(11, opened_at=noon(today), linked=True)
    order(12, opened_at=noon(today), status="cancelada")
    order(13, opened_at=noon(today - timedelta(days=7)))
    order(14, opened_at=noon(today - timedelta(days=14)))
    chosen = periods.Period(7, today)
    days = throughput.orders_by_day(chosen)
    found = throughput.summed(days, chosen)
    assert (found.total, found.here, found.elsewhere) == (8, 1, 1)
    assert found.share == 0.25
    assert throughput.summed(days, chosen.before).total == 1


def test_an_order_opened_late_at_night_counts_for_that_day(today: date) -> None:
    order(1, opened_at=periods.midnight(today) - timedelta(minutes=1))
    assert list(throughput.orders_by_day(periods.Period(7, today))) == [today - timedelta(days=1)]


def test_verdicts_count_by_the_probability_that_was_shown(ana: User, today: date) -> None:
    for number, (share, verb) in enumerate([(0.99, "accept"), (0.95, "reject"), (0.7, "accept"), (0.2, "reject")]):
        card = suggest(order(number + 1), stay(number + 1, "203", today), share)
        accept(card, ana, Verb(verb))
    found = agreement.quality(agreement.verdicts_by_day(today), periods.Period(7, today))
    assert agreement.of_band(found, Band.STRONG) == measured(1, 2)
    assert agreement.of_band(found, Band.DOUBT) == measured(1, 1)
    assert agreement.of_band(found, Band.WEAK) == measured(0, 1)
    assert agreement.sure(found) == measured(1, 1)


def test_a_candidate_passed_over_for_a_lower_one_counts_as_refused(ana: User, today: date) -> None:
    here = order(1)
    best, chosen = suggest(here, stay(1, "203", today), 0.95), suggest(here, stay(2, "203", today), 0.3, rank=2)
    last = suggest(here, None, 0.01, rank=3)
    decision = accept(chosen, ana)
    for other in (best, last):
        other.state, other.end_reason, other.decision = State.SUPERSEDED, EndReason.ANOTHER_ACCEPTED, decision
        other.save()
    found = agreement.quality(agreement.verdicts_by_day(today), periods.Period(7, today))
    assert agreement.of_band(found, Band.STRONG) == measured(0, 1)
    assert agreement.of_band(found, Band.WEAK) == measured(1, 1)  # the last one was below and says nothing


def test_what_was_undone_and_what_was_named_by_hand_counts_nowhere(ana: User, today: date) -> None:
    undone = accept(suggest(order(1), stay(1, "203", today)), ana)
    accept(undone.suggestion, ana, Verb.UNDO, undo_of=undone)
    accept(suggest(order(2), None, 0, rank=99), ana, Verb.NO_GUEST, model_version=MANUAL)
    found = agreement.quality(agreement.verdicts_by_day(today), periods.Period(7, today))
    assert set(found.values()) == {None}


def test_weeks_end_today_and_reach_back_thirteen(ana: User, today: date) -> None:
    for number, back in enumerate((0, 6, 7, 90, 91)):
        card = suggest(order(number + 1), stay(number + 1, "203", today))
        at(noon(today - timedelta(days=back)), lambda card=card: accept(card, ana))
    weeks = agreement.weekly(agreement.verdicts_by_day(today), today)
    strong = [found.of if (found := agreement.of_band(week, Band.STRONG)) else 0 for _piece, week in weeks]
    assert strong == [1, *[0] * 10, 1, 2]


def test_waiting_is_from_the_opening_to_the_link_that_stands(ana: User, today: date) -> None:
    for number, minutes in enumerate((5, 15, 30, 120, 2000), start=1):
        opened = noon(today, -minutes)
        card = suggest(order(number, opened_at=opened), stay(number, "203", today))
        at(noon(today), lambda card=card: accept(card, ana))
    rejected = suggest(order(9, opened_at=noon(today, -1)), stay(9, "203", today))
    at(noon(today), lambda: accept(rejected, ana, Verb.REJECT))
    found = throughput.waiting(periods.Period(7, today))
    assert (found.links, found.median) == (5, timedelta(minutes=30))
    assert found.p90 == timedelta(minutes=120 + 0.6 * 1880)
    assert found.classes == (2, 1, 1, 0, 1)


def test_without_links_there_is_nothing_to_wait_for(today: date) -> None:
    found = throughput.waiting(periods.Period(7, today))
    assert (found.links, found.median, found.p90, found.classes) == (0, None, None, (0, 0, 0, 0, 0))


def test_pace_leaves_out_breaks_and_takes_a_batch_for_one(ana: User, today: date) -> None:
    moment = noon(today)
    for number in range(1, 13):
        moment += timedelta(minutes=30) if number == 6 else timedelta(seconds=8)
        card = suggest(order(number), stay(number, "203", today))
        at(moment, lambda card=card: accept(card, ana))
    batch = Decision.objects.latest("pk").batch
    for number in range(13, 16):
        moment += timedelta(milliseconds=2)
        card = suggest(order(number), stay(number, "203", today))
        at(moment, lambda card=card: accept(card, ana, batch=batch))
    found = throughput.pace(periods.Period(7, today))
    assert (found.decisions, found.in_bulk, found.undone, found.seconds) == (15, 4, 0, 8.0)


def test_a_handful_of_decisions_gives_no_pace(ana: User, today: date) -> None:
    for number in range(1, 4):
        card = suggest(order(number), stay(number, "203", today))
        at(noon(today, number / 10), lambda card=card: accept(card, ana))
    assert throughput.pace(periods.Period(7, today)).seconds is None


def test_orders_of_one_reservation_are_of_one_stay(ana: User, today: date) -> None:
    first, wife, other = stay(1, "203", today), stay(2, "203", today), stay(3, "415", today)
    wife.reservation_id = first.reservation_id
    wife.save()
    for number, guest in enumerate((first, wife, other), start=1):
        accept(suggest(order(number), guest), ana)
    accept(suggest(order(9), None), ana, Verb.NO_GUEST)
    found = throughput.per_stay(periods.Period(7, today))
    assert (found.stays, found.orders, found.with_several, found.mean) == (2, 3, 1, 1.5)
