"""Rules that the database keeps, whatever the code does."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction

from matching.models import AppendOnly, Decision, MatchSuggestion
from matching.models.choices import State
from matching.review import service
from tests.matching.conftest import Card

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestTheDatabaseRefuses:
    def test_two_alive_of_one_pair(self, card: Card) -> None:
        for stay in (card.neto, None):
            with pytest.raises(IntegrityError), transaction.atomic():
                MatchSuggestion.objects.create(
                    order_id=card.order, stay_id=stay, probability=0, rank=9, model_version="m", texto_versao=1
                )

    def test_two_accepted_of_one_order(self, card: Card, ana: User) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        with pytest.raises(IntegrityError), transaction.atomic():
            MatchSuggestion.objects.filter(stay=card.father).update(state=State.ACCEPTED)

    def test_an_unknown_state_and_an_end_without_reason(self, card: Card) -> None:
        for change in ({"state": "done"}, {"state": "expired", "end_reason": ""}, {"state": "accepted"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                MatchSuggestion.objects.filter(pk=card.best.pk).update(**change)


class TestDecisionsAreAppendOnly:
    def test_in_python(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None).decisions
        decision.reason = "other"
        with pytest.raises(AppendOnly):
            decision.save()
        with pytest.raises(AppendOnly):
            decision.delete()
        with pytest.raises(AppendOnly):
            Decision.objects.all().delete()
        with pytest.raises(AppendOnly):
            Decision.objects.update(reason="other")

    @pytest.mark.parametrize("sql", ["update matching_decision set reason = 'other'", "delete from matching_decision"])
    def test_in_the_database(self, card: Card, ana: User, sql: str) -> None:
        service.decide(ana, card.best.pk, "reject", None)
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert Decision.objects.get().reason == ""

    def test_they_keep_fingerprints_and_nobody_s_name(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None).decisions
        kept: dict[str, Any] = decision.order_fingerprint | decision.stay_fingerprint
        assert {"request", "room", "listed_name"} <= set(kept)
        assert all(len(value) == 12 for value in kept.values())
