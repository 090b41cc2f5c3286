"""The runs fill the room directory, match with it, and match again what a change of it concerns."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from matching import rooms
from matching.models import DirectoryVersion, MatchSuggestion, Order, ReanalysisRequest, Room, UnreadSpelling
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def first(order: int) -> int | None:
    return MatchSuggestion.objects.get(order=order, queued_at__isnull=False).stay_id


def test_runs_fill_use_and_name_the_directory(hotel: SmallHotel) -> None:
    ana, bruno = hotel.stay("Ana Souza", "203"), hotel.stay("Bruno Lima", "415")
    order, other = hotel.order("ar da suíte Jatobá não gela"), hotel.order("tv do bangalô Ipê sem sinal")
    boss = User.objects.create_superuser("rui")
    before = run("pipeline_diario", D).summary
    assert set(Room.objects.values_list("key", flat=True)) == {"203", "415"}
    assert set(UnreadSpelling.objects.values_list("spelling", flat=True)) == {"suíte jatobá", "bangalô ipê"}
    assert (first(order), first(other)) == (None, None)

    rooms.add_alias(boss, Room.objects.get(key="203"), "suíte jatobá")
    rooms.name_in_order(boss, Order.objects.get(pk=other), "bangalô ipê", Room.objects.get(key="415"))
    assert (first(order), first(other)) == (ana, bruno)
    assert rooms.requested([order, other]) == {order, other}

    hotel.next_morning()
    after = run("pipeline_diario", D + timedelta(1)).summary
    assert after["orders_matched"] == 2  # nothing else changed: they were requested
    assert (first(order), first(other)) == (ana, bruno)
    assert not ReanalysisRequest.objects.exists()
    assert before["room_directory"] != after["room_directory"] == rooms.stored().version
    kept = DirectoryVersion.objects.get(version=after["room_directory"]).content["rooms"]
    assert [room["aliases"] for room in kept if "aliases" in room] == [["suite jatoba"]]

    again = run("rematch", D + timedelta(1)).summary
    assert (again["suggestions"]["created"], again["suggestions"]["superseded"]) == (0, 0)
    assert (first(order), first(other)) == (ana, bruno)
    assert again["room_directory"] == after["room_directory"]


def test_a_dry_run_fills_nothing(hotel: SmallHotel) -> None:
    hotel.stay("Ana Souza", "203")
    hotel.order("Ana 203 chuveiro frio")
    run("pipeline_diario", D, dry_run=True)
    assert not Room.objects.exists()
    assert not DirectoryVersion.objects.exists()
