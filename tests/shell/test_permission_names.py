"""Permissions in the forms of users and groups."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import translation

from sistema_os import roles
from sistema_os.admin_site.users import PERMISSIONS, permission_words
from tests.shell.pages.conftest import SignIn, sign_in

__all__ = ["sign_in"]

pytestmark = pytest.mark.django_db


def test_every_permission_of_a_role_is_named_in_portuguese() -> None:
    roles.setup_groups()
    found = Permission.objects.filter(content_type__app_label__in=("matching", "snapshots", "pipeline", "auth"))
    with translation.override("pt-br"):
        words = [permission_words(one) for one in found.select_related("content_type")]
    assert not [text for text in words if "Can " in text or "can " in text]
    assert len(set(words)) == len(words)


def test_every_own_permission_has_its_words() -> None:
    own = Permission.objects.filter(content_type__app_label__in=("matching", "snapshots", "pipeline"))
    named = {f"{one.content_type.app_label}.{one.codename}" for one in own.select_related("content_type")}
    plain = {name for name in named if name.partition(".")[2].partition("_")[0] in ("add", "change", "delete", "view")}
    assert named - plain <= set(PERMISSIONS)
    assert set(PERMISSIONS) <= named


@pytest.mark.parametrize("path", ["/admin/auth/group/add/", "/admin/auth/user/add/"])
def test_the_forms_open(sign_in: SignIn, path: str) -> None:
    page = sign_in("admin").get(path)
    assert page.status_code == 200
    if "group" in path:
        assert "desfazer decisões de outras pessoas" in page.content.decode()
