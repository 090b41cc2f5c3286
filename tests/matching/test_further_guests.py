"""Further guests of an order: written to the hotel, removed, undone with the link, and erased."""

from collections.abc import Callable

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from matching import erasure
from matching.models import AuditEntry, Decision, FurtherGuest, Order, Stay
from matching.review import further_guests, service
from tests.markup import compact
from tests.matching.conftest import Card, Sweep
from tests.matching.pages import page, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def linked(card: Card, ana: User) -> Card:
    service.decide(ana, card.best.pk, "accept", None)
    return card


def at_the_hotel(card: Card) -> list[int]:
    rows = card.hotel.db.execute("select listagem_id from ordens_servico_hospedes where os_id = %s", [card.order])
    return sorted(int(row[0]) for row in rows)


def test_one_is_added_and_removed_here_and_at_the_hotel(linked: Card, ana: User) -> None:
    added = further_guests.add_further_guest(ana, linked.order, linked.father, 1)
    assert at_the_hotel(linked) == [linked.father]
    assert linked.hotel.link_of(linked.order)["listagem_id"] == linked.neto
    assert further_guests.add_further_guest(ana, linked.order, linked.father, 1) == added

    further_guests.remove_further_guest(ana, added.pk)
    assert at_the_hotel(linked) == []
    with pytest.raises(service.Conflict):
        further_guests.remove_further_guest(ana, added.pk)
    assert list(AuditEntry.objects.values_list("deed", flat=True)) == ["further", "unfurther"]
    further_guests.add_further_guest(ana, linked.order, linked.father, 1)
    assert at_the_hotel(linked) == [linked.father]


def test_undoing_the_link_removes_them(linked: Card, ana: User) -> None:
    further_guests.add_further_guest(ana, linked.order, linked.father, 1)
    service.undo(ana, Decision.objects.get().pk)
    assert at_the_hotel(linked) == []
    assert linked.hotel.link_of(linked.order)["listagem_id"] is None
    assert not FurtherGuest.objects.filter(removed_at=None).exists()


def test_a_correction_keeps_them_except_whom_it_links(linked: Card, ana: User) -> None:
    rosa = linked.hotel.stay("Rosa Prado", "203")
    linked.hotel.refresh(stays=[rosa])
    for stay in (linked.father, rosa):
        further_guests.add_further_guest(ana, linked.order, stay, 1)
    service.choose(ana, linked.order, linked.father, 1, replaces=Decision.objects.get().pk)
    assert at_the_hotel(linked) == [rosa]
    assert linked.hotel.link_of(linked.order)["listagem_id"] == linked.father


def test_supabase_away_and_a_late_refusal(linked: Card, ana: User, away: Callable[[], None], sweep: Sweep) -> None:
    away()
    further_guests.add_further_guest(ana, linked.order, linked.father, 1)
    assert at_the_hotel(linked) == []
    linked.hotel.update("listagem_hospedes", linked.father, status="cancelada")
    assert sweep().conflicts == 1
    refused = FurtherGuest.objects.get()
    assert refused.removed_at is not None
    assert refused.conflict == "stay_unavailable"
    assert linked.best.state == "accepted"
    assert "não gravado" in page(ana, url_of(linked.best))


def test_only_for_a_linked_order_and_another_guest_who_may_be_offered(card: Card, ana: User, reader: User) -> None:
    with pytest.raises(service.Conflict):
        further_guests.add_further_guest(ana, card.order, card.father, 1)
    service.decide(ana, card.best.pk, "accept", None)
    for stay, version in ((card.neto, 1), (card.father, 2)):
        with pytest.raises(service.Conflict):
            further_guests.add_further_guest(ana, card.order, stay, version)
    with pytest.raises(PermissionDenied):
        further_guests.add_further_guest(reader, card.order, card.father, 1)
    child = card.hotel.stay("Lia", guest=card.hotel.guest("Lia", menor=True))
    card.hotel.refresh(stays=[child])
    with pytest.raises(Stay.DoesNotExist):
        further_guests.add_further_guest(ana, card.order, child, 1)


def test_they_stand_on_the_card_and_are_chosen_in_the_same_search(linked: Card, ana: User) -> None:
    client, url = signed_in(ana), url_of(linked.best)
    html = compact(page(ana, f"{url}?outro=1&mais=1&q=tiago+figueiredo"))
    value = f"{linked.order}:1:{linked.father}"
    assert f'name="further" value="{value}' in html
    client.post(url, {"further": value})
    shown = compact(page(ana, url))
    assert "também:" in shown
    assert 'name="not_further"' in shown
    client.post(url, {"not_further": FurtherGuest.objects.get().pk})
    assert "também:" not in page(ana, url)
    assert client.post(url, {"further": "x"}).status_code == 404
    assert client.post(url, {"not_further": "999"}).status_code == 404


def test_erasing_a_further_guest_redacts_the_order(linked: Card, ana: User) -> None:
    rosa = linked.hotel.stay("Rosa Prado", "203")
    linked.hotel.refresh(stays=[rosa])
    further_guests.add_further_guest(ana, linked.order, rosa, 1)
    Order.objects.filter(pk=linked.order).update(request="chuveiro de Rosa Prado")
    erasure.forget([rosa])
    assert "Rosa" not in Order.objects.get(pk=linked.order).request
    assert "Rosa" not in page(ana, url_of(linked.best))


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_nobody_but_the_service_role_reads_or_writes_the_table(linked: Card, role: str) -> None:
    for sql in (
        "select 1 from ordens_servico_hospedes",
        "select vincular_hospede_os(1, 1, 1, 'x')",
        "select desvincular_hospede_os(1, 1)",
    ):
        with linked.hotel.db.transaction(force_rollback=True):
            linked.hotel.db.execute(f"set local role {role}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                linked.hotel.db.execute(sql.encode())
