"""Mornings of the sample hotel on the real local Supabase, through the path that every run takes."""

import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Permission, User

from matching.models import Alert, MatchSuggestion, WriteBack
from matching.models.choices import State, Verb, WriteState
from matching.review import service
from pipeline.models import State as RunState
from pipeline.orchestration.matching_step import MatchingStep
from tests.conftest import SampleHotel
from tests.mornings import hotel_content, own_content, run, score

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

SampleHotels = Callable[..., SampleHotel]
JOBS = ("pipeline_diario", "hospedes_casa", "rm_daily_collection")


@pytest.fixture
def reviewer(transactional_db: None) -> User:
    user = User.objects.create_user("recepcao")
    user.user_permissions.add(Permission.objects.get(codename="decide_suggestion"))
    return User.objects.get(pk=user.pk)


def best(**filters: Any) -> MatchSuggestion:
    pending = MatchSuggestion.objects.filter(state=State.PENDING, rank=1, stay__isnull=False, **filters)
    found = pending.order_by("-probability", "pk").first()
    assert found is not None
    return found


def link_of(hotel: psycopg.Connection, order: int) -> Any:
    row = hotel.execute(
        "select listagem_id, sem_hospede, matched_by, match_origem from ordens_servico where id = %s", [order]
    )
    return row.fetchone()


@pytest.mark.long
def test_three_mornings_suggest_what_the_truth_says(
    sample_hotel: SampleHotels, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel = sample_hotel(seed=7)
    for morning in range(3):
        hotel.advance(days=min(morning, 1))
        done = run("pipeline_diario", hotel.business_date)
        assert (done.state, done.reason) == (RunState.SUCCEEDED, "")
    result = score(hotel.truth())
    with capsys.disabled():
        sys.stdout.write(f"\nthree mornings against the truth, {result.line()}\n")
    assert result.right + result.wrong + result.silent > 60
    assert result.precision > 0.90
    assert result.recall > 0.80


def test_a_second_run_on_the_same_data_changes_nothing_in_either_database(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection
) -> None:
    hotel = sample_hotel(seed=11)
    for job in JOBS:
        run(job, hotel.business_date)
    hotel.advance()
    for job in JOBS:
        assert run(job, hotel.business_date).state == RunState.SUCCEEDED
    before = hotel_content(hotel_db), own_content()
    assert before[0]["sugestoes_match"]
    assert before[0]["hospedes_casa"]
    assert before[0]["rm_diario"]
    for job in JOBS:
        assert run(job, hotel.business_date).state == RunState.SUCCEEDED
    assert hotel_content(hotel_db) == before[0]
    assert own_content() == before[1]


def test_a_dry_run_counts_and_writes_nothing_in_either_database(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection
) -> None:
    hotel = sample_hotel(seed=12)
    run("pipeline_diario", hotel.business_date)
    hotel.advance()
    before = hotel_content(hotel_db), own_content()
    dry = {job: run(job, hotel.business_date, dry_run=True).summary for job in JOBS}
    assert (hotel_content(hotel_db), own_content()) == before
    assert dry["pipeline_diario"]["listing"]["changed"] > 0
    assert dry["pipeline_diario"]["orders_matched"] > 0
    assert dry["hospedes_casa"]["written"] > 0
    assert dry["rm_daily_collection"]["written"] > 0
    wet = run("pipeline_diario", hotel.business_date).summary
    for source in ("listing", "orders"):
        assert {**wet[source], "state": "dry_run"} == dry["pipeline_diario"][source]
    assert wet["orders_matched"] == dry["pipeline_diario"]["orders_matched"]


def test_accepting_links_the_order_at_the_hotel_and_undo_takes_the_link_back(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection, reviewer: User
) -> None:
    hotel = sample_hotel(seed=13)
    run("pipeline_diario", hotel.business_date)
    chosen = best()
    outcome = service.decide(reviewer, chosen.pk, Verb.ACCEPT, chosen.version)
    assert outcome.waiting == 0
    assert link_of(hotel_db, chosen.order_id) == (chosen.stay_id, False, "recepcao", "sugestao")
    summary = run("pipeline_diario", hotel.business_date).summary
    assert summary["listing"]["state"] == summary["orders"]["state"] == "same", "our own write came back as a change"
    assert mirrored(hotel_db, chosen) == "aceita"
    service.undo(reviewer, outcome.decisions[0].pk)
    assert link_of(hotel_db, chosen.order_id) == (None, False, None, None)
    run("pipeline_diario", hotel.business_date)
    assert mirrored(hotel_db, chosen) == "pendente"


def test_an_undo_while_the_pipeline_runs_is_not_taken_for_somebody_elses_link(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection, reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order was read as linked; by the time the run looks at it, the person has undone the link."""
    hotel = sample_hotel(seed=13)
    run("pipeline_diario", hotel.business_date)
    chosen = best()
    accepted = service.decide(reviewer, chosen.pk, Verb.ACCEPT, chosen.version)
    deciding = MatchingStep.decide

    def undone_meanwhile(self: MatchingStep) -> None:
        service.undo(reviewer, accepted.decisions[0].pk)
        deciding(self)

    monkeypatch.setattr(MatchingStep, "decide", undone_meanwhile)
    assert run("pipeline_diario", hotel.business_date).state == RunState.SUCCEEDED
    assert link_of(hotel_db, chosen.order_id) == (None, False, None, None)
    assert MatchSuggestion.objects.get(pk=chosen.pk).state == State.PENDING


def test_a_link_decided_while_supabase_is_away_is_delivered_by_the_next_run(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection, reviewer: User, settings: Any
) -> None:
    hotel = sample_hotel(seed=14)
    run("pipeline_diario", hotel.business_date)
    chosen = best()
    present = settings.SUPABASE
    settings.SUPABASE = {**present, "url": "http://127.0.0.1:1"}
    outcome = service.decide(reviewer, chosen.pk, Verb.ACCEPT, chosen.version)
    assert outcome.waiting == 1
    assert link_of(hotel_db, chosen.order_id)[0] is None
    settings.SUPABASE = present
    done = run("pipeline_diario", hotel.business_date)
    assert done.summary["written_back"] == {"done": 1, "conflicts": 0, "open": 0}
    assert link_of(hotel_db, chosen.order_id) == (chosen.stay_id, False, "recepcao", "sugestao")
    assert WriteBack.objects.get(order=chosen.order_id).state == WriteState.DONE


def test_a_held_export_expires_nothing_and_new_orders_are_matched_against_the_listing_in_force(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection
) -> None:
    hotel = sample_hotel(seed=15)
    run("pipeline_diario", hotel.business_date)
    waiting = set(MatchSuggestion.objects.filter(state=State.PENDING).values_list("pk", flat=True))
    hotel.advance()
    truncate_export(hotel_db)
    done = run("pipeline_diario", hotel.business_date)
    assert done.state == RunState.PARTIAL
    assert done.reason
    assert done.summary["listing"]["state"] == "held"
    assert done.summary["expired"] == 0
    assert not MatchSuggestion.objects.filter(state=State.EXPIRED).exists()
    assert not Alert.objects.exists()
    assert done.summary["orders_matched"] == done.summary["orders"]["new"] > 0
    assert MatchSuggestion.objects.exclude(pk__in=waiting).exists()


def test_the_morning_after_a_held_export_catches_up_with_both_days(
    sample_hotel: SampleHotels, hotel_db: psycopg.Connection
) -> None:
    hotel = sample_hotel(seed=15)
    run("pipeline_diario", hotel.business_date)
    hotel.advance()
    removed = truncate_export(hotel_db)
    run("pipeline_diario", hotel.business_date)
    hotel.advance()
    hotel_db.execute("update listagem_hospedes set removido_em = null where id = any(%s)", [removed])
    done = run("pipeline_diario", hotel.business_date)
    assert done.state == RunState.SUCCEEDED
    assert done.summary["listing"]["state"] == "published"
    assert score(hotel.truth()).precision > 0.85


def test_nobody_who_must_not_be_suggested_is(sample_hotel: SampleHotels, hotel_db: psycopg.Connection) -> None:
    hotel = sample_hotel(seed=16)
    chosen = hotel_db.execute(
        "update hospedes set incognito = true where id in (select hospede_id from listagem_hospedes"
        " where status = 'na_casa' and titular) returning id"
    ).fetchall()
    assert len(chosen) > 50
    run("pipeline_diario", hotel.business_date)
    hidden = hotel_db.execute(
        "select l.id from listagem_hospedes l join hospedes h on h.id = l.hospede_id where h.menor or h.incognito"
    ).fetchall()
    assert not MatchSuggestion.objects.filter(stay__in=[row[0] for row in hidden]).exists()
    assert MatchSuggestion.objects.filter(stay__isnull=False).exists()


def truncate_export(hotel: psycopg.Connection) -> list[int]:
    """Marks 45 % of the rows as vanished, as an import of a cut file would; returns their ids."""
    rows = hotel.execute(
        "update listagem_hospedes set removido_em = now() where id % 20 < 9 and removido_em is null returning id"
    )
    return [row[0] for row in rows.fetchall()]


def mirrored(hotel: psycopg.Connection, suggestion: MatchSuggestion) -> str:
    row = hotel.execute("select status from sugestoes_match where app_id = %s", [suggestion.pk]).fetchone()
    assert row is not None
    return str(row[0])
