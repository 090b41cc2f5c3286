"""Supervisão administers people, and finds no way to more rights than it has."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

LIST, ADD = reverse("admin:auth_user_changelist"), reverse("admin:auth_user_add")
PASSWORD = "uma senha bem comprida"


@pytest.fixture
def bruno(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("bruno")


def page_of(name: str) -> str:
    return reverse("admin:auth_user_change", args=[User.objects.get(username=name).pk])


def group(name: str) -> int:
    return Group.objects.get(name=name).pk


def test_a_person_is_added_with_a_role_and_can_sign_in(bruno: Client) -> None:
    typed = {"username": "eva", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert bruno.post(ADD, typed).status_code == 302
    changed = {"username": "eva", "first_name": "Eva", "is_active": "on", "groups": [group("Revisão")]}
    assert bruno.post(page_of("eva"), changed).status_code == 302
    eva = User.objects.get(username="eva")
    assert (eva.is_staff, eva.is_superuser, [one.name for one in eva.groups.all()]) == (True, False, ["Revisão"])
    assert Client().post(reverse("admin:login"), {"username": "eva", "password": PASSWORD}).status_code == 302
    assert set(LogEntry.objects.values_list("user__username", "object_repr")) == {("bruno", "eva")}


def test_nobody_rises_above_the_rights_of_the_editor(bruno: Client) -> None:
    stronger = Group.objects.create(name="Diretoria")
    stronger.permissions.add(Permission.objects.get(codename="view_hidden"))
    right = Permission.objects.get(codename="view_hidden").pk
    typed = {"username": "ana", "is_active": "on", "is_superuser": "on", "user_permissions": [right]}
    assert bruno.post(page_of("ana"), typed | {"groups": [stronger.pk]}).status_code == 200
    assert bruno.post(page_of("ana"), typed | {"groups": [group("Supervisão")]}).status_code == 302
    ana = User.objects.get(username="ana")
    assert not ana.is_superuser
    assert not ana.user_permissions.exists()
    assert not ana.has_perm("snapshots.view_hidden")
    assert bruno.get(reverse("admin:auth_group_changelist")).status_code == 403


def test_administrators_and_stronger_people_cannot_be_changed(bruno: Client) -> None:
    User.objects.get(username="carla").user_permissions.add(Permission.objects.get(codename="view_hidden"))
    for name in ("admin", "carla"):
        before = User.objects.get(username=name).password
        number = User.objects.get(username=name).pk
        assert bruno.post(page_of(name), {"username": name, "email": "bruno@evil.example"}).status_code == 403
        new = reverse("admin:auth_user_password_change", args=[number])
        typed = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        assert bruno.post(new, typed).status_code == 403
        assert User.objects.get(username=name).password == before
        device = TOTPDevice.objects.create(user_id=number, name="app")
        bruno.post(LIST, {"action": "reset_second_factor", "_selected_action": [number]})
        assert TOTPDevice.objects.filter(pk=device.pk).exists()
    assert bruno.post(reverse("admin:auth_user_delete", args=[number]), {"post": "yes"}).status_code == 403


def test_a_person_is_deactivated_and_her_second_factor_reset(bruno: Client) -> None:
    ana = User.objects.get(username="ana")
    TOTPDevice.objects.create(user=ana, name="app")
    bruno.post(LIST, {"action": "reset_second_factor", "_selected_action": [ana.pk]})
    assert not TOTPDevice.objects.exists()
    assert LogEntry.objects.get().object_repr == "ana"
    assert bruno.post(page_of("ana"), {"username": "ana", "groups": [group("Revisão")]}).status_code == 302
    assert not User.objects.get(username="ana").is_active


def test_review_administers_nobody(sign_in: Callable[[str], Client]) -> None:
    assert sign_in("ana").get(LIST).status_code == 403


def test_the_command_lets_the_last_administrator_in_again(bruno: Client) -> None:
    TOTPDevice.objects.create(user=User.objects.get(username="admin"), name="app")
    call_command("reset_second_factor", "admin")
    assert not TOTPDevice.objects.exists()
