"""Who has done anything here stays in the history; what the scripts of Django's lists say is Portuguese."""

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from matching.models import Decision
from matching.review import service
from tests.matching.conftest import Card
from tests.matching.pages import signed_in

pytestmark = [pytest.mark.stack, pytest.mark.django_db]
USERS = "/admin/auth/user/"


@pytest.fixture
def chief(db: None) -> Client:
    return signed_in(User.objects.create_superuser("chefe", password="x"))


def delete(chief: Client, person: User) -> str:
    answer = chief.post(f"{USERS}{person.pk}/delete/", {"post": "yes"}, follow=True)
    return str(answer.content.decode())


def delete_from_the_list(chief: Client, person: User) -> str:
    chosen = {"action": "delete_selected", "_selected_action": str(person.pk), "post": "yes"}
    return str(chief.post(USERS, chosen, follow=True).content.decode())


@pytest.mark.parametrize("way", [delete, delete_from_the_list])
class TestDeleting:
    def test_a_person_who_decided_is_refused_with_what_to_do_instead(
        self, way: object, card: Card, ana: User, chief: Client
    ) -> None:
        service.decide(ana, card.best.pk, "reject", None)
        assert callable(way)
        page = way(chief, ana)
        assert "Não exclua" in page
        assert "desmarque “Ativo”" in page
        assert User.objects.filter(pk=ana.pk).exists()
        assert Decision.objects.get().user == ana

    def test_a_person_of_whom_only_django_s_history_tells_is_refused_too(
        self, way: object, ana: User, chief: Client
    ) -> None:
        signed_in(ana)
        kind = ContentType.objects.get_for_model(User)
        ana.logentry_set.create(content_type=kind, object_id="1", object_repr="x", action_flag=2, change_message="")
        assert callable(way)
        assert "Não exclua" in way(chief, ana)
        assert ana.logentry_set.exists()

    def test_an_account_that_did_nothing_is_deleted(self, way: object, ana: User, chief: Client) -> None:
        assert callable(way)
        way(chief, ana)
        assert not User.objects.filter(pk=ana.pk).exists()


def test_the_counter_of_a_list_is_in_the_plural(chief: Client) -> None:
    said = chief.get("/admin/jsi18n/").content.decode()
    assert '"%(sel)s de %(cnt)s selecionados"' in said
    assert 'selecionado"' not in said
    assert "Cancelar" in said, "Django's own words are still there"
