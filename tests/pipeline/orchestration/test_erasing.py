"""Who asked to be forgotten is in no table of ours and stays out; who left long ago has no name any more."""

import json
import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg import sql

from matching.models import Alert, Decision, MatchSuggestion, Order, Stay
from matching.models.choices import State
from pipeline.models import State as RunState
from tests.mornings import hotel_content, own_content, run
from tests.pipeline.orchestration.small_hotel import D, SmallHotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]

TRACES = ("nadja", "quirino", "nádja", "977665544", "97766-5544", "52998224725", "529.982.247")


@pytest.fixture
def house(hotel: SmallHotel) -> SmallHotel:
    """Nadja Quirino is in the house, comes again next week, and three orders are hers; Bruno has one."""
    hotel.stay("Bruno Farias", "415")
    hotel.order("chuveiro frio", hospede_texto="Bruno Farias", uh_texto="415")
    stay = hotel.stay("QUIRINO/NADJA MRS", "203", doc="52998224725")
    row = hotel.database.execute("select hospede_id from listagem_hospedes where id = %s", [stay]).fetchone()
    assert row is not None
    hotel.change("hospedes", row[0], telefone="48 97766-5544", telefone_e164="+5548977665544")
    again = hotel.stay("Nadja Quirino", None, status="confirmada", chegada=D + timedelta(5), saida=D + timedelta(7))
    hotel.change("listagem_hospedes", again, hospede_id=row[0])
    hotel.order("torneira pingando, falar com a Sra. Nadja", hospede_texto="Nadja Quirino", uh_texto="203")
    hotel.order("Sra. Quirino pede toalhas", telefone_texto="48 97766-5544", uh_texto="203")
    hotel.order("berço para a Nádja Quirino, nadja.quirino@example.com", uh_texto="203")
    return hotel


def stay_of(name: str) -> int:
    return Stay.objects.filter(listed_name__icontains=name).order_by("pk").values_list("pk", flat=True)[0]


def everything() -> str:
    """Every row of every table of our database, the runs and the admin's history among them."""
    found = []
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            cursor.execute(sql.SQL("select to_jsonb(t)::text from {} t").format(sql.Identifier(name)))
            found += [f"{name} {row[0]}" for row in cursor.fetchall()]
    return "\n".join(found)


def traces(text: str) -> list[str]:
    return [line for line in text.lower().splitlines() if any(trace in line for trace in TRACES)]


def decided_in_the_admin(order: str, button: str) -> None:
    user, made = User.objects.get_or_create(username="rosa", is_staff=True)
    if made:
        user.user_permissions.set(Permission.objects.filter(codename__in=("view_matchsuggestion", "decide_suggestion")))
    best = MatchSuggestion.objects.get(order__request__icontains=order, rank=1, state=State.PENDING)
    client = Client()
    client.force_login(user)
    url = reverse("admin:matching_matchsuggestion_change", args=[best.pk])
    client.post(url, {button: f"{best.pk}:{best.version}"})
    best.refresh_from_db()
    assert best.state in (State.ACCEPTED, State.REJECTED), button


def two_mornings(house: SmallHotel) -> None:
    assert run("pipeline_diario", D).state == RunState.SUCCEEDED
    decided_in_the_admin("torneira", "accept")
    house.next_morning()
    house.change("listagem_hospedes", stay_of("QUIRINO"), uh="207")
    assert run("pipeline_diario", D + timedelta(1)).state == RunState.SUCCEEDED


def test_an_erased_guest_is_in_no_table_and_no_log_and_stays_out(
    house: SmallHotel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    two_mornings(house)
    assert Alert.objects.update(note="falei com a Nadja, 48 97766-5544") > 0
    assert len({line.split()[0] for line in traces(everything())}) > 6
    decisions, links = Decision.objects.count(), Order.objects.filter(linked=True).count()
    out = StringIO()
    call_command("erase_guest", stay_of("QUIRINO"), "--by", "vera", "--reason", "pedido da titular", stdout=out)
    assert traces(everything()) == []
    assert traces(caplog.text + out.getvalue()) == []
    assert (Decision.objects.count(), Order.objects.filter(linked=True).count()) == (decisions, links)
    house.next_morning()
    after = run("pipeline_diario", D + timedelta(2))
    assert after.state == RunState.SUCCEEDED
    assert traces(everything()) == []
    mirrored = hotel_content(house.database)["sugestoes_match"]
    assert traces("\n".join(mirrored)) == []
    assert [json.loads(row) for row in mirrored if '"aceita"' in row]


def test_the_others_stay_as_they_were(house: SmallHotel) -> None:
    two_mornings(house)
    bruno = stay_of("Bruno")
    call_command("erase_guest", stay_of("QUIRINO"), "--by", "vera", "--reason", "pedido", stdout=StringIO())
    order = Order.objects.get(guest_text="Bruno Farias")
    best = MatchSuggestion.objects.get(order=order, state=State.PENDING, rank=1)
    assert best.stay_id == bruno
    assert any(reason["guest_value"] for reason in best.reasons)


def test_an_erasure_tells_which_orders_still_name_the_guest_at_the_hotel(house: SmallHotel) -> None:
    two_mornings(house)
    orders = sorted(Order.objects.exclude(guest_text="Bruno Farias").values_list("pk", flat=True))
    out = StringIO()
    call_command("erase_guest", stay_of("QUIRINO"), "--by", "vera", "--reason", "pedido", stdout=out)
    assert ", ".join(map(str, orders)) in out.getvalue()


def test_a_guest_who_left_a_month_ago_is_not_read_again_either(house: SmallHotel) -> None:
    """What left before the listing's window is read beside it, for lost and found."""
    gone = house.stay(
        "QUIRINO/NADJA", "301", status="saida", chegada=D - timedelta(20), saida=D - timedelta(15), doc="52998224725"
    )
    two_mornings(house)
    call_command("erase_guest", stay_of("QUIRINO"), "--by", "vera", "--reason", "pedido", stdout=StringIO())
    house.order("esqueceu o carregador, Nadja Quirino do 301", aberta_em="2026-03-11T18:00:00Z")
    run("pipeline_diario", D + timedelta(2))
    assert not MatchSuggestion.objects.filter(stay=gone, state=State.PENDING).exists()


def test_trying_it_first_erases_nothing_and_a_wrong_number_is_said(house: SmallHotel) -> None:
    two_mornings(house)
    before, key, out = own_content(), stay_of("QUIRINO"), StringIO()
    call_command("erase_guest", key, "--by", "vera", "--reason", "pedido", "--dry-run", stdout=out)
    assert own_content() == before
    assert "apagaria" in out.getvalue()
    for wrong in ([999_999, "--by", "vera", "--reason", "pedido"], [key, "--by", "vera", "--reason", "  "]):
        with pytest.raises(CommandError):
            call_command("erase_guest", *wrong)
    assert own_content() == before


def test_ninety_days_after_the_departure_a_guest_has_no_name(house: SmallHotel) -> None:
    two_mornings(house)
    house.change("ordens_servico", Order.objects.get(request__icontains="torneira").pk, status="concluida")
    house.change("ordens_servico", Order.objects.get(request__icontains="toalhas").pk, status="concluida")
    house.change("ordens_servico", Order.objects.get(request__icontains="berço").pk, status="concluida")
    run("pipeline_diario", D + timedelta(2))
    MatchSuggestion.objects.filter(state=State.PENDING, order__closed_at__isnull=False).update(
        state=State.EXPIRED, end_reason="order_closed"
    )
    Order.objects.filter(closed_at__isnull=False).update(closed_at="2026-03-12T12:00:00Z")
    assert run("retencao_dados", D + timedelta(94)).summary["guests"] == 0
    done = run("retencao_dados", D + timedelta(110))
    assert (done.state, done.summary["guests"]) == (RunState.SUCCEEDED, 2)
    assert traces("\n".join(own_content()["matching_stay"] + own_content()["matching_matchsuggestion"])) == []
    assert traces("\n".join(own_content()["matching_order"])) == []
    assert Decision.objects.count() == 1
    assert run("retencao_dados", D + timedelta(110)).summary["guests"] == 0
    # Bruno's order is open: his name stays as long as it is needed.
    assert Stay.objects.filter(listed_name="Bruno Farias").exists()


def test_a_dry_run_of_the_retention_counts_and_forgets_nothing(house: SmallHotel) -> None:
    two_mornings(house)
    Order.objects.update(closed_at="2026-03-12T12:00:00Z")
    before = own_content()
    done = run("retencao_dados", D + timedelta(110), dry_run=True)
    assert done.summary["guests"] == 3
    assert own_content() == before
