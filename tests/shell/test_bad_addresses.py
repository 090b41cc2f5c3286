"""Whatever somebody writes into the address of a list: a page, a way back or a refusal, and never an error of ours."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import Decision
from tests.shell.pages.conftest import SignIn, accept, order, sign_in, stay, suggest

__all__ = ["sign_in"]

pytestmark = pytest.mark.django_db

LISTS = (
    "matching/matchsuggestion",
    "matching/decision",
    "matching/alert",
    "matching/modelversion",
    "pipeline/jobrun",
    "snapshots/snapshot",
    "auth/user",
)
NONSENSE = (
    "p=-1",
    "p=99999999999999999999",
    "p=x",
    "o=99.-99.x",
    "q=%00",
    "q=%27%3B+drop+table+matching_order%3B--",
    "q=%28%5B.*%2B%3F",
    "q=" + "a" * 5000,
    "q=%25_%5C",
    "state__exact=%00",
    "severity__exact=%00",
    "kind__exact=%00",
    "verb__exact=%00",
    "status__exact=%00",
    "job=%00",
    "user__id__exact=x",
    "user__id__exact=99999999999999999999",
    "source__id__exact=99999999999999999999",
    "order__opened_at__year=x",
    "order__opened_at__year=99999",
    "at__year=0",
    "at__year=2026&at__month=13",
    "created_at__day=99",
    "queued_at__year=-1",
    "business_date__gte=x",
    "password__startswith=a",
    "decision__user__password__startswith=a",
    "nothing=1",
    "_to_field=id",
    "_popup=1&_to_field=x",
    "e=1",
    "all=",
)


ACTIONS = {
    "matching/matchsuggestion": ("accept_selected", "reject_selected", "export_csv"),
    "matching/alert": ("settle_selected",),
}


@pytest.mark.parametrize("chosen", ["x", "", "1", "99999999999999999999", "a\x00b", "'; drop table x--"])
@pytest.mark.parametrize("path", ACTIONS)
def test_an_action_on_rows_that_are_none_changes_nothing(sign_in: SignIn, path: str, chosen: str) -> None:
    client = sign_in("admin")
    client.raise_request_exception = False
    for action in (*ACTIONS[path], "delete_selected", "x"):
        data = {"action": action, "_selected_action": chosen, "index": "0"}
        assert client.post(f"/admin/{path}/", data).status_code in (200, 302, 400, 403, 404), action
    assert not Decision.objects.exists()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_survives_whatever_its_address_says(sign_in: SignIn, path: str) -> None:
    client = sign_in("admin")
    accept(suggest(order(1), stay(1, "203", timezone.localdate())), User.objects.get(username="bruno"))
    client.raise_request_exception = False
    answers = {query: client.get(f"/admin/{path}/?{query}", follow=True).status_code for query in NONSENSE}
    assert {query[:60]: status for query, status in answers.items() if status not in (200, 400, 403, 404)} == {}
