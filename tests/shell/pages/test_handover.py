"""What the next shift must know."""

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching import alerts
from matching.models import WriteBack
from matching.models.choices import AlertKind, LateConflict, Severity, WriteKind
from pipeline.models import JobRun, ShiftNote, State
from sistema_os.pages import handover
from tests.markup import compact
from tests.shell.pages.conftest import SignIn, accept, collect, order, row, stay, suggest

ONE = timedelta(days=1)


def _page(client: object, **query: str) -> str:
    return str(client.get("/admin/handover/", query).content.decode())  # type: ignore[attr-defined]  # Django's Client


def _run(day: date, state: State, reason: str = "") -> JobRun:
    now = timezone.now()
    return JobRun.objects.create(
        job="hospedes_casa", business_date=day, state=state, trigger="schedule", finished_at=now, reason=reason
    )


def test_a_quiet_day_says_none_everywhere(sign_in: SignIn, today: date) -> None:
    collect(today, row(1, "203", today))
    page = _page(sign_in("carla"))
    assert "Tudo em ordem" in page
    assert page.count("Nada pendente.") == 4  # leaving, arriving, staying, notes
    assert "note-hold" not in page


def test_without_a_list_it_says_that_it_does_not_know(sign_in: SignIn) -> None:
    assert "Sem informação: não há listagem" in _page(sign_in("carla"))


def _part(page: str, name: str) -> str:
    return page[page.index(f'id="h-{name}"') :].partition("</section>")[0]


def test_open_orders_stand_under_who_leaves_who_arrives_and_who_stays(sign_in: SignIn, today: date) -> None:
    iso = today.isoformat()
    collect(
        today,
        row(1, "203", today, saida=iso, nome_listagem="Ana Sai"),
        row(2, "203", today, chegada=iso, status="confirmada", nome_listagem="Bia Chega"),
        row(3, "118", today, chegada=iso, status="confirmada", nome_listagem="Caio Chega"),
        row(4, "415", today, nome_listagem="Davi Fica"),
        row(5, None, today, chegada=iso, status="confirmada"),
    )
    order(1, room_text="0203", request="torneira do 203")
    suggest(order(2, request="berço sem quarto escrito"), stay(3, "118", today + ONE))
    order(3, room_text="415", request="de quem fica")
    order(4, room_text="203", status="concluida", request="já feita")
    page = _page(sign_in("carla"))
    assert "torneira do 203" in _part(page, "leave")
    assert "Ana Sai" in _part(page, "leave")
    assert "berço sem quarto escrito" in _part(page, "arrive")
    assert "Caio Chega" in _part(page, "arrive")
    assert "de quem fica" in _part(page, "stay")
    assert page.count('class="box"') == 3
    assert "1 sem UH" in page
    assert "já feita" not in page


def test_who_stays_fills_what_the_sheet_has_left_and_the_rest_is_counted(
    sign_in: SignIn, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(today, row(1, "203", today, saida=today.isoformat()), row(2, "204", today))
    order(1, room_text="203", request="de quem sai " * 20)
    for number in range(2, 7):
        order(number, room_text="204", request=f"de quem fica {number}")
    monkeypatch.setattr(handover, "LINES", 8)
    page = _page(sign_in("carla"))
    assert "de quem sai" in _part(page, "leave")
    staying = _part(page, "stay")
    assert staying.count("de quem fica") == 2
    assert "2 de 5" in staying
    monkeypatch.setattr(handover, "LINES", 1)
    assert "Não coube nesta folha" in _part(_page(sign_in("carla")), "stay")


def test_more_orders_than_a_day_can_have_are_cut_and_said_to_be(
    sign_in: SignIn, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect(today, row(1, "203", today, saida=today.isoformat()))
    for number in (1, 2, 3):
        order(number, room_text="203", request=f"pedido {number}")
    assert "OS mais antigas" not in _page(sign_in("carla"))
    monkeypatch.setattr(handover, "MOST_ORDERS", 2)
    page = _page(sign_in("carla"))
    assert "Aqui estão só as 2 OS mais antigas" in page


def test_what_waits_for_review_is_counted_with_those_who_leave_that_day(sign_in: SignIn, today: date) -> None:
    for number in range(1, 4):
        suggest(order(number), stay(number, f"{number:03}", today))
    suggest(order(99), stay(99, "999", today + ONE))
    page = compact(_page(sign_in("carla")))
    assert re.search(r'<dd class="mid">\s*4\s*<span class="sub">\s*3 saem nesse dia', page)
    assert "1 sai nesse dia" in _page(sign_in("carla"), date=(today + ONE).isoformat())


def test_a_note_is_kept_with_its_author_and_without_documents(sign_in: SignIn, today: date) -> None:
    ana = sign_in("ana")
    answer = ana.post(
        "/admin/handover/", {"text": "Chave da 312 com o Josué. CPF 529.982.247-25"}, headers={"X-Autosave": "1"}
    )
    assert re.fullmatch(r"\d\d:\d\d", answer.json()["at"])
    note = ShiftNote.objects.get()
    assert (note.day, note.user.username) == (today, "ana")
    assert "529" not in note.text
    ana.post("/admin/handover/", {"text": "Chave da 312 com o Josué."})
    page = _page(sign_in("bruno"))
    assert "Chave da 312 com o Josué." in page
    assert f"Ana, {timezone.localtime(ShiftNote.objects.get().at):%H:%M}" in re.sub(r",\s+", ", ", page)
    assert "Chave da 312" not in _page(ana, date=(today - ONE).isoformat())
    ana.post("/admin/handover/", {"text": " "})
    assert not ShiftNote.objects.exists()


def test_who_only_reads_writes_no_note(sign_in: SignIn) -> None:
    carla = sign_in("carla")
    assert "<textarea" not in _page(carla)
    assert carla.post("/admin/handover/", {"text": "x"}).status_code == 403
    assert sign_in("ana").post("/admin/handover/", {"text": "x" * 3000}).status_code == 400
    assert not ShiftNote.objects.exists()


def test_links_that_wait_and_links_that_were_refused(sign_in: SignIn, today: date) -> None:
    client = sign_in("carla")
    waiting = suggest(order(1), stay(1, "203", today))
    decision = accept(waiting, User.objects.get(username="bruno"))
    WriteBack.objects.create(
        kind=WriteKind.LINK,
        decision=decision,
        suggestion=waiting,
        order=waiting.order,
        stay_id=1,
        texto_versao=1,
        username="bruno",
        attempts=3,
        next_try_at=timezone.now(),
    )
    suggest(order(2), stay(2, "204", today), conflict=LateConflict.LINKED_ELSEWHERE)
    page = _page(client)
    assert "a confirmar</span>" in page
    assert "bruno; 3 tentativas" in page
    assert "já tinha" in page
    assert "Decida de novo." in page


def test_alerts_come_the_worst_first_and_settled_ones_not_at_all(sign_in: SignIn, today: date) -> None:
    client = sign_in("ana")
    guest = stay(1, "203", today)
    alerts.raise_alert(AlertKind.DEPARTURE, Severity.MEDIUM, order=order(1), stay=guest)
    alerts.raise_alert(AlertKind.EARLY_DEPARTURE, Severity.HIGH, order=order(2), stay=guest)
    settled = alerts.raise_alert(AlertKind.ROOM_MOVED, Severity.HIGH, order=order(3), stay=guest)
    alerts.settle(settled, User.objects.get(username="ana"))
    page = _page(client)
    assert page.index("Saída antecipada com OS aberta") < page.index("Saída com OS aberta")
    assert "Troca de UH com OS aberta" not in page


def test_a_held_list_is_told_with_its_reason_and_the_one_before_it_used(sign_in: SignIn, today: date) -> None:
    collect(today, row(1, "203", today, saida=today.isoformat()))
    collect(today, row(2, "204", today), announced=9)
    order(1, room_text="203", request="torneira")
    page = _page(sign_in("carla"))
    assert "note-hold" in page
    assert "Nada expirou por causa dela" in page
    assert ".;" not in page
    assert "torneira" in page


def test_runs_that_went_wrong_are_told_once_a_job_and_whether_it_is_over(sign_in: SignIn, today: date) -> None:
    client = sign_in("carla")
    _run(today, State.FAILED, "O Supabase não respondeu.")
    _run(today, State.FAILED, "O Supabase não respondeu.")
    _run(today - ONE, State.FAILED, "Coisa de ontem.")
    page = _page(client)
    assert page.count("O Supabase não respondeu.") == 1
    assert "2 vezes" in page
    assert "Coisa de ontem." not in page
    assert "Deu certo" not in page
    _run(today, State.SUCCEEDED)
    assert "Concluída às" in _page(client)
    assert "Coisa de ontem." in _page(client, date=(today - ONE).isoformat())


def test_yesterday_is_told_by_yesterdays_list(sign_in: SignIn, today: date) -> None:
    before = today - ONE
    collect(before, row(1, "203", before, saida=before.isoformat()))
    collect(today, row(2, "204", today))
    order(1, room_text="203", request="torneira")
    assert "torneira" in _page(sign_in("carla"), date=before.isoformat())
    assert "torneira" not in _page(sign_in("carla"))


@pytest.mark.parametrize("text", ["ontem", "2026-13-45", "2026-02-30", "0001-01-01", "9999-12-31", "1' OR 1=1"])
def test_a_date_that_is_none_means_today_and_says_so(sign_in: SignIn, text: str) -> None:
    assert "Data inválida" in _page(sign_in("carla"), date=text)


def test_hidden_guests_have_no_name_on_paper_either(sign_in: SignIn, today: date) -> None:
    collect(today, row(1, "203", today, saida=today.isoformat(), incognito=True, nome_listagem="Famoso"))
    order(1, room_text="203")
    page = _page(sign_in("carla"))
    assert "hóspede com nome oculto" in page
    assert "Famoso" not in page
