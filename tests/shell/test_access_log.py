"""Who looked at whose data is recorded once a page, without names, and cannot be changed afterwards."""

import time

import pytest
from django.contrib.auth.models import User
from django.db import Error, connection, transaction
from django.test import Client
from django.urls import reverse

from pipeline.models import AccessEntry, AccessKind
from sistema_os.roles import setup_groups


@pytest.fixture
def ana(db: None) -> Client:
    user = User.objects.create_user("ana", is_staff=True)
    user.groups.add(next(group for group in setup_groups() if group.name == "Supervisão"))
    client = Client()
    client.force_login(user)
    return client


def entries() -> list[tuple[str, str, str]]:
    return list(AccessEntry.objects.order_by("pk").values_list("user__username", "kind", "row"))


def test_pages_with_personal_data_are_recorded_with_kind_and_row(ana: Client) -> None:
    ana.get(reverse("admin:handover"))
    ana.get(reverse("admin:rooms"), {"q": "203"})
    ana.get(reverse("admin:matching_matchsuggestion_changelist"))
    ana.get(reverse("admin:matching_matchsuggestion_changelist"), {"q": "Nadja Quirino"})
    assert entries() == [
        ("ana", AccessKind.HANDOVER, ""),
        ("ana", AccessKind.ROOM, "203"),
        ("ana", AccessKind.SUGGESTIONS, ""),
        ("ana", AccessKind.SEARCH, ""),
    ]


def test_a_name_in_the_search_of_rooms_is_not_recorded(ana: Client) -> None:
    ana.get(reverse("admin:rooms"), {"q": "Nadja Quirino"})
    assert entries() == [("ana", AccessKind.ROOM, "")]


def test_pages_without_personal_data_and_refused_ones_are_not_recorded(ana: Client, client: Client) -> None:
    ana.get(reverse("admin:index"))
    ana.get(reverse("admin:pipeline_jobrun_changelist"))
    client.get(reverse("admin:handover"))
    ana.get(reverse("admin:snapshots_listing", args=[999]))
    assert entries() == []


def test_a_page_costs_less_than_three_milliseconds_more(ana: Client) -> None:
    """CPU time: that of the database server is not ours, and the entry does not wait for the disk."""
    user = User.objects.get()
    begin = time.process_time()
    for _ in range(100):
        AccessEntry.objects.create(user=user, kind=AccessKind.CARD)
    assert (time.process_time() - begin) / 100 < 0.003


@pytest.mark.parametrize("table", ["pipeline_accessentry", "pipeline_erasure", "pipeline_signin"])
@pytest.mark.parametrize("statement", ["update {} set at = now()", "delete from {}"])
def test_records_refuse_update_and_delete(ana: Client, table: str, statement: str) -> None:
    user = User.objects.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into pipeline_accessentry (at, user_id, kind, row) values (now(), %s, 'card', '')", [user.pk]
        )
        cursor.execute(
            "insert into pipeline_erasure (at, by, reason, person, rows, traces, counts)"
            " values (now(), 'x', 'x', 'x', '[]', '[]', '{}')"
        )
        cursor.execute(
            "insert into pipeline_signin (at, user_id, account, result) values (now(), %s, 'x', 'in')", [user.pk]
        )
        with pytest.raises(Error, match="append only"), transaction.atomic():
            cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    "table",
    ["pipeline_accessentry", "pipeline_erasure", "pipeline_signin", "matching_decision", "matching_auditentry"],
)
def test_records_refuse_truncate(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"alter table {table} enable trigger no_truncate")
        with pytest.raises(Error, match="append only"), transaction.atomic():
            cursor.execute(f"truncate {table} cascade")
