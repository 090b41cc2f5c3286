"""Every page with odd ids, dates, bytes and parameters: a page, a way back or a refusal, never an error of ours.

The seeds are fixed: the same requests in every run.
"""

import random
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client

from tests.shell.pages.conftest import SignIn, sign_in
from tests.shell.test_every_address import MAY, NAMES, NOBODY, Sample, sample

__all__ = ["sample", "sign_in"]

pytestmark = pytest.mark.django_db

ODD_IDS = (
    "abc",
    "0",
    "-1",
    "9" * 25,
    "1e5",
    "a%00b",
    "%00",
    "%ff%fe",
    "é",
    "..%2f..",
    "' or 1=1--",
    "_5F",
    "1_2F2",
    "²",
)
ODD_VALUES = (
    *(
        "",
        "0",
        "-1",
        "x",
        "9" * 25,
        "1e400",
        "nan",
        "\x00",
        "a\x00b",
        "²",
        "١",
        "'; drop--",
        "%",
        "\\",
        "\ud800",
        "a" * 3000,
    ),
    *(
        "0001-01-01",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "2026-13-01",
        "0000-00-00",
        "-1-01-01",
        "2026-11-30T25:99",
    ),
    *("[]", "{}", "null", "<b>", "\u202e", "🦊" * 50),
)
PARAMETERS = (
    *(
        "q",
        "p",
        "o",
        "e",
        "all",
        "_popup",
        "_to_field",
        "next",
        "unknown",
        "kind",
        "user",
        "day",
        "date",
        "order",
        "batch",
    ),
    *("state", "band", "at", "departure", "room", "department", "decided_by", "model", "os", "long", "name", "field"),
    *("page", "row", "source", "a", "b", "job", "status", "since", "until", "period", "days", "from", "to", "outro"),
    *("order__opened_at__year", "order__opened_at__month", "at__year", "at__month", "at__day", "business_date__year"),
    *("business_date__gte", "business_date__lt", "business_date", "created_at__year", "queued_at__year", "settled"),
    *("source__id__exact", "user__id__exact", "verb__exact", "status__exact", "is_staff__exact", "groups__id__exact"),
)
# Pages whose answer ends the session, or is a file of the program.
APART = frozenset({"auth_user_password_change"})
_KEY = re.compile(r"(?<=/)([0-9]+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/)")


@pytest.fixture
def client(sign_in: SignIn) -> Client:
    found = sign_in("admin")
    found.raise_request_exception = False
    return found


def _broken(client: Client, method: str, url: str, data: dict[str, str] | None = None) -> str:
    point = transaction.savepoint()
    try:
        answer = getattr(client, method)(url, data or {})
    finally:
        transaction.savepoint_rollback(point)
    return f"{answer.exc_info!r:.200} {method} {url} {data or ''}" if answer.status_code >= 500 else ""


def _urls(sample: Sample, method: int = 0) -> list[str]:
    """The pages that somebody may open (0), or whose buttons somebody may press (1)."""
    return [sample.url(name) for name in NAMES if name not in APART and MAY[name][method] != NOBODY]


def test_no_odd_id_breaks_a_page(sample: Sample, client: Client) -> None:
    chance = random.Random(11)
    urls = (
        url[: key.start()] + odd + url[key.end() :]
        for url in _urls(sample)
        for key in _KEY.finditer(url)
        for odd in chance.sample(ODD_IDS, 4)
    )
    assert [broken for url in urls if (broken := _broken(client, "get", url))] == []


def _addresses(sample: Sample) -> Iterator[str]:
    """Each page with every parameter, a dozen to a request."""
    chance = random.Random(13)
    for url in _urls(sample):
        names = chance.sample(PARAMETERS, len(PARAMETERS))
        for start in range(0, len(names), 12):
            values = (quote(chance.choice(ODD_VALUES).encode("utf-8", "surrogatepass")) for _ in range(12))
            yield f"{url}?" + "&".join(f"{name}={value}" for name, value in zip(names[start:], values, strict=False))


def test_no_odd_parameter_breaks_a_page(sample: Sample, client: Client) -> None:
    assert [broken for url in _addresses(sample) if (broken := _broken(client, "get", url))] == []


@pytest.mark.parametrize("path", ["%00", "a%00b", "%ff", "%c0%af", "%2e%2e/", "é", "%F0%9F", "a" * 2000])
def test_no_odd_bytes_in_a_path_break_the_site(client: Client, path: str) -> None:
    for start in (
        "/",
        "/admin/",
        "/admin/matching/",
        "/admin/snapshots/snapshot/row/listagem_hospedes/",
        "/admin/guests/",
    ):
        assert _broken(client, "get", f"{start}{path}") == ""
        assert _broken(client, "get", f"{start}{path}/") == ""


def test_no_odd_body_breaks_a_page(sample: Sample, client: Client) -> None:
    chance = random.Random(17)
    fields = (*sample.pressed, "accept", "undo", "no_guest", "verb", "action", "_selected_action", "note", "q")
    bodies = [
        {name: chance.choice(ODD_VALUES).encode("utf-8", "replace").decode() for name in fields} for _ in range(2)
    ]
    broken = [_broken(client, "post", url, body) for url in _urls(sample, 1) for body in bodies]
    assert [answer for answer in broken if answer] == []
