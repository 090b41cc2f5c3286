"""The page of a snapshot: beside the table the history of a row, and under each guest what the change caused."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from matching.alerts import raise_alert
from matching.models import MatchSuggestion, Stay
from matching.models.choices import AlertKind, EndReason, Severity, State
from pipeline.orchestration.consequences import caused
from snapshots.models import Snapshot
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, collect, order, row, stay, suggest

pytestmark = pytest.mark.django_db
RUN = 7


@pytest.fixture
def moved(today: date) -> Snapshot:
    """Today's listing: guest 1 moved from 412 to 415, guest 2 left; each is a stay that orders can be of."""
    yesterday = today - timedelta(days=1)
    collect(yesterday, row(1, "412", yesterday), row(2, "203", yesterday), row(3, "301", yesterday))
    found = collect(today, row(1, "415", today), row(2, "203", today, status="saida"), row(3, "301", yesterday))
    Snapshot.objects.filter(pk=found.pk).update(run_id=RUN, started_at=timezone.now() - timedelta(minutes=5))
    for number, room in ((1, "415"), (2, "203")):
        stay(number, room, today + timedelta(days=2))
    return Snapshot.objects.get(pk=found.pk)


def shown(sign_in: SignIn, snapshot: Snapshot, person: str = "carla", **query: str) -> str:
    response = sign_in(person).get(reverse("admin:snapshots_snapshot_change", args=[snapshot.pk]), query)
    assert response.status_code == 200
    return compact(response.content.decode())


def under(html: str, name: str) -> list[str]:
    """The lines under a name in the table."""
    cell = re.search(rf'<th scope="row"><a [^>]*>{name}</a>(.*?)</th>', html, re.DOTALL)
    assert cell, html
    return re.findall(r'<span class="sub">([^<]*)</span>', cell[1])


def test_an_order_marked_by_a_move_stands_under_the_guest_who_moved(
    sign_in: SignIn, moved: Snapshot, today: date
) -> None:
    said = {"date": today.isoformat(), "from": "412", "to": "415"}
    for number in (1, 2):
        raise_alert(AlertKind.ROOM_MOVED, Severity.LOW, order=order(number), stay=1, params=said)
    raise_alert(AlertKind.EARLY_DEPARTURE, Severity.HIGH, order=order(3), stay=2, params={"date": today.isoformat()})
    another_day = {"date": (today - timedelta(days=9)).isoformat()}
    raise_alert(AlertKind.DEPARTURE, Severity.HIGH, order=order(4), stay=2, params=another_day)

    html = shown(sign_in, moved)

    assert under(html, "Hóspede 1") == ["2 OS abertas marcadas “foi para 415”"]
    assert under(html, "Hóspede 2") == ["Alerta: Saída antecipada com OS aberta"]


def test_suggestions_made_worked_out_anew_and_expired_stand_under_their_guest(sign_in: SignIn, moved: Snapshot) -> None:
    before = moved.started_at - timedelta(days=1)
    new, again, ended, older = (suggest(order(number), Stay.objects.get(pk=1)) for number in range(1, 5))
    MatchSuggestion.objects.filter(pk__in=[again.pk, ended.pk, older.pk]).update(created_at=before)
    MatchSuggestion.objects.filter(pk__in=[new.pk, again.pk]).update(run_id=RUN)
    MatchSuggestion.objects.filter(pk=older.pk).update(run_id=RUN - 1)
    MatchSuggestion.objects.filter(pk=ended.pk).update(
        state=State.EXPIRED, end_reason=EndReason.STAY_CANCELLED, updated_at=timezone.now()
    )
    html = shown(sign_in, moved)
    assert under(html, "Hóspede 1") == ["1 sugestão nova, 1 sugestão recalculada, 1 sugestão expirou"]
    assert under(html, "Hóspede 2") == []


def test_what_a_later_listing_caused_is_not_told_of_this_one(sign_in: SignIn, moved: Snapshot, today: date) -> None:
    collect(today, row(1, "416", today), row(2, "203", today, status="saida"), row(3, "301", today))
    suggest(order(1), Stay.objects.get(pk=1))
    assert under(shown(sign_in, moved), "Hóspede 1") == []


def test_whoever_may_not_see_suggestions_or_alerts_is_told_nothing(sign_in: SignIn, moved: Snapshot) -> None:
    suggest(order(1), Stay.objects.get(pk=1))

    class Nobody:
        def has_perm(self, _name: str) -> bool:
            return False

    assert caused("stay", moved, ["1"], Nobody()) == {}


def test_the_number_of_queries_does_not_grow_with_the_rows(sign_in: SignIn, moved: Snapshot, today: date) -> None:
    client, url = sign_in("carla"), reverse("admin:snapshots_snapshot_change", args=[moved.pk])

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    client.get(url)
    few = queries(url)
    many = collect(today, *(row(n, str(100 + n), today) for n in range(1, 46)), announced=45)
    for number in range(4, 44):
        suggest(order(number), stay(number, str(100 + number), today))
    assert queries(reverse("admin:snapshots_snapshot_change", args=[many.pk])) <= few


def test_the_history_of_the_first_row_stands_beside_the_table_until_another_is_chosen(
    sign_in: SignIn, moved: Snapshot
) -> None:
    by_itself, chosen = shown(sign_in, moved), shown(sign_in, moved, row="2")
    assert re.search(r'<h2 id="h-h">Hóspede 1\b', by_itself)
    assert 'class="c4 beside hide-s"' in by_itself, "on a phone only what was asked for"
    assert re.search(r'<h2 id="h-h">Hóspede 2\b', chosen)
    assert 'class="c4 beside"' in chosen
    assert re.search(r'<tr aria-current="true">.*?Hóspede 2<', chosen, re.DOTALL)
    assert re.search(r'href="\?row=2#life"', by_itself), "a plain link: no script is needed"


def test_a_row_that_nobody_knows_leaves_the_table_its_width(sign_in: SignIn, moved: Snapshot) -> None:
    html = shown(sign_in, moved, row="nobody")
    assert 'id="life"' not in html
    assert "card-0 c12" in html
