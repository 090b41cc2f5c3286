"""The page of requests of data subjects: from the search over the doubts to copy and erasure."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matching.models import AuditEntry, Order, Stay
from pipeline.models import AccessEntry, DataRequest, Erasure
from sistema_os import roles
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]
LIST = reverse("admin:data_requests")


def client_of(name: str) -> Client:
    roles.setup_groups()
    roles.setup_demo_users()
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


@pytest.fixture
def bruno(db: None) -> Client:
    return client_of("bruno")


@pytest.fixture
def stay(hotel_db: psycopg.Connection) -> int:
    """Nadja Quirino's row: an order is hers, another names her in a room that she never had."""
    hotel = SmallHotel(hotel_db)
    key = hotel.stay("QUIRINO/NADJA MRS", "203", doc="52998224725")
    hotel.order("torneira", hospede_texto="Nadja Quirino", uh_texto="203")
    hotel.order("entregar ao sr Bruno", hospede_texto="Bruno Farias", uh_texto="999")
    assert run("pipeline_diario", D).state == "succeeded"
    Order.objects.filter(guest_text="Bruno Farias").update(requester_text="Nadia Kirino")
    return key


def open_request(client: Client, wanted: str = "both", **typed: str) -> str:
    day = timezone.localdate().isoformat()
    answer = client.post(LIST, {"received_on": day, "channel": "desk", "wanted": wanted, **typed})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def text(client: Client, page: str, **posted: object) -> str:
    answer = client.post(page, posted, follow=True) if posted else client.get(page)
    return str(answer.content.decode())


def test_a_request_goes_from_the_doubt_over_the_copy_to_the_erasure(stay: int, bruno: Client) -> None:
    page = open_request(bruno, cpf="529.982.247-25")
    assert "Nadja" not in page
    shown = text(bruno, page)
    assert "falta 1 resposta" in shown
    assert "em 15 dias" in shown
    assert "52998224725" not in shown + str(DataRequest.objects.get().sought)
    assert "<title>" in shown
    assert "QUIRINO" not in shown.partition("</title>")[0]
    erase = {"step": "erase", "reason": "request", "identity": "on", "word": "apagar"}
    assert "Antes, entregue a cópia pedida" in text(bruno, page, **erase)
    assert "Antes, responda aos achados duvidosos" in text(bruno, page, step="copy")
    doubt = f"order:{Order.objects.get(guest_text='Bruno Farias').pk}"
    text(bruno, page, step="answer", shown=[doubt], this_person=[doubt])
    copy = bruno.post(page, {"step": "copy", "as": "html"})
    assert copy["Content-Disposition"] == f'attachment; filename="titular-{DataRequest.objects.get().pk}.html"'
    assert "QUIRINO/NADJA MRS" in copy.content.decode()
    assert "Escolha o motivo" in text(bruno, page, step="plan", reason="free text of Nadja", identity="on")
    plan = text(bruno, page, step="plan", reason="request", identity="on")
    assert "Digite APAGAR para confirmar" in plan
    assert Stay.objects.get(pk=stay).listed_name
    assert "faltou digitar a palavra" in text(bruno, page, **erase | {"word": "sim"})
    assert "Os dados foram apagados" in text(bruno, page, **erase)
    assert Stay.objects.get(pk=stay).listed_name == ""
    assert Order.objects.get(guest_text="Bruno Farias").requester_text == "••• •••"
    done = DataRequest.objects.get()
    assert (done.outcome, done.sought, done.answers) == ("done", {}, {})
    assert Erasure.objects.get().by == "bruno"
    assert Erasure.objects.get().reason == f"pedido do titular, pedido nº {done.pk}"
    steps = [entry.params["step"] for entry in AuditEntry.objects.order_by("pk")]
    assert steps == ["opened", "answered", "copied", "erased"]
    assert {"search", "export"} <= set(AccessEntry.objects.values_list("kind", flat=True))
    assert "dados apagados" in text(bruno, page)
    assert bruno.get(reverse("admin:audit"), {"kind": "requests"}).status_code == 200


def test_a_doubt_that_is_not_ticked_is_left_as_it_is(stay: int, bruno: Client) -> None:
    page = open_request(bruno, "erasure", cpf="52998224725")
    doubt = f"order:{Order.objects.get(guest_text='Bruno Farias').pk}"
    text(bruno, page, step="answer", shown=[doubt, "order:999999"])
    assert DataRequest.objects.get().answers == {doubt: False}
    text(bruno, page, step="erase", reason="guardian", identity="on", word="APAGAR")
    assert Order.objects.get(guest_text="Bruno Farias").requester_text == "Nadia Kirino"
    assert Stay.objects.get(pk=stay).listed_name == ""


def test_a_request_about_nobody_is_closed_with_that_answer(bruno: Client) -> None:
    page = open_request(bruno, "copy", name="Wanderléia Xavantino")
    assert "Não há dados desta pessoa" in text(bruno, page)
    text(bruno, page, step="erase", reason="request", identity="on", word="APAGAR")
    assert not Erasure.objects.exists()
    assert "Pedido encerrado" in text(bruno, page, step="close", outcome="nothing")
    assert "Wanderléia" not in text(bruno, page) + str(DataRequest.objects.values())


def test_a_late_request_says_so_and_an_empty_one_is_refused(bruno: Client) -> None:
    page = open_request(bruno, "copy", name="Vera Nunes")
    DataRequest.objects.update(due_on=timezone.localdate() - timedelta(days=2))
    assert "2 dias de atraso" in text(bruno, LIST)
    assert "2 dias de atraso" in text(bruno, page)
    refused = bruno.post(LIST, {"received_on": timezone.localdate().isoformat(), "channel": "desk", "wanted": "copy"})
    assert "Digite pelo menos uma coisa" in refused.content.decode()


def test_only_the_permission_opens_the_page(bruno: Client) -> None:
    page = open_request(bruno, "copy", name="Vera Nunes")
    for name in ("ana", "carla", "davi"):
        client = client_of(name)
        assert client.get(LIST).status_code == 403
        assert client.post(page, {"step": "copy"}).status_code == 403
        assert LIST not in client.get(reverse("admin:index")).content.decode()
    assert bruno.get(reverse("admin:data_request", args=[10**17])).status_code == 404
