"""What a night changed, in the words of a reception: on the dashboard, and grouped so on the snapshot's page."""

import re
from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from pipeline.orchestration import overnight
from snapshots import history
from snapshots.history import ChangeFilter
from snapshots.models import Snapshot
from tests.shell.pages.conftest import SignIn, collect, row

ONE = timedelta(days=1)
DEPARTED = {"status": "saida"}


@pytest.fixture
def night(db: None, today: date) -> Snapshot:
    """From yesterday to today: 5 arrived (one without a booking before, one a minor), 1 left, 1 moved, 2 cancelled; one
    changed only the departure, one got a room before arriving, one is missing without a check-out."""
    before = today - ONE
    due = {"status": "confirmada", "chegada": today.isoformat()}
    # As many who change nothing that the list is not held.
    same = [row(n, str(n), before) for n in range(400, 460)]
    yesterday = [
        *same,
        *(row(n, f"{100 + n}", before, **due) for n in (1, 2, 3)),
        row(4, "104", before, nome_listagem="Criança Chega", menor=True, **due),
        row(11, "211", before, nome_listagem="Elias Sai"),
        row(12, "212", before, nome_listagem="Olga Muda"),
        row(13, "213", before, nome_listagem="Paulo Desiste", **due),
        row(14, "214", before, nome_listagem="Nair Falta", **due),
        row(15, "215", before),
        row(16, None, before, **due),
        row(17, "217", before),
    ]
    collect(before, *yesterday)
    here = {"status": "na_casa", "chegada": today.isoformat()}
    now = [
        *same,
        *(row(n, f"{100 + n}", before, **here) for n in (1, 2, 3)),
        row(4, "104", before, nome_listagem="Criança Chega", menor=True, **here),
        row(5, "105", before, nome_listagem="Sem Reserva", **here),
        row(11, "211", before, nome_listagem="Elias Sai", **DEPARTED),
        row(12, "312", before, nome_listagem="Olga Muda"),
        row(13, "213", before, nome_listagem="Paulo Desiste", **(due | {"status": "cancelada"})),
        row(14, "214", before, nome_listagem="Nair Falta", **(due | {"status": "no_show"})),
        row(15, "215", before, saida=(today + 5 * ONE).isoformat()),
        row(16, "216", before, **due),
    ]
    return collect(today, *(one | {"visto_em": f"{today.isoformat()}T05:50:00+00:00"} for one in now))


def test_each_event_is_counted_and_a_row_that_only_vanished_is_none(night: Snapshot) -> None:
    assert history.event_counts(night, overnight.EVENTS) == {"arrived": 5, "left": 1, "moved": 1, "cancelled": 2}
    for event in overnight.EVENTS:
        keys = history.published_keys(night, ChangeFilter(event=event))
        assert len(keys) == history.event_counts(night, overnight.EVENTS)[event.name]
    arrived, *_rest = overnight.EVENTS
    assert history.published_keys(night, ChangeFilter(event=arrived))[0:9] == ["1", "2", "3", "4", "5"], "by room"


def test_three_names_of_each_stand_on_the_dashboard_and_the_rest_is_counted(sign_in: SignIn, night: Snapshot) -> None:
    page = sign_in("carla").get("/admin/").content.decode()
    card = page[page.index('id="night-h"') :].partition("</section>")[0]
    assert [int(n) for n in re.findall(r'class="mid"[^>]*>(\d+)<', card)] == [5, 1, 1, 2]
    assert "Hóspede 3" in card
    assert "e mais 2" in card
    assert "Criança Chega" not in card
    assert "212 para 312" in card
    assert "Elias Sai</a>, 211" in card


def test_who_may_not_see_guests_reads_nothing_of_the_night(sign_in: SignIn, night: Snapshot) -> None:
    page = sign_in("davi").get("/admin/").content.decode()
    assert "night-h" not in page
    assert "Elias" not in page


def test_the_numbers_lead_to_the_same_changes_on_the_snapshots_page(sign_in: SignIn, night: Snapshot) -> None:
    client = sign_in("carla")
    card = client.get("/admin/").content.decode()
    links = re.findall(r'class="mid"\s+href="([^"]+)"', card)
    assert len(links) == 4
    for link, names in zip(
        links,
        (("Hóspede 1", "Sem Reserva"), ("Elias Sai",), ("Olga Muda",), ("Paulo Desiste", "Nair Falta")),
        strict=True,
    ):
        page = client.get(link).content.decode()
        rows = page[page.index("<tbody") : page.index("</tbody>")]
        assert all(name in rows for name in names)
        assert rows.count("<tr") == {"arrived": 5, "left": 1, "moved": 1, "cancelled": 2}[link.partition("event=")[2]]


@pytest.mark.parametrize("event", ["nonsense", "%00", "arrived&kind=nonsense"])
def test_an_event_that_is_none_shows_all(sign_in: SignIn, night: Snapshot, event: str) -> None:
    answer = sign_in("carla").get(f"/admin/snapshots/snapshot/{night.pk}/change/?event={event}")
    assert answer.status_code == 200


def test_a_list_that_was_confirmed_again_keeps_the_night(night: Snapshot, today: date) -> None:
    confirmed = Snapshot.objects.create(
        source=night.source, status=Snapshot.Status.SAME, base_seq=night.at_seq, business_date=today
    )
    found = overnight.digest()
    assert found is not None
    assert [one.count for one in found.happenings] == [5, 1, 1, 2]
    Snapshot.objects.filter(pk=confirmed.pk).update(business_date=today + ONE)
    found = overnight.digest()
    assert found is not None
    assert [one.count for one in found.happenings] == [0, 0, 0, 0], "nothing since"


def test_the_first_list_has_no_night(db: None, today: date) -> None:
    assert overnight.digest() is None
    collect(today, row(1, "203", today))
    assert overnight.digest() is None


def test_the_night_takes_a_bounded_number_of_queries(
    night: Snapshot, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(9):
        overnight.digest()
