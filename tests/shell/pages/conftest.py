"""The sample hotel of these tests: listings of two days as the pipeline stores them, and our copies of orders."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order, Stay
from matching.models.choices import State, Verb
from pipeline.business_date import current_business_date
from pipeline.hotel import stays
from sistema_os import roles
from snapshots import snapshot_manager as manager
from snapshots.models import Snapshot

SignIn = Callable[[str], Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    roles.setup_groups()
    roles.setup_demo_users()

    def as_user(username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username))
        return client

    return as_user


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """Figures are kept by the last decision, and each test has decisions of its own."""
    cache.clear()


@pytest.fixture
def today() -> date:
    return current_business_date()


def row(number: int, room: str | None, day: date, **columns: Any) -> dict[str, Any]:
    """A guest of the listing, in the house from two days before `day` to two days after it."""
    empty: dict[str, Any] = dict.fromkeys(stays.COLUMNS)
    return {
        **empty,
        "id": number,
        "reserva_id": number,
        "num_reserva": f"R{number}",
        "nome_listagem": f"Hóspede {number}",
        "titular": True,
        "status": "na_casa",
        "uh": room,
        "chegada": (day - timedelta(days=2)).isoformat(),
        "saida": (day + timedelta(days=2)).isoformat(),
        "doc_hmac": f"hmac{number}",
        "doc_final": f"{number % 100:02}",
        "menor": False,
        "incognito": False,
        "visto_em": f"{day.isoformat()}T05:50:00+00:00",
        **columns,
    }


def collect(day: date, *rows: dict[str, Any], announced: int | None = None) -> Snapshot:
    """A listing of which fewer rows came than were announced is held."""
    ingest = manager.begin(stays.spec(day), business_date=day, run_id=None)
    ingest.add(rows)
    return ingest.publish(announced or len(rows), manager.no_fence)


def stay(number: int, room: str, departure: date, **fields: Any) -> Stay:
    return Stay.objects.create(
        listagem_id=number,
        listed_name=f"Hóspede {number}",
        room=room,
        arrival=departure - timedelta(days=3),
        departure=departure,
        status="na_casa",
        reservation_id=number,
        **fields,
    )


def order(number: int, **fields: Any) -> Order:
    given = {"number": str(48000 + number), "request": "chuveiro", "status": "aberta", "opened_at": timezone.now()}
    return Order.objects.create(os_id=number, texto_versao=1, **(given | fields))


def suggest(of: Order, guest: Stay | None, probability: float = 0.95, rank: int = 1, **fields: Any) -> MatchSuggestion:
    return MatchSuggestion.objects.create(
        order=of, stay=guest, probability=probability, rank=rank, model_version="m1", texto_versao=1, **fields
    )


def accept(suggestion: MatchSuggestion, user: User, verb: Verb = Verb.ACCEPT, **fields: Any) -> Decision:
    """The decision and its state alone, without the outbox."""
    decision = Decision.objects.create(
        user=user,
        verb=verb,
        suggestion=suggestion,
        probability=suggestion.probability,
        texto_versao=1,
        **({"model_version": suggestion.model_version} | fields),
    )
    suggestion.state = State.REJECTED if verb == Verb.REJECT else State.ACCEPTED
    suggestion.decision = decision
    suggestion.save()
    return decision
