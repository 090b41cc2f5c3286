"""The manager's page in words."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from matching.models import AuditAction, AuditEntry
from matching.models.choices import Verb
from matching.reports.charts import measured
from matching.reports.periods import period
from matching.reports.throughput import waiting
from pipeline.models import JobRun, State
from sistema_os.pages import manager
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, accept, order, stay, suggest
from tests.shell.pages.crowd import crowd


def test_without_a_decision_it_says_when_there_will_be_something(sign_in: SignIn) -> None:
    page = sign_in("carla").get("/admin/manager/").content.decode()
    assert "Nenhuma decisão neste período" in page
    assert "A coleta da manhã ainda não rodou hoje." in page
    assert "Aceitação por faixa" not in page
    assert "Nenhum vínculo ainda" in page


def test_the_figures_find_what_people_think_of_the_model(sign_in: SignIn) -> None:
    crowd(900, 85)
    page = sign_in("carla").get("/admin/manager/?days=90").content.decode()
    for heading in ("Aceitação por faixa", "Precisão por semana", "Tempo até o vínculo", "A equipe como um todo"):
        assert heading in page
    assert "Na faixa forte, a equipe rejeitou" in page
    assert "em lote, espere até" in page


def test_the_time_to_the_link_is_held_against_as_many_days_before(sign_in: SignIn) -> None:
    crowd(900, 85)
    page = compact(sign_in("carla").get("/admin/manager/?days=30").content.decode())
    told = re.search(r"Em até um dia: (\d+,\d)%\. Contra os 30 dias anteriores: .*?antes: (\d+,\d)%", page)
    assert told
    chosen = period("30", timezone.localdate())
    shares = [found.within_a_day / found.links for found in (waiting(chosen), waiting(chosen.before))]
    assert list(told.groups()) == [f"{100 * share:.1f}".replace(".", ",") for share in shares]


def test_nobody_is_named(sign_in: SignIn) -> None:
    crowd(60, 6)
    page = sign_in("carla").get("/admin/manager/?days=7").content.decode()
    assert not [user for user in User.objects.filter(username__startswith="pessoa") if user.username in page]


@pytest.mark.parametrize("days", ["", "0", "31", "abc", "9" * 400, "7' OR 1=1"])
def test_an_unknown_period_is_the_usual_one(sign_in: SignIn, days: str) -> None:
    response = sign_in("carla").get("/admin/manager/", {"days": days})
    assert response.status_code == 200
    assert 'days=30" aria-current="true"' in compact(response.content.decode())


def test_todays_run_is_one_line_and_late_data_says_what_it_means(sign_in: SignIn) -> None:
    now = timezone.now()
    JobRun.objects.create(
        job="pipeline_diario",
        business_date=timezone.localdate(),
        state=State.FAILED,
        trigger="schedule",
        started_at=now,
        finished_at=now,
        reason="O Supabase recusou a chave.",
    )
    JobRun.objects.create(
        job="rm_daily_collection",
        business_date=timezone.localdate() - timedelta(days=2),
        state=State.SUCCEEDED,
        trigger="schedule",
        started_at=now - timedelta(days=2),
        finished_at=now - timedelta(days=2),
    )
    page = sign_in("carla").get("/admin/manager/").content.decode()
    assert "falhou, O Supabase recusou a chave." in page
    assert "note-bad" in page
    assert "eceita e ocupação futura" in page
    assert "Todos os dados estão em dia" not in page


@pytest.mark.parametrize(
    ("share", "words"),
    [(None, "—"), (0.0, "0,0%"), (1.0, "100,0%"), (0.99999, "99,9%"), (0.00001, "0,1%"), (0.863, "86,3%")],
)
def test_a_share_never_rounds_to_certainty(share: float | None, words: str) -> None:
    assert manager.percent(share) == words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (None, "—"),
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=24, seconds=20), "24 min"),
        (timedelta(minutes=59, seconds=40), "1 h"),
        (timedelta(hours=5, minutes=7), "5 h 07 min"),
        (timedelta(days=3, hours=12), "3,5 dias"),
    ],
)
def test_times_are_told_as_people_tell_them(time: timedelta | None, words: str) -> None:
    assert manager.lasted(time) == words


def test_few_decisions_promise_nothing_about_bulk() -> None:
    told = manager._sentences(measured(9, 10), measured(5, 5))
    assert "poucas decisões" in told[-1]


def test_the_figures_are_counted_once_and_again_after_the_next_decision(
    sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    crowd(60, 6)
    client = sign_in("carla")
    first = client.get("/admin/manager/?days=7").content.decode()
    # What waits for review is counted each time: it must be the number of the badge.
    with django_assert_max_num_queries(13):
        assert client.get("/admin/manager/?days=7").status_code == 200
    crowd(30, 3, seed=8, first=5_000_000)
    assert client.get("/admin/manager/?days=7").content.decode() != first


def test_orders_by_department_add_up_and_can_be_taken_away(sign_in: SignIn, today: date) -> None:
    suggest(order(1, department="manutencao"), stay(1, "203", today))
    suggest(order(2, department="manutencao"), stay(2, "204", today + timedelta(days=1)))
    order(3, department="governanca", linked=True)
    order(4, department="governanca", status="cancelada")
    client = sign_in("carla")
    page = client.get("/admin/manager/?days=7").content.decode()
    table = page[page.index('id="m-dep"') :].partition("</section>")[0]
    numbers = [[int(n) for n in re.findall(r'class="r num"[^>]*>(\d+)<', line)] for line in table.split("<tr")[2:]]
    assert numbers == [[2, 0, 2, 1], [1, 1, 0, 0], [3, 1, 2, 1]]
    answer: Any = client.get("/admin/manager/?days=7&format=csv")
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0] == "Setor;Abertas;Com hóspede;A revisar;Saem hoje"
    assert rows[-1] == "Total;3;1;2;1"
    assert AuditEntry.objects.get().deed == AuditAction.EXPORT


def test_the_occupancy_is_that_of_the_last_map(sign_in: SignIn, today: date) -> None:
    client = sign_in("carla")
    assert "Ocupação hoje" not in client.get("/admin/manager/").content.decode()
    for day, sold, share in ((today - timedelta(days=1), 101, 0.84), (today, 97, 0.81)):
        JobRun.objects.create(
            job="rm_daily_collection",
            business_date=day,
            state=State.SUCCEEDED,
            trigger="schedule",
            finished_at=timezone.now(),
            summary={"tonight": {"sold": sold, "occupancy": share}},
        )
    page = client.get("/admin/manager/").content.decode()
    assert "81,0%" in page
    assert "97 quartos vendidos" in page
    assert "no dia anterior, 84,0%" in page


def test_rejections_are_counted_by_reason_evidence_and_department(sign_in: SignIn, today: date) -> None:
    ana = User.objects.create_user("ana.silva")
    room, name = ({"comparison": word, "weight_bits": bits} for word, bits in (("room", 9.0), ("name", 2.0)))
    prior = {"comparison": "prior", "weight_bits": 20.0}
    given: tuple[tuple[str, list[dict[str, Any]]], ...] = (
        ("other_guest", [prior, room, name]),
        ("other_guest", [prior, name]),
        ("other_guest", [room]),
        ("", []),
    )
    for number, (reason, reasons) in enumerate(given, 1):
        suggestion = suggest(order(number, department="manutencao"), stay(number, "203", today), reasons=reasons)
        accept(suggestion, ana, Verb.REJECT, reason=reason)
    other = suggest(order(9, department="ti"), stay(9, "203", today))
    accept(other, ana, Verb.UNDO, undo_of=accept(other, ana, Verb.REJECT, reason="namesake"))
    page = compact(sign_in("carla").get("/admin/manager/?days=7").content.decode())
    table = page[page.index('id="m-no"') :].partition("</section>")[0]
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", line) for line in table.split("<tr")[2:]]
    assert rows == [
        ["Outro hóspede do quarto", "3", "UH (2)", "Manutenção (3)"],
        ["Sem motivo informado", "1", "—", "Manutenção (1)"],
    ]
