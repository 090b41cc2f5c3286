"""Groups and demo users: exact, repeatable, and never with a known password in public."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from sistema_os import roles
from tests.browser import screenshots

pytestmark = pytest.mark.django_db


def _setup(*arguments: str) -> str:
    out = StringIO()
    call_command("setup_roles", *arguments, stdout=out)
    return out.getvalue()


def _permissions(group: str) -> set[str]:
    rows = Group.objects.get(name=group).permissions.select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in rows}


def test_each_group_holds_exactly_its_permissions() -> None:
    _setup()
    assert {name: _permissions(name) for name in roles.ROLES} == {k: set(v) for k, v in roles.ROLES.items()}


def test_running_it_again_repairs_a_group_and_keeps_its_people() -> None:
    _setup("--demo-users")
    group = Group.objects.get(name="Revisão")
    group.permissions.clear()
    _setup()
    assert _permissions("Revisão") == set(roles.ROLES["Revisão"])
    assert group.user_set.count() == 1
    assert Group.objects.count() == len(roles.ROLES)


def test_operation_sees_no_guest_data() -> None:
    assert not [label for label in roles.ROLES["Operação"] if not label.startswith("pipeline.")]


def test_a_permission_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(roles.ROLES, "Consulta", ("matching.read_minds",))
    with pytest.raises(CommandError, match=r"matching\.read_minds"):
        _setup()


def test_there_is_a_demo_user_for_each_group_who_can_sign_in() -> None:
    printed = _setup("--demo-users")
    for person in roles.DEMO_USERS:
        assert person.username in printed
        assert Client().login(username=person.username, password=roles.DEMO_PASSWORD)
    assert {user.groups.get().name for user in User.objects.filter(is_superuser=False)} == set(roles.ROLES)


def test_no_user_is_created_unasked() -> None:
    _setup()
    assert not User.objects.exists()


@pytest.mark.parametrize("change", [{"HTTPS": True}, {"ALLOWED_HOSTS": ["os.hotel.com.br"]}, {"ALLOWED_HOSTS": ["*"]}])
def test_demo_users_are_refused_outside_a_local_stack(settings: Settings, change: dict[str, object]) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match="local stack"):
        _setup("--demo-users")
    assert not User.objects.exists()


def test_the_pictures_are_taken_by_somebody_who_exists() -> None:
    assert {screenshots.REVIEWER, screenshots.SUPERVISOR} <= {person.username for person in roles.DEMO_USERS}
    assert screenshots.PASSWORD == roles.DEMO_PASSWORD
