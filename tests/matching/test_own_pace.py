"""The queue's card of the dashboard tells how long it will take whoever looks."""

import uuid
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import Decision, MatchSuggestion
from matching.models.choices import Verb
from matching.reports.throughput import own_pace
from tests.matching.conftest import Candidate, Hotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def _decided(hotel: Hotel, user: User, moments: list[datetime]) -> None:
    order = hotel.order("toalhas")
    hotel.suggest(Candidate(order, None, 0.75))
    suggestion = MatchSuggestion.objects.get(order=order)
    for moment in moments:
        with patch("django.utils.timezone.now", return_value=moment):
            Decision.objects.create(
                user=user,
                verb=Verb.REJECT,
                suggestion=suggestion,
                batch=uuid.uuid4(),
                order_fingerprint={},
                stay_fingerprint={},
                probability=suggestion.probability,
                model_version="m1",
                texto_versao=1,
            )


@pytest.fixture
def noon() -> datetime:
    """Of today, whatever the hour of the test."""
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)


def test_the_median_of_the_latest_looks_is_the_pace_and_a_pause_is_none(
    hotel: Hotel, ana: User, noon: datetime
) -> None:
    steps = [0, 9, 18, 27, 36, 45, 645, 654]  # ten minutes away in between
    _decided(hotel, ana, [noon + timedelta(seconds=step) for step in steps])
    found = own_pace(ana, 38)
    assert found is not None
    assert (found.seconds, found.minutes) == (9, 6)


def test_nobody_is_told_a_pace_of_few_looks_of_another_person_or_for_an_empty_queue(
    hotel: Hotel, ana: User, paula: User, noon: datetime
) -> None:
    _decided(hotel, ana, [noon + timedelta(seconds=9 * step) for step in range(5)])
    assert own_pace(ana, 38) is None
    _decided(hotel, ana, [noon + timedelta(seconds=9 * step) for step in range(5, 9)])
    assert own_pace(ana, 38) is not None
    assert own_pace(paula, 38) is None
    assert own_pace(ana, 0) is None
