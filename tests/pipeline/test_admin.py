"""The pages of runs: permissions, actions and content."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from pipeline import dashboard
from pipeline.models import Beat, CancelRequest, JobRun, LogLine, SkippedSlot, State, Trigger
from pipeline.runs import lifecycle, registry
from pipeline.runs.control import Position
from snapshots.models import Snapshot, Source
from tests.pipeline.conftest import DAY

OpenSample = Callable[..., JobRun]
pytestmark = pytest.mark.django_db

GROUPS = ["Consulta", "Revisão", "Supervisão", "Operação"]
MAY_RUN = {"Supervisão", "Operação"}
MAY_CANCEL = MAY_RUN

LIST = "admin:pipeline_jobrun_changelist"
START = "admin:pipeline_jobrun_start"
DETAIL = "admin:pipeline_jobrun_change"


def page(name: str, run: JobRun) -> str:
    return reverse(name, args=[run.pk])


@pytest.fixture
def as_(client: Client, people: dict[str, User]) -> Callable[[str], Client]:
    def login(group: str) -> Client:
        client.force_login(people[group])
        return client

    return login


def ended(open_sample: OpenSample, state: str, **fields: Any) -> JobRun:
    run = lifecycle.claim(open_sample("write").pk)
    lifecycle.finish(
        run.pk, run.fence, state, **{"summary": {}, "reason": "", "position": Position("write", 3, 40), **fields}
    )
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_sees_the_list_and_the_record(
    as_: Callable[[str], Client], open_sample: OpenSample, group: str
) -> None:
    run = ended(open_sample, State.FAILED, reason="O Supabase não respondeu.")
    listed = as_(group).get(reverse(LIST))
    assert f"nº {run.pk}" in listed.content.decode()
    assert "falhou" in listed.content.decode()
    shown = as_(group).get(page(DETAIL, run))
    assert shown.status_code == 200
    assert "O Supabase não respondeu." in shown.content.decode()


def test_somebody_without_a_group_sees_no_run(client: Client, open_sample: OpenSample) -> None:
    run = open_sample()
    client.force_login(User.objects.create_user("sozinho", is_staff=True))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(page(DETAIL, run)).status_code == 403
    assert client.get(page("admin:pipeline_jobrun_live", run)).status_code == 403
    assert client.get(page("admin:pipeline_jobrun_log", run)).status_code == 403


@pytest.mark.parametrize("name", ["cancel", "resume", "live", "log", "change"])
def test_nobody_gets_in_without_a_login(client: Client, open_sample: OpenSample, name: str) -> None:
    run = open_sample()
    url = page(f"admin:pipeline_jobrun_{name}", run)
    answer = client.post(url) if name in ("cancel", "resume") else client.get(url)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    run.refresh_from_db()
    assert run.state == State.QUEUED


def start(client: Client, **fields: str) -> Any:
    asked = {"job": "sample", "business_date": DAY.isoformat(), "step": "", **fields}
    return client.post(reverse(START), asked, follow=True)


@pytest.mark.parametrize("group", GROUPS)
def test_only_who_may_run_jobs_starts_one(as_: Callable[[str], Client], people: dict[str, User], group: str) -> None:
    answer = start(as_(group), step="sample:succeed", dry_run="on")
    if group not in MAY_RUN:
        assert answer.status_code == 403
        assert not JobRun.objects.exists()
        return
    run = JobRun.objects.get()
    assert (run.state, run.trigger, run.user) == (State.QUEUED, Trigger.ADMIN, people[group])
    assert (run.business_date, run.dry_run, run.steps) == (DAY, True, ["succeed"])
    assert OrmQ.objects.count() == 1
    assert answer.request["PATH_INFO"] == page(DETAIL, run)


def test_a_second_start_is_refused_with_a_link_to_the_live_run(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    live = open_sample()
    answer = start(as_("Operação")).content.decode()
    assert f'<a href="{page(DETAIL, live)}">nº {live.pk}</a>' in answer
    assert JobRun.objects.get() == live
    assert not OrmQ.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("job", "nao_existe"), ("business_date", "2999-01-01"), ("business_date", "ontem"), ("step", "sample:nao_existe")],
)
def test_what_cannot_run_is_a_form_error_and_no_run(as_: Callable[[str], Client], field: str, value: str) -> None:
    answer = start(as_("Operação"), **{field: value})
    assert answer.status_code == 200
    assert answer.context["form"].errors[field]
    assert not JobRun.objects.exists()


def test_a_step_belongs_to_its_job(as_: Callable[[str], Client]) -> None:
    answer = start(as_("Operação"), step="cleanup_stale_runs:sweep")
    assert answer.context["form"].errors["step"]
    assert not JobRun.objects.exists()


@pytest.mark.parametrize("group", GROUPS)
def test_only_who_may_cancel_cancels(as_: Callable[[str], Client], open_sample: OpenSample, group: str) -> None:
    run = lifecycle.claim(open_sample().pk)
    answer = as_(group).post(page("admin:pipeline_jobrun_cancel", run))
    run.refresh_from_db()
    if group in MAY_CANCEL:
        assert run.state == State.CANCELLING
        assert CancelRequest.objects.get().user is not None
    else:
        assert answer.status_code == 403
        assert run.state == State.RUNNING


@pytest.mark.parametrize("group", GROUPS)
def test_only_who_may_run_jobs_resumes(as_: Callable[[str], Client], open_sample: OpenSample, group: str) -> None:
    stopped = ended(open_sample, State.FAILED)
    answer = as_(group).post(page("admin:pipeline_jobrun_resume", stopped))
    assert stopped.resumed_by.exists() == (group in MAY_RUN)
    assert answer.status_code == (302 if group in MAY_RUN else 403)


@pytest.mark.parametrize("name", ["cancel", "resume"])
def test_a_link_changes_nothing(as_: Callable[[str], Client], open_sample: OpenSample, name: str) -> None:
    run = open_sample()
    assert as_("Operação").get(page(f"admin:pipeline_jobrun_{name}", run)).status_code == 405
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_an_action_that_is_not_legal_is_refused_by_the_server_too(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    run = ended(open_sample, State.SUCCEEDED)
    as_("Operação").post(page("admin:pipeline_jobrun_resume", run))
    as_("Operação").post(page("admin:pipeline_jobrun_cancel", run))
    assert JobRun.objects.get() == run
    assert not CancelRequest.objects.exists()


def labels(client: Client, run: JobRun) -> dict[str, bool]:
    """The buttons of the record, and whether each can be pressed."""
    return {button.label: not button.why_not for button in client.get(page(DETAIL, run)).context["buttons"]}


def test_buttons_are_offered_where_they_are_legal_and_explain_themselves_elsewhere(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    stopped = ended(open_sample, State.FAILED)
    client = as_("Operação")
    assert labels(client, stopped) == {
        "Retomar em “gravando as linhas dos arquivos”": True,
        "Executar": True,
        "Cancelar": False,
    }
    live = open_sample()
    assert labels(client, stopped) == {
        "Retomar em “gravando as linhas dos arquivos”": False,
        "Executar": False,
        "Cancelar": False,
    }
    assert labels(client, live) == {"Executar": False, "Cancelar": True}
    assert f'href="{page(DETAIL, live)}"' in client.get(page(DETAIL, stopped)).content.decode()
    assert labels(as_("Consulta"), live) == {}


def test_the_record_shows_beats_log_and_the_blocked_stack(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    run = lifecycle.claim(open_sample("write").pk)
    lifecycle.append_beat(run.pk, run.fence, Position("listing", 300, 622, "9001"))
    LogLine.objects.create(run=run, at=run.queued_at, level=40, text="algo <b>falhou</b>")
    JobRun.objects.filter(pk=run.pk).update(blocked_stack='File "pipeline/x.py", line 3')
    shown = as_("Operação").get(page(DETAIL, run)).content.decode()
    assert "9001" in shown
    assert "lendo a listagem" in shown
    assert "algo &lt;b&gt;falhou&lt;/b&gt;" in shown
    assert "pipeline/x.py" in shown
    assert 'class="chip chip-run"' in shown


def test_what_a_run_made_is_linked_for_who_may_see_guests(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    run = ended(open_sample, State.SUCCEEDED)
    source = Source.objects.create(name="listagem", title="Listagem da manhã", key_column="id")
    snapshot = Snapshot.objects.create(source=source, business_date=DAY, run_id=run.pk, status=Snapshot.Status.HELD)
    link = reverse("admin:snapshots_snapshot_change", args=[snapshot.pk])
    assert link in as_("Consulta").get(page(DETAIL, run)).content.decode()
    assert link not in as_("Operação").get(page(DETAIL, run)).content.decode()


def test_the_page_polls_and_hears_304_while_nothing_is_new(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    run = lifecycle.claim(open_sample("write").pk)
    lifecycle.append_beat(run.pk, run.fence, Position("listing", 300, 622, "9001"))
    client, url = as_("Consulta"), page("admin:pipeline_jobrun_live", run)
    first = client.get(url)
    assert (first.json()["live"], first.json()["done"], first.json()["total"]) == (True, 300, 622)
    assert first.json()["phase"] == "Lendo a listagem"
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    lifecycle.append_beat(run.pk, run.fence, Position("listing", 400, 622, "9101"))
    second = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.json()["done"]) == (200, 400)
    lifecycle.finish(run.pk, run.fence, State.SUCCEEDED, summary={}, reason="")
    over = client.get(url, headers={"If-None-Match": second["ETag"]})
    assert over.json()["live"] is False


def test_the_log_can_be_taken_away_as_text(as_: Callable[[str], Client], open_sample: OpenSample) -> None:
    run = open_sample()
    LogLine.objects.create(run=run, at=run.queued_at, level=30, text="página 2 passou de 30 s")
    answer = as_("Operação").get(page("admin:pipeline_jobrun_log", run))
    assert answer["Content-Type"].startswith("text/plain")
    assert "WARNING página 2 passou de 30 s" in answer.content.decode()


def test_runs_cannot_be_added_changed_or_deleted_by_hand(client: Client, open_sample: OpenSample) -> None:
    run = open_sample()
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(reverse("admin:pipeline_jobrun_add")).status_code == 403
    assert client.post(page("admin:pipeline_jobrun_delete", run), {"post": "yes"}).status_code == 403
    assert client.post(page(DETAIL, run), {"state": "succeeded"}).status_code == 405
    run.refresh_from_db()
    assert run.state == State.QUEUED


def test_the_list_asks_a_bounded_number_of_questions(
    as_: Callable[[str], Client], open_sample: OpenSample, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        ended(open_sample, State.SUCCEEDED, summary={"rows": 3})
    client = as_("Operação")
    with django_assert_max_num_queries(14):
        client.get(reverse(LIST))


def _main(state: State, **fields: Any) -> JobRun:
    run = lifecycle.claim(lifecycle.open_run("pipeline_diario", business_date=DAY, trigger=Trigger.SCHEDULE).pk)
    lifecycle.finish(run.pk, run.fence, state, summary=fields.pop("summary", {}), reason=fields.pop("reason", ""))
    JobRun.objects.filter(pk=run.pk).update(**fields)
    run.refresh_from_db()
    return run


def test_the_morning_is_that_of_the_main_job_whatever_ran_since(
    people: dict[str, User], open_sample: OpenSample
) -> None:
    person = User.objects.get(pk=people["Consulta"].pk)
    assert dashboard.panel(person)["morning"].run is None
    read = {"listing": {"rows": 1830}, "orders": {"rows": 412}, "suggestions": {"created": 41}}
    done = _main(State.SUCCEEDED, summary=read)
    ended(open_sample, State.FAILED)
    open_sample()
    morning = dashboard.panel(person)["morning"]
    assert (morning.run, morning.chip, morning.went_wrong) == (done, "chip-ok", False)
    assert morning.line == f"terminou {timezone.localtime(done.finished_at):%H:%M}"
    assert morning.outcome == "Lidos: 1.830 hóspedes, 412 OS. 41 sugestões novas."
    assert "05:50" in morning.next_words


def test_a_failed_morning_says_where_it_stopped_and_what_is_in_force(as_: Callable[[str], Client]) -> None:
    failed = _main(State.FAILED, phase="orders", reason="Sem resposta.")
    page_of = as_("Operação").get(reverse("admin:index")).content.decode()
    assert f"parou {timezone.localtime(failed.finished_at):%H:%M}, lendo as ordens de serviço" in page_of
    assert "Nenhuma lista de hóspedes entrou até agora" in page_of
    assert "Coletar agora" in page_of
    assert "Coletar agora" not in as_("Consulta").get(reverse("admin:index")).content.decode()


def test_every_schedule_that_people_follow_has_its_next_start(people: dict[str, User]) -> None:
    now = timezone.now()
    starts = dashboard.panel(User.objects.get(pk=people["Consulta"].pk))["next_runs"]
    assert {one.job for one in starts} == {"pipeline_diario", "rm_daily_collection", "hospedes_casa"}
    assert [one.at for one in starts] == sorted(one.at for one in starts)
    assert all(one.at > now for one in starts)
    assert all(one.title != one.job for one in starts)
    assert next(one for one in starts if one.job == "hospedes_casa").soon


def test_who_runs_the_system_sees_each_job_and_its_last_runs(people: dict[str, User], open_sample: OpenSample) -> None:
    _main(State.PARTIAL)
    _main(State.SUCCEEDED)
    tasks = dashboard.panel(User.objects.get(pk=people["Operação"].pk))["tasks"]
    first = tasks[0]
    assert (first.job, first.title, first.chip) == ("pipeline_diario", "Coleta da manhã", "chip-ok")
    assert [css for _x, _y, _height, css in first.bars] == ["s-w", "f-pos"]
    assert first.bars_words == "1 concluída, 1 parcial"
    assert dashboard.panel(User.objects.get(pk=people["Consulta"].pk))["tasks"] == []


def test_data_is_only_as_fresh_as_the_last_run_that_got_all_of_it(people: dict[str, User]) -> None:
    run = lifecycle.claim(lifecycle.open_run("hospedes_casa", business_date=DAY, trigger=Trigger.SCHEDULE).pk)
    person = User.objects.get(pk=people["Consulta"].pk)

    def chip() -> str:
        (age,) = (age for age in dashboard.panel(person)["ages"] if age.job == "hospedes_casa")
        return str(age.chip)

    lifecycle.finish(run.pk, run.fence, State.PARTIAL, summary={}, reason="")
    assert chip() == "chip-wait"
    JobRun.objects.update(state=State.SUCCEEDED)
    assert chip() == "chip-ok"
    for hours, expected in ((1, "chip-warn"), (3, "chip-bad")):
        JobRun.objects.update(started_at=Now() - timedelta(hours=hours))
        assert chip() == expected


def test_the_dashboard_follows_a_live_morning_for_who_may_see_runs(
    as_: Callable[[str], Client], client: Client
) -> None:
    live = lifecycle.open_run("pipeline_diario", business_date=DAY, trigger=Trigger.SCHEDULE)
    assert page("admin:pipeline_jobrun_live", live) in as_("Operação").get(reverse("admin:index")).content.decode()
    client.force_login(User.objects.create_user("sozinho", is_staff=True))
    assert page(DETAIL, live) not in client.get(reverse("admin:index")).content.decode()


def test_cleaning_up_is_not_among_the_starts_that_people_follow(people: dict[str, User]) -> None:
    starts = dashboard.panel(User.objects.get(pk=people["Operação"].pk))["next_runs"]
    assert "cleanup_stale_runs" not in {one.job for one in starts}


def test_the_newest_beat_decides_what_is_shown_while_a_writer_holds_the_run(
    as_: Callable[[str], Client], open_sample: OpenSample
) -> None:
    run = lifecycle.claim(open_sample().pk)
    Beat.objects.create(run=run, fence=1, progress_at=Now(), phase="mirror", done=5, total=9)
    moving = as_("Consulta").get(page("admin:pipeline_jobrun_live", run)).json()
    assert (moving["done"], moving["total"]) == (5, 9)


def test_a_failed_run_begins_with_its_effect_and_what_to_do(as_: Callable[[str], Client]) -> None:
    failed = _main(State.FAILED, reason="Sem resposta em 30 s.")
    text = as_("Supervisão").get(page(DETAIL, failed)).content.decode()
    order = ("Coleta da manhã", "Nenhuma lista de hóspedes entrou", "O que fazer", "Fases", "para a informática")
    places = [text.index(words, text.index("<h1>")) for words in order]
    assert places == sorted(places)
    assert text.count('class="btn"') == 1, "one way on, in the line"
    assert "falhou aqui" in text, "even before the first phase"
    assert text.count("não começou") == len(registry.get("pipeline_diario").phases) - 1
    reader = as_("Consulta").get(page(DETAIL, failed)).content.decode()
    assert "Peça à operação para tentar de novo" in reader
    assert 'class="btn"' not in reader


def test_a_failure_that_a_later_run_made_up_for_says_so(as_: Callable[[str], Client]) -> None:
    failed = _main(State.FAILED)
    _main(State.SUCCEEDED)
    assert "Uma execução posterior resolveu" in as_("Consulta").get(page(DETAIL, failed)).content.decode()


def test_the_list_of_runs_shows_the_starts_that_were_skipped(as_: Callable[[str], Client]) -> None:
    live = lifecycle.open_run("hospedes_casa", business_date=DAY, trigger=Trigger.ADMIN)
    for minutes in (90, 30):
        SkippedSlot.objects.create(
            job="hospedes_casa", slot=Now() - timedelta(minutes=minutes), why=SkippedSlot.Why.RUNNING, run=live
        )
    page = as_("Operação").get("/admin/pipeline/jobrun/").content.decode()
    shown = page[page.index("skipped-h") :]
    assert "2 vezes" in shown
    assert "outra execução da tarefa ainda estava em andamento" in shown
    assert f"nº {live.pk}" in shown
