"""The audit: everything that people did, by whom, when, and what it was before."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from matching import alerts
from matching.models import Alert, AppendOnly, AuditAction, AuditEntry, Decision, record_audit
from matching.models.choices import Verb
from matching.review import bulk, service
from pipeline.models import JobRun, State
from sistema_os.pages import audit
from snapshots.models import Snapshot, Source
from tests.shell.pages.conftest import SignIn, accept, order, stay, suggest

pytestmark = pytest.mark.django_db

URL = "/admin/audit/"


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)


@pytest.fixture
def bruno(sign_in: SignIn) -> User:
    sign_in("bruno")
    return User.objects.get(username="bruno")


def lines(client: Client, query: str = "") -> list[str]:
    """The rows as text, without the markup."""
    answer = client.get(URL + query)
    assert answer.status_code == 200
    context: Any = answer.context
    return [
        f"{line.who}|{line.what}|{line.subject}|{line.before}|{line.after}|{line.text}" for line in context["lines"]
    ]


def card(number: int = 1, probability: float = 0.95) -> Any:
    return suggest(order(number), stay(number, "203", timezone.localdate()), probability)


def test_a_decision_and_its_undo_stand_with_what_it_was_before(sign_in: SignIn, bruno: User) -> None:
    (decision,) = service.decide(bruno, card().pk, "reject", None, "namesake").decisions
    service.undo(bruno, decision.pk)
    told = lines(sign_in("carla"))
    assert told == [
        "Bruno|Desfeita|OS 48001 ↔ Hóspede 1|rejeitada|pendente|",
        "Bruno|Rejeitada|OS 48001 ↔ Hóspede 1|pendente|rejeitada|homônimo ou parente",
    ]


def test_a_batch_is_one_line_that_opens_into_its_decisions(sign_in: SignIn, bruno: User) -> None:
    for number in range(1, 4):
        card(number)
    plan = bulk.plan_above(bruno, Decimal("0.9"))
    bulk.carry_out(bruno, plan)
    client = sign_in("carla")
    assert lines(client) == ["Bruno|Decididas em lote|3 sugestões|pendente|aceita|a partir de 0,90"]
    assert len(lines(client, f"?batch={plan.batch}")) == 4
    service.undo(bruno, Decision.objects.latest("pk").pk)
    assert lines(client)[0] == "Bruno|Lote desfeito|3 sugestões||pendente|"


def test_marks_exports_and_settled_alerts_stand_too(sign_in: SignIn, bruno: User) -> None:
    shown = card()
    client = sign_in("bruno")
    queue = "/admin/matching/matchsuggestion/review/"
    for button in ("flag", "flag", "unflag"):  # pressed twice it is marked once
        client.post(queue, {button: shown.order_id})
    client.post("/admin/matching/matchsuggestion/", {"action": "export_csv", "_selected_action": str(shown.pk)})
    alert = alerts.raise_alert("departure", "low", order=shown.order)
    alerts.settle(alert, bruno, "ligamos; CPF 529.982.247-25")
    assert lines(client) == [
        "Bruno|Alerta resolvido|Saída com OS aberta, OS 48001|aberto|resolvido|ligamos; CPF ***.***.***-25",
        "Bruno|Exportação|CSV||1 linha|",
        "Bruno|Desmarcada|OS 48001|marcada|não marcada|",
        "Bruno|Marcada|OS 48001|não marcada|marcada|",
    ]


def test_an_override_a_run_and_a_change_of_a_user_stand_too(sign_in: SignIn, bruno: User) -> None:
    source = Source.objects.create(name="listagem", title="Listagem", key_column="id")
    now = timezone.now()
    Snapshot.objects.create(
        source=source,
        status=Snapshot.Status.REJECTED,
        business_date=timezone.localdate(),
        override_by=bruno,
        override_at=now,
        override_reason="metade do hotel",
    )
    JobRun.objects.create(
        job="pipeline_diario", business_date=timezone.localdate(), state=State.QUEUED, trigger="admin", user=bruno
    )
    root = sign_in("admin")
    root.post("/admin/auth/group/add/", {"name": "Nova", "_save": "1"})
    assert Group.objects.filter(name="Nova").exists()
    told = "\n".join(lines(root))
    assert "Bruno|Quarentena decidida" in told
    assert "metade do hotel" in told
    assert "Bruno|Execução solicitada|pipeline_diario" in told
    assert "Admin|Adição|grupo: Nova" in told
    assert "grupo" not in "\n".join(lines(sign_in("carla")))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?kind=decisions", 2),
        ("?kind=marks", 1),
        ("?kind=bulk", 0),
        ("?order=48001", 2),
        ("?order=OS 48002", 1),
        ("?order=1", 0),
        ("?kind=marks&order=48002", 0),
        ("?user=999999", 0),
        ("?day=2001-01-01", 0),
    ],
)
def test_filters(sign_in: SignIn, bruno: User, query: str, count: int) -> None:
    accept(card(1), bruno)
    accept(card(2), bruno)
    record_audit(bruno, AuditAction.FLAG, order=1)
    assert len(lines(sign_in("carla"), query)) == count


def test_of_one_person_and_one_day(sign_in: SignIn, bruno: User) -> None:
    ana = User.objects.get(username="ana")
    accept(card(1), bruno)
    accept(card(2), ana)
    client = sign_in("carla")
    assert [line.partition("|")[0] for line in lines(client, f"?user={ana.pk}")] == ["Ana"]
    assert len(lines(client, f"?day={timezone.localdate().isoformat()}")) == 2


@pytest.mark.parametrize(
    "query",
    [
        "?kind=x&user=x&day=x&batch=x&until=x&skip=x",
        "?day=2026-02-31&until=2026-99-99",
        "?user=99999999999999999999&skip=-1",
        "?order=%27%3B+drop+table--&until=9999-12-31T23:59:59",
        "?order=%00",
        "?until=0001-01-01T00:00:00",
    ],
)
def test_an_address_that_makes_no_sense_harms_nothing(sign_in: SignIn, bruno: User, query: str) -> None:
    accept(card(), bruno)
    assert sign_in("carla").get(URL + query).status_code == 200


def test_pages_lead_back_to_the_first_line_and_lose_none(
    sign_in: SignIn, bruno: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PER_PAGE", 3)
    with patch("django.utils.timezone.now", return_value=timezone.now() - timedelta(minutes=1)):
        for _ in range(10):  # at one moment, as a batch may be
            record_audit(bruno, AuditAction.EXPORT, count=1)
    client, seen, query = sign_in("carla"), 0, ""
    for _ in range(6):
        answer = client.get(URL + query)
        seen += len(answer.context["lines"])
        if not answer.context["older"]:
            break
        query = "?" + answer.context["older"].partition("?")[2]
    assert seen == 10


def test_nobody_changes_or_deletes_a_line(bruno: User) -> None:
    record_audit(bruno, AuditAction.EXPORT, count=1)
    entry = AuditEntry.objects.get()
    for attempt in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(AppendOnly):
            attempt()
    for sql in ("UPDATE matching_auditentry SET deed = 'flag'", "DELETE FROM matching_auditentry"):
        with connection.cursor() as cursor, pytest.raises(DatabaseError, match="append only"), transaction.atomic():
            cursor.execute(sql)


def test_asks_as_much_for_thousands_as_for_one(
    sign_in: SignIn, bruno: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("bruno")
    for number in range(1, 70):
        accept(card(number), bruno, Verb.REJECT)
        record_audit(bruno, AuditAction.FLAG, order=number)
    Alert.objects.create(kind="departure", severity="low", key="k")
    with django_assert_max_num_queries(19):
        assert len(lines(client)) == 50


@pytest.mark.parametrize(("person", "status"), [("ana", 200), ("bruno", 200), ("carla", 200), ("davi", 403)])
def test_is_for_whoever_sees_decisions(sign_in: SignIn, person: str, status: int) -> None:
    client = sign_in(person)
    assert client.get(URL).status_code == status
    assert client.post(URL).status_code in (403, 405)
    assert (URL in client.get("/admin/").content.decode()) == (status == 200)
