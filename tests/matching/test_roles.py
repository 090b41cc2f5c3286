"""What each role sees and may press."""

import pytest
from django.contrib.auth.models import User

from matching.models import BulkPlan, Decision
from matching.models.choices import State
from matching.review import service
from tests.matching.conftest import Card
from tests.matching.pages import LIST, QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


class TestRoles:
    def test_who_may_only_look_sees_no_button(self, card: Card, reader: User) -> None:
        for url in (LIST, url_of(card.best), QUEUE):
            html = page(reader, url)
            assert 'name="accept"' not in html
            assert 'name="reject"' not in html

    @pytest.mark.parametrize("button", ["accept", "reject"])
    def test_and_a_post_by_hand_is_refused(self, card: Card, reader: User, button: str) -> None:
        for url in (LIST, url_of(card.best), QUEUE):
            assert signed_in(reader).post(url, {button: seen(card.best)}).status_code == 403
        assert not Decision.objects.exists()

    def test_who_runs_the_machine_sees_no_guest(self, card: Card, operator: User) -> None:
        client = signed_in(operator)
        for url in (LIST, url_of(card.best), QUEUE, "/admin/matching/decision/", "/admin/matching/alert/"):
            assert client.get(url).status_code == 403
            assert client.post(url, {"accept": seen(card.best)}).status_code == 403
        assert "Tiago" not in page(operator, "/admin/")

    def test_nobody_adds_changes_or_deletes_by_hand(self, card: Card) -> None:
        root = User.objects.create_superuser("root", password="x")
        client = signed_in(root)
        assert client.get(f"{LIST}add/").status_code == 403
        assert client.post(f"{LIST}{card.best.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post("/admin/matching/decision/add/", {}).status_code == 403
        assert "delete_selected" not in page(root, f"{LIST}?state=all")

    def test_others_decisions_are_undone_only_with_permission(
        self, card: Card, ana: User, paula: User, boss: User
    ) -> None:
        (decision,) = service.decide(ana, card.best.pk, "accept", None).decisions
        assert 'name="undo"' not in page(paula, LIST)
        assert signed_in(paula).post(LIST, {"undo": decision.pk}).status_code == 403
        assert 'name="undo"' in page(boss, LIST)

    def test_list_actions_are_for_supervisors(self, card: Card, ana: User, boss: User) -> None:
        chosen = {"action": "accept_selected", "_selected_action": str(card.best.pk), "index": "0"}
        assert "accept_selected" not in page(ana, LIST)
        signed_in(ana).post(LIST, chosen)
        assert not BulkPlan.objects.exists()

        preview = signed_in(boss).post(LIST, chosen)
        assert not Decision.objects.exists()
        signed_in(boss).post(preview.headers["Location"], {"confirm": "1"})
        assert card.best.state == State.ACCEPTED


class TestAudit:
    def test_shows_every_decision_and_its_undo(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None, "namesake").decisions
        service.undo(ana, decision.pk)
        html = page(ana, "/admin/matching/decision/")
        assert "homônimo ou parente" in html
        assert "Desfeita" in html
        assert 'class="action-select"' not in html

    def test_its_pages_cannot_be_changed(self, card: Card, ana: User) -> None:
        (decision,) = service.decide(ana, card.best.pk, "reject", None).decisions
        url = f"/admin/matching/decision/{decision.pk}/change/"
        page(ana, url)
        assert signed_in(ana).post(url, {"reason": "other"}).status_code == 403

    def test_stands_in_the_record_s_history_too(self, card: Card, ana: User) -> None:
        signed_in(ana).post(LIST, {"accept": seen(card.best)})
        assert "Aceita" in page(ana, f"{LIST}{card.best.pk}/history/")
