"""Every page that a link leads to, and those that only a moment shows: accessible in both themes, as wide as the window
on a desk and on a phone, without a complaint of the browser and without a request to anybody else."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from matching.models import MatchSuggestion, Order
from matching.models.choices import Verb
from matching.review import queue, service
from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import LIST, QUEUE, QUIET
from tests.browser.conftest import OpenWindow
from tests.browser.robots import Robot
from tests.conftest import SampleHotel
from tests.mornings import run

pytestmark = [pytest.mark.browser, pytest.mark.stack]

START = ("/admin/",)
# The same page is another one when there is nothing to show, or something was asked.
STATES = (f"{LIST}?state=all", f"{LIST}?q=ninguem", f"{QUEUE}?band=weak", "/admin/rooms/?q=203", "/admin/rooms/?q=x")
# Django's own forms of users and groups (the two inputs of a date have no label there), and a file to save.
NOT_OURS = re.compile(r"^/admin/(auth/(user|group)/(add|\d+)|pipeline/jobrun/\d+/log)/")


@pytest.fixture
def morning(sample_hotel: Callable[..., SampleHotel], people: dict[str, User]) -> dict[str, User]:
    """Two mornings of a small hotel, some of it decided; everybody by name."""
    today = timezone.localdate()
    sample = sample_hotel(days=1, rooms=8, start=today - timedelta(days=2))
    run("pipeline_diario", sample.business_date)
    run("pipeline_diario", sample.advance())
    for person, verb in ((people["ana"], Verb.ACCEPT), (people["bruno"], Verb.REJECT), (people["ana"], Verb.ACCEPT)):
        first = MatchSuggestion.objects.heads().latest("queued_at")
        service.decide(person, first.pk, verb, first.version)
    return people


def _kind(path: str) -> str:
    """Pages that differ only by what they show, like /admin/x/17/?q=1 and /admin/x/18/, are of one kind."""
    return re.sub(r"/[0-9a-f-]{36}/|/\d+/", "/…/", path.partition("?")[0])


def _walk(robot: Robot, start: tuple[str, ...], *, every_rule: bool) -> dict[str, Any]:
    """What is wrong, by page, on one page of each kind that can be reached."""
    waiting, seen, wrong = [*start, *STATES], {_kind(path) for path in start}, {}
    while waiting:
        path = waiting.pop(0)
        found = robot.inspect(path=path, every_rule=every_rule)
        complaints = robot.complaints()
        if found["status"] != 200 or found["wrong"] or complaints != QUIET:
            wrong[path] = [found["status"], *found["wrong"], *complaints["errors"], *complaints["outside"]]
        for link in found["links"]:
            if link.startswith("/admin/") and not NOT_OURS.match(link) and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(link)
    assert len(seen) > 20, "the walk ended early"
    return wrong


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "every_rule", [False, pytest.param(True, marks=[pytest.mark.drill, pytest.mark.slow_drill], id="every rule")]
)
def test_every_page_that_a_link_leads_to_is_accessible_fits_and_asks_nobody_else(
    window: OpenWindow, morning: dict[str, User], every_rule: bool
) -> None:
    admin = window()
    assert admin.inspect(path="/admin/login/")["wrong"] == []
    admin.sign_in(username="admin", password=DEMO_PASSWORD)
    assert _walk(admin, START, every_rule=every_rule) == {}


def test_what_only_a_moment_shows_is_accessible_too(window: OpenWindow, morning: dict[str, User]) -> None:
    pending = MatchSuggestion.objects.pending().order_by("pk")
    held, changed = pending[0], pending.exclude(order=pending[0].order)[0]
    queue.take_lease(held.order_id, morning["bruno"])
    Order.objects.filter(pk=changed.order_id).update(texto_versao=9)
    MatchSuggestion.objects.filter(pk=changed.pk).update(texto_versao=9, conflict="text_changed")
    ana = window("ana")
    wrong = {
        name: found["wrong"]
        for name, path in {
            "held by another": f"{LIST}{held.pk}/change/",
            "came back": f"{LIST}{changed.pk}/change/",
            "not there": f"{LIST}x/change/",
            "refused": "/admin/auth/user/",
        }.items()
        if (found := ana.inspect(path=path))["wrong"]
    }
    assert wrong == {}


@pytest.mark.parametrize("person", ["ana", "bruno", "carla", "davi"])
def test_every_link_that_a_role_is_shown_opens_for_it(morning: dict[str, User], person: str) -> None:
    client = Client()
    client.force_login(morning[person])
    waiting, seen, refused = ["/admin/"], {"/admin/"}, {}
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        if answer.status_code != 200:
            refused[path] = answer.status_code
            continue
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        for href in re.findall(r'<a\s[^>]*?href="([^"#]+)', answer.content.decode()):
            link = urljoin(path, unescape(href))
            if link.startswith("/admin/") and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(link)
    assert refused == {}
    assert len(seen) > (3 if person == "davi" else 15), "the walk ended early"
