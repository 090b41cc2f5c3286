"""The commands for requests of data subjects, on a hotel of a few rows."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from matching.models import MatchSuggestion, Order, Stay
from pipeline.models import Erasure
from tests.mornings import run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


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


def called(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_doubt_stops_copy_and_erasure_until_it_is_answered(stay: int, tmp_path: Path) -> None:
    bruno = Order.objects.get(guest_text="Bruno Farias").pk
    assert f"order:{bruno}  duvidoso" in called("find_guest", stay)
    for command in (("export_guest", stay, "--into", tmp_path), ("erase_guest", stay, "--by=v", "--reason=pedido")):
        with pytest.raises(CommandError):
            called(*command)
    assert list(tmp_path.iterdir()) == []
    assert Stay.objects.get(pk=stay).listed_name
    called("erase_guest", stay, "--by=v", "--reason=pedido", "--no", f"order:{bruno}")
    assert Order.objects.get(pk=bruno).requester_text == "Nadia Kirino"
    assert Stay.objects.get(pk=stay).listed_name == ""


def test_the_copy_has_what_we_and_the_hotel_hold(stay: int, tmp_path: Path) -> None:
    bruno = Order.objects.get(guest_text="Bruno Farias").pk
    called("export_guest", stay, "--into", tmp_path, "--yes", f"order:{bruno}")
    data = json.loads(next(tmp_path.glob("*.json")).read_text())
    assert data["person"]["document"] == "***.***.***-25"
    assert {"listagem_hospedes", "hospedes", "ordens_servico"} <= set(data["held_by_the_hotel"])
    assert "Nadia Kirino" in json.dumps(data["held_by_us"])
    page = next(tmp_path.glob("*.html")).read_text()
    assert "QUIRINO/NADJA MRS" in page
    assert "52998224725" not in page + json.dumps(data)


def test_an_erasure_is_repeated_after_a_restore(stay: int, tmp_path: Path, settings: Settings) -> None:
    settings.ERASURE_LIST = str(tmp_path / "erasures")
    bruno = Order.objects.get(guest_text="Bruno Farias").pk
    called("erase_guest", stay, "--by=v", "--reason=Nadja pediu", "--yes", f"order:{bruno}")
    assert "nadja" not in Path(settings.ERASURE_LIST).read_text().lower()
    # As a backup of yesterday has them.
    Stay.objects.filter(pk=stay).update(listed_name="QUIRINO/NADJA MRS")
    Order.objects.filter(pk=bruno).update(requester_text="Nadia Kirino")
    assert called("repeat_erasures", settings.ERASURE_LIST).startswith("1 apagamentos refeitos")
    assert Stay.objects.get(pk=stay).listed_name == ""
    assert Order.objects.get(pk=bruno).requester_text == "••• •••"
    assert called("repeat_erasures", settings.ERASURE_LIST).startswith("0 apagamentos refeitos, 2 já valiam")
    assert Erasure.objects.count() == 2


def test_typed_texts_of_orders_closed_long_ago_are_blanked(stay: int, settings: Settings) -> None:
    settings.ORDER_KEEP_DAYS = 100
    order = Order.objects.get(guest_text="Nadja Quirino")
    Order.objects.filter(pk=order.pk).update(closed_at="2026-03-12T12:00:00Z")
    assert run("retencao_dados", D + timedelta(95)).summary["texts"] == 0
    assert run("retencao_dados", D + timedelta(110)).summary["texts"] == 1
    order.refresh_from_db()
    assert (order.request, order.guest_text, order.search) == ("", "", f"{order.number.lower()} 203")
    compared = [r["order_value"] for s in MatchSuggestion.objects.filter(order=order) for r in s.reasons]
    assert set(compared) == {None}
    assert Order.objects.get(guest_text="Bruno Farias").request
