"""Change against the days before, and targets: said no louder than the figures allow."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from matching.models.choices import Verb
from matching.reports import agreement
from matching.reports.charts import measured
from matching.reports.periods import Period
from sistema_os.pages.manager import change, target_words
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, accept, order, suggest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def portuguese() -> Iterator[None]:
    with translation.override("pt-br"):
        yield


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ((863, 1000), (700, 1000), "+16,3 pontos (antes: 70,0%)"),
        ((700, 1000), (863, 1000), "−16,3 pontos (antes: 86,3%)"),
        ((9, 10), (7, 10), "sem diferença clara (antes: 70,0%)"),
        ((863, 1000), (863, 1000), "sem diferença clara (antes: 86,3%)"),
        ((9, 10), (0, 0), ""),
        ((0, 0), (9, 10), ""),
    ],
)
def test_a_change_is_told_only_where_the_intervals_leave_a_gap(
    now: tuple[int, int], before: tuple[int, int], said: str
) -> None:
    assert change(measured(*now), measured(*before)) == said


@pytest.mark.parametrize(
    ("now", "target", "said"),
    [
        ((990, 1000), 85, "meta 85%: alcançada"),
        ((700, 1000), 85, "meta 85%: faltam 15,0 pontos"),
        ((9, 10), 85, "meta 85%: quase lá"),
        ((7, 10), 85, "meta 85%: quase lá"),
        ((0, 0), 85, "meta 85%"),
        ((9, 10), 0, ""),
    ],
)
def test_a_target_is_reached_or_missed_only_by_the_whole_interval(now: tuple[int, int], target: int, said: str) -> None:
    assert target_words(measured(*now), target) == said


def test_without_a_target_no_line_is_drawn_and_with_one_it_is(sign_in: SignIn, settings: Settings) -> None:
    for number in range(1, 4):
        order(number, opened_at=timezone.now() - timedelta(days=number))
    client = sign_in("carla")
    assert "meta" not in client.get("/admin/manager/?days=7").content.decode().partition("<main")[2]
    settings.TARGET_LINKED = 85
    html = compact(client.get("/admin/manager/?days=7").content.decode())
    assert ">meta 85%</text>" in html
    assert '<path class="dash" d="M40 ' in html
    assert "meta 85%: faltam 85,0 pontos" in html


def test_the_bands_are_compared_with_as_many_days_before(sign_in: SignIn) -> None:
    ana, now = User.objects.create_user("paula"), timezone.now()
    for number in range(1, 41):
        accept(suggest(order(number), None), ana)
    assert "dias anteriores" not in sign_in("carla").get("/admin/manager/?days=7").content.decode()
    with patch("django.utils.timezone.now", return_value=now - timedelta(days=9)):
        for number in range(41, 81):
            accept(suggest(order(number, opened_at=now), None), ana, Verb.REJECT)
    html = sign_in("carla").get("/admin/manager/?days=7").content.decode()
    assert "+100,0 pontos (antes: 0,0%)" in html


@pytest.mark.parametrize(("days", "whole"), [(7, True), (30, True), (90, False)])
def test_half_a_period_is_not_compared_with_a_whole_one(days: int, whole: bool) -> None:
    today = timezone.localdate()
    assert agreement.holds(Period(days, today).before, today) == whole
