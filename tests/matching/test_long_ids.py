"""After the thousandth order and decision every button still says what a machine can read: 1234, never 1.234."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from matching.models import Decision, Order
from matching.models.choices import Verb
from tests.markup import compact
from tests.matching.conftest import Candidate, Hotel

QUEUE = reverse("admin:matching_matchsuggestion_review")
APPS = ("matching", "pipeline", "snapshots", "sistema_os")
_READ_BY_MACHINES = re.compile(r'\b(?:value|max|min|data-[a-z-]+|href|id|for|action|formaction)="([^"]*)"')
_NUMBER = re.compile(r"\{\{ *[\w.]*(?:\bpk|\bid|_id|version|versao|\bplace|\btotal|\bdone)(?:\|default:\d+)? *\}\}")
# Names that hold no number.
_NO_NUMBER = ("suggestion.pk", "session.pk", "field.auto_id")


@pytest.fixture
def late(hotel: Hotel) -> int:
    """An order of a hotel that has had thousands, with its suggestion."""
    hotel.db.execute("alter table ordens_servico alter column id restart with 48001")
    hotel.db.execute("alter table listagem_hospedes alter column id restart with 71001")
    with connection.cursor() as cursor:
        cursor.execute("select setval(pg_get_serial_sequence('matching_decision', 'id'), 5000)")
    stay, order = hotel.stay("Tiago Figueiredo Neto"), hotel.order()
    hotel.suggest(Candidate(order, stay, 0.87), Candidate(order, None, 0.13, 2))
    assert order > 1000
    return order


# What tells the button from those beside the alternatives; the undo stands alone.
KEYS = {"accept": ' data-key="A"', "reject": ' data-key="R"', "no_guest": ' data-key="N"', "flag": ' data-key="F"'}


def press(client: Client, name: str) -> Any:
    """Presses the button of that name on the queue's page, with the value that stands on it."""
    page = compact(client.get(QUEUE).content.decode())
    found = re.search(rf'<button[^>]*name="{name}" value="([^"]*)"{KEYS.get(name, "")}', page)
    assert found, f"no button {name}"
    return client.post(QUEUE, {name: found[1]}, follow=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["accept", "reject", "no_guest"])
def test_every_decision_and_its_undo_find_what_they_mean(client: Client, ana: User, late: int, name: str) -> None:
    client.force_login(ana)
    assert press(client, name).status_code == 200
    assert Decision.objects.get().verb == Verb(name)
    assert press(client, "undo").status_code == 200
    assert Decision.objects.latest("pk").verb == Verb.UNDO


@pytest.mark.django_db(transaction=True)
def test_a_mark_finds_its_order(client: Client, ana: User, late: int) -> None:
    client.force_login(ana)
    assert press(client, "flag").status_code == 200
    assert Order.objects.get(pk=late).flagged


def test_no_template_groups_the_digits_of_what_a_machine_reads() -> None:
    wrong = [
        f"{path.name}: {attribute}"
        for app in APPS
        for path in Path(settings.BASE_DIR, app).rglob("*.html")
        for attribute in _READ_BY_MACHINES.findall(path.read_text(encoding="utf-8"))
        for variable in _NUMBER.findall(attribute)
        if not any(name in variable for name in _NO_NUMBER)
    ]
    assert wrong == []
