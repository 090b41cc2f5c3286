"""Every page of ours says what it is for; the box over it finds what was meant; the language switch keeps the page."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sistema_os.admin_site.page_help import PAGES
from tests.shell.pages.conftest import SignIn, sign_in

__all__ = ["sign_in"]

pytestmark = pytest.mark.django_db

# Addresses that answer no page: they lead elsewhere, or are a part of one.
NO_PAGE = {
    "find",
    "pipeline_jobrun_live",
    "pipeline_jobrun_log",
    "pipeline_jobrun_cancel",
    "pipeline_jobrun_resume",
    "pipeline_jobrun_lift",
    "snapshots_decide",
}
OURS = (
    "matching_matchsuggestion",
    "matching_alert",
    "matching_decision_changelist",
    "pipeline_jobrun",
    "snapshots_snapshot",
    "snapshots_source",
    "matching_modelversion",
)
# Stock addresses of our models that we give to nobody.
STOCK = ("_add", "_delete", "_history")


def _names() -> set[str]:
    found = set()
    for pattern in admin.site.get_urls():
        nested = pattern.url_patterns if isinstance(pattern, URLResolver) else [pattern]
        found |= {one.name for one in nested if isinstance(one, URLPattern) and one.name}
    return found


def _of_ours(name: str) -> bool:
    if name.endswith(STOCK):
        return False
    return name.startswith((*OURS, "snapshots_")) and not name.startswith("snapshots_source")


def test_each_page_of_ours_is_explained() -> None:
    pages = {name for name in _names() if _of_ours(name)} | {"index", "rooms", "handover", "manager", "audit"}
    assert pages - NO_PAGE - set(PAGES) == set()


def test_no_page_is_explained_that_does_not_exist() -> None:
    assert get_resolver() is not None
    assert set(PAGES) - _names() == set()


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/matching/matchsuggestion/",
        "/admin/matching/matchsuggestion/review/",
        "/admin/matching/matchsuggestion/bulk/",
        "/admin/matching/alert/",
        "/admin/matching/decision/",
        "/admin/audit/",
        "/admin/manager/",
        "/admin/handover/",
        "/admin/rooms/",
        "/admin/pipeline/jobrun/",
        "/admin/snapshots/snapshot/",
    ],
)
def test_the_help_stands_once_on_the_page(sign_in: SignIn, path: str) -> None:
    assert sign_in("bruno").get(path).content.decode().count("<summary>Ajuda desta página</summary>") == 1


def test_a_stranger_gets_no_help(client: Client) -> None:
    assert "Ajuda desta página" not in client.get("/admin/login/").content.decode()


@pytest.mark.parametrize(
    ("typed", "leads_to"),
    [
        ("203", "/admin/rooms/?q=203"),
        ("apto 203", "/admin/rooms/?q=apto+203"),
        ("12A", "/admin/rooms/?q=12A"),
        ("48001", "/admin/find/"),
        ("OS 203", "/admin/find/"),
        ("oswaldo", "/admin/find/"),
        ("Rosa Lima", "/admin/find/"),
        ("'; drop table--", "/admin/find/"),
        ("", "/admin/"),
        ("  \x00 ", "/admin/"),
        ("529.982.247-25", "/admin/"),
    ],
)
def test_the_box_over_every_page_leads_to_what_was_meant(sign_in: SignIn, typed: str, leads_to: str) -> None:
    assert sign_in("ana").get("/admin/find/", {"q": typed}).headers["Location"] == leads_to


def test_whoever_sees_no_guest_has_no_such_box(sign_in: SignIn) -> None:
    client = sign_in("davi")
    assert 'id="find"' not in client.get("/admin/").content.decode()
    assert client.get("/admin/find/", {"q": "203"}).status_code == 403


def test_the_language_switch_keeps_the_filters_of_the_page(sign_in: SignIn) -> None:
    client = sign_in("ana")
    html = client.get("/admin/matching/matchsuggestion/?band=doubt&q=rosa").content.decode()
    assert 'name="next" value="/admin/matching/matchsuggestion/?band=doubt&amp;q=rosa"' in html
    answer = client.post("/language", {"language": "en", "next": "/admin/matching/alert/?settled=yes"})
    assert answer.headers["Location"] == "/admin/matching/alert/?settled=yes"
