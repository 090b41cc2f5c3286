"""Every address of the admin, every role, reading and pressing: who may is a table, and there is no other way in.

A new address fails here until somebody has written down who may open it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from matching import alerts
from matching.models import (
    Alert,
    AuditEntry,
    BulkPlan,
    Decision,
    MatchSuggestion,
    ModelVersion,
    Order,
    Room,
    RoomAlias,
    WriteBack,
)
from matching.models.choices import Verb
from matching.review import bulk
from pipeline.models import CancelRequest, DataRequest, ImportRecipe, ImportSession, JobRun, State
from snapshots.models import Snapshot, Source
from tests.shell.pages.conftest import SignIn, accept, collect, order, row, sign_in, stay, suggest

__all__ = ["sign_in"]

pytestmark = pytest.mark.django_db

# C Consulta, R Revisão, S Supervisão, O Operação, A the administrator.
PEOPLE = {"C": "carla", "R": "ana", "S": "bruno", "O": "davi", "A": "admin"}
GUESTS, DECIDE, SUPERVISE, RUN, NOBODY, ALL = "CRSA", "RSA", "SA", "SOA", "", "CRSOA"
STOCK = ("changelist", "add", "change", "delete", "history")
OURS = (
    "matching_matchsuggestion",
    "matching_decision",
    "matching_alert",
    "matching_modelversion",
    "pipeline_jobrun",
    "snapshots_snapshot",
)

# Address -> who may read it, who may press its buttons. A page that only reads answers 405 to a button.
MAY: dict[str, tuple[str, str]] = {
    "index": (ALL, ALL),
    "app_list": (GUESTS, GUESTS),
    "find": (GUESTS, GUESTS),
    "guest": (GUESTS, NOBODY),
    "rooms": (GUESTS, NOBODY),
    "room_directory": (GUESTS, SUPERVISE),
    "handover": (GUESTS, DECIDE),
    "import": (RUN, RUN),
    "import_check": (RUN, RUN),
    "import_preview": (RUN, RUN),
    "import_progress": (RUN, RUN),
    "sources": (RUN, RUN),
    "sources_recipe": (RUN, RUN),
    "manager": (GUESTS, NOBODY),
    "audit": (GUESTS, NOBODY),
    "data_requests": (SUPERVISE, SUPERVISE),
    "data_request": (SUPERVISE, SUPERVISE),
    "second_factor": (ALL, ALL),
    "autocomplete": (NOBODY, NOBODY),
    "view_on_site": (NOBODY, NOBODY),
    "matching_matchsuggestion_changelist": (GUESTS, DECIDE),
    "matching_matchsuggestion_change": (GUESTS, DECIDE),
    "matching_matchsuggestion_review": (GUESTS, DECIDE),
    "matching_matchsuggestion_history": (GUESTS, GUESTS),
    "matching_matchsuggestion_bulk": (SUPERVISE, SUPERVISE),
    # Of the supervisor who made it, and of nobody else.
    "matching_matchsuggestion_bulk_plan": ("S", "S"),
    "matching_alert_changelist": (GUESTS, DECIDE),
    "matching_alert_change": (GUESTS, DECIDE),
    "matching_alert_history": (GUESTS, GUESTS),
    "matching_decision_changelist": (GUESTS, GUESTS),
    "matching_decision_change": (GUESTS, NOBODY),
    "matching_decision_history": (GUESTS, GUESTS),
    "matching_modelversion_changelist": (GUESTS, GUESTS),
    "matching_modelversion_change": (GUESTS, SUPERVISE),
    "matching_modelversion_history": (GUESTS, GUESTS),
    "snapshots_snapshot_changelist": (GUESTS, GUESTS),
    "snapshots_snapshot_change": (GUESTS, NOBODY),
    "snapshots_snapshot_history": (GUESTS, GUESTS),
    "snapshots_compare": (GUESTS, NOBODY),
    "snapshots_listing": (GUESTS, NOBODY),
    "snapshots_row": (GUESTS, NOBODY),
    "snapshots_decide": (NOBODY, SUPERVISE),
    "snapshots_source_changelist": (SUPERVISE, SUPERVISE),
    "snapshots_source_change": (SUPERVISE, SUPERVISE),
    "snapshots_source_history": (SUPERVISE, SUPERVISE),
    "pipeline_jobrun_changelist": (ALL, ALL),
    "pipeline_jobrun_change": (ALL, NOBODY),
    "pipeline_jobrun_history": (ALL, ALL),
    "pipeline_jobrun_live": (ALL, NOBODY),
    "pipeline_jobrun_log": (ALL, NOBODY),
    "pipeline_jobrun_start": (RUN, RUN),
    "pipeline_jobrun_resume": (NOBODY, RUN),
    "pipeline_jobrun_lift": (NOBODY, RUN),
    "pipeline_jobrun_cancel": (NOBODY, RUN),
    # Supervisão administers people within its own rights; nobody but an administrator deletes one.
    "auth_user_password_change": (SUPERVISE, SUPERVISE),
    **{f"auth_user_{page}": (SUPERVISE, SUPERVISE) for page in STOCK if page != "delete"},
    "auth_user_delete": ("A", "A"),
    **{f"auth_group_{page}": ("A", "A") for page in STOCK},
    **{f"{model}_{page}": (NOBODY, NOBODY) for model in (*OURS, "snapshots_source") for page in ("add", "delete")},
}
# Addresses that are no page: the way in and out, what a page loads, redirects.
OPEN = {
    "login",
    "logout",
    "jsi18n",
    "password_change",
    "password_change_done",
    "set_language",
    "sign_in_code",
    "sign_in_setup",
    "hotel_account",
    "hotel_account_back",
    "forgotten",
    "forgotten_new",
    "forgotten_done",
    "healthz",
    "readyz",
    "metrics",
}


def _walk(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield pattern.name


NAMES = sorted(set(_walk(get_resolver().url_patterns)) - OPEN)


@dataclass
class Sample:
    """One of everything that an address can name, and a POST with every button there is."""

    arguments: dict[str, list[Any]]
    pressed: dict[str, Any]

    def url(self, name: str) -> str:
        app = name if name in self.arguments else name.rpartition("_")[0]
        bare = ("changelist", "add", "start", "lift", "review", "bulk", "compare")
        given = [] if name.endswith(bare) and name not in self.arguments else self.arguments.get(app, [])
        return reverse(f"admin:{name}", args=given)


@pytest.fixture
def sample(sign_in: SignIn) -> Sample:
    sign_in("bruno")
    bruno = User.objects.get(username="bruno")
    today = timezone.localdate()
    waiting, decided = (suggest(order(n), stay(n, "203", today), 0.99) for n in (1, 2))
    decision = accept(decided, bruno, Verb.REJECT)
    alert = alerts.raise_alert("departure", "low", order=waiting.order)
    run = JobRun.objects.create(job="pipeline_diario", business_date=today, state=State.QUEUED, trigger="admin")
    collect(today, row(1, "203", today))
    held = collect(today, row(1, "203", today), announced=500)
    source = Source.objects.get()
    model = ModelVersion.objects.first() or ModelVersion.objects.create(
        version="m9", numbers={}, origin="code", figures={}
    )
    plan = bulk.plan_above(bruno, Decimal("0.9"))
    Room.objects.create(key="203", shown="203")
    received = ImportSession.objects.create(business_date=today, expires_at=timezone.now() + timedelta(hours=1))
    asked = DataRequest.objects.create(opened_by=bruno, received_on=today, due_on=today, channel="desk", wanted="copy")
    recipe = ImportRecipe.objects.create(fingerprint="f", name="casa", kind="stays")
    seen = f"{waiting.pk}:{waiting.version}"
    return Sample(
        arguments={
            "matching_alert": [alert.pk],
            "matching_matchsuggestion": [waiting.pk],
            "matching_matchsuggestion_bulk_plan": [plan.pk],
            "matching_decision": [decision.pk],
            "matching_modelversion": [model.pk],
            "pipeline_jobrun": [run.pk],
            "snapshots": [held.pk],
            "snapshots_row": [source.name, "1"],
            "snapshots_snapshot": [held.pk],
            "snapshots_source": [source.pk],
            "auth_user": [bruno.pk],
            "auth_user_password": [bruno.pk],
            "auth_group": [Group.objects.get(name="Consulta").pk],
            "app_list": ["matching"],
            "guest": [1],
            **{name: [received.pk] for name in ("import_check", "import_preview", "import_progress")},
            "data_request": [asked.pk],
            "sources_recipe": [recipe.pk],
            "view_on_site": [1, 1],
        },
        pressed={
            "reject": seen,
            "settle": alert.pk,
            "confirm": "1",
            "above": "0.98",
            "flag": waiting.order_id,
            "job": "pipeline_diario",
            "decision": "reject",
            "reason": "x",
            "name": "x",
            "add": "203",
            "alias": "casa azul",
        },
    )


TABLES = (
    Alert,
    AuditEntry,
    BulkPlan,
    Decision,
    Order,
    WriteBack,
    JobRun,
    CancelRequest,
    Snapshot,
    User,
    Group,
    RoomAlias,
)


def _everything() -> list[Any]:
    """What a button could have changed."""
    told: list[Any] = [list(table.objects.order_by("pk").values()) for table in TABLES]
    people = ({key: value for key, value in person.items() if key != "last_login"} for person in told[9])
    told[9] = list(people)
    return [
        *told,
        list(MatchSuggestion.objects.order_by("pk").values("pk", "state", "version")),
        LogEntry.objects.count(),
    ]


def _refused(client: Client, method: str, url: str, data: dict[str, Any]) -> bool:
    answer = getattr(client, method)(url, data)
    assert answer.status_code in (200, 302, 403, 404, 405), f"{method} {url}: {answer.status_code}"
    led_away = answer.status_code == 302 and "/login/" in answer.headers["Location"]
    return led_away or answer.status_code in (403, 404, 405)


def test_every_address_stands_in_the_table() -> None:
    assert set(NAMES) == set(MAY)


@pytest.fixture
def clients(sign_in: SignIn) -> dict[str, Client]:
    return {"": Client()} | {letter: sign_in(person) for letter, person in PEOPLE.items()}


def test_nobody_gets_further_than_the_table_says(sample: Sample, clients: dict[str, Client]) -> None:
    before = _everything()
    for name in NAMES:
        url = sample.url(name)
        for letter, client in clients.items():
            for method, allowed in zip(("get", "post"), MAY[name], strict=True):
                if not letter or letter not in allowed:
                    refused = _refused(client, method, url, sample.pressed)
                    assert refused, f"{letter or 'a stranger'} may {method} {url}"
        assert _everything() == before, name


def test_whoever_may_read_a_page_can(sample: Sample, clients: dict[str, Client]) -> None:
    shut = [
        f"{letter}: {name}"
        for name, (readers, _pressers) in MAY.items()
        for letter in readers
        if _refused(clients[letter], "get", sample.url(name), {})
    ]
    assert not shut


def test_whoever_may_press_its_buttons_can(
    sample: Sample, clients: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matching.review.service.send_now", lambda _: None)
    shut = []
    for name, (_readers, pressers) in MAY.items():
        for letter in pressers:
            # What one pressed is taken back before the next.
            point = transaction.savepoint()
            if _refused(clients[letter], "post", sample.url(name), sample.pressed):
                shut.append(f"{letter}: {name}")
            transaction.savepoint_rollback(point)
    assert not shut


def test_operation_reads_no_guest_anywhere(sample: Sample, clients: dict[str, Client]) -> None:
    for name in (name for name, (readers, _pressers) in MAY.items() if "O" in readers):
        html = clients["O"].get(sample.url(name)).content.decode()
        assert not re.search(r"Hóspede [12]|OS 4800", html), name
