"""The screen Import, request by request: what is shown, what is refused, and what is written only on confirming."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from matching.models import AuditAction, AuditEntry
from pipeline.imports import recipes, service, spool
from pipeline.models import ImportedFile, ImportRecipe, ImportSession, JobRun
from pipeline.worker.execution import execute
from tests.pipeline.imports.conftest import DAY, LIST, ORDERS, SAMPLES

pytestmark = pytest.mark.django_db(transaction=True)


def _upload(name: str, data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (SAMPLES / name).read_bytes() if data is None else data)


def _send(client: Client, *files: SimpleUploadedFile) -> Any:
    return client.post(reverse("admin:import"), {"files": list(files), "day": DAY.isoformat()}, follow=True)


def _session() -> ImportSession:
    return ImportSession.objects.latest("created_at")


def _page(response: Any) -> str:
    return str(response.content.decode())


def test_the_reception_is_told_whom_to_ask(people: dict[str, User], client: Client) -> None:
    client.force_login(people["Revisão"])
    answer = client.get(reverse("admin:import"))
    assert answer.status_code == 403
    assert "Peça à supervisão" in _page(answer)
    assert client.post(reverse("admin:import"), {"files": [_upload(LIST)]}).status_code == 403
    assert not ImportSession.objects.exists()


def test_a_list_goes_from_the_box_to_the_tables(hotel_db: psycopg.Connection, as_supervisor: Client) -> None:
    understood = _send(as_supervisor, _upload(LIST), _upload(ORDERS))
    assert "MENDONCA, CARLOS EDUARDO" in _page(understood)
    session = _session()
    for file in service.usable(session):
        if file.state == ImportedFile.State.ASKING:
            as_supervisor.post(
                reverse("admin:import_check", args=[session.pk]),
                {"file": file.pk, "question": "status:aguardando peca", "answer": "aguardando"},
            )
    preview = as_supervisor.get(reverse("admin:import_preview", args=[session.pk]))
    assert "22 hóspedes" in _page(preview)
    count = "select count(*) from listagem_hospedes"
    assert hotel_db.execute(count).fetchone() == (0,)
    as_supervisor.post(reverse("admin:import_preview", args=[session.pk]))
    session.refresh_from_db()
    assert session.run is not None
    execute(session.run.pk)
    session.refresh_from_db()
    assert hotel_db.execute(count).fetchone() == (22,)
    assert session.state == ImportSession.State.DONE
    # The daily pipeline was queued for the new rows.
    assert session.follow_up is not None
    execute(session.follow_up.pk)
    done = _page(as_supervisor.get(reverse("admin:import_progress", args=[session.pk])))
    assert "Importação pronta" in done
    assert "Revisar agora" in done
    audited = AuditEntry.objects.filter(deed=AuditAction.IMPORT)
    assert {entry.params["kind"] for entry in audited} == {"stays", "orders"}
    assert "MENDONCA" not in str([entry.params for entry in audited])


def test_confirming_twice_imports_once(hotel_db: psycopg.Connection, as_supervisor: Client) -> None:
    _send(as_supervisor, _upload(LIST))
    where = reverse("admin:import_preview", args=[_session().pk])
    as_supervisor.get(where)
    as_supervisor.post(where)
    as_supervisor.post(where)
    assert JobRun.objects.of(service.JOB).count() == 1


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("lista.xlsx", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "foto ou imagem"),
        ("lista.csv", b"", "vazio"),
        ("cardapio.csv", b"Prato;Preco\nSopa;12\nBolo;9\n", "tabela"),
    ],
)
def test_a_wrong_file_is_one_sentence_and_the_good_one_stays(
    as_supervisor: Client, name: str, data: bytes, sentence: str
) -> None:
    page = _page(_send(as_supervisor, _upload(LIST), _upload(name, data)))
    assert f"“{name}” não foi lido" in page
    assert sentence in page
    assert LIST in page
    assert [file.name for file in service.usable(_session())] == [LIST]


def test_too_many_bytes_are_stopped_while_they_arrive(
    as_supervisor: Client, settings: Settings, spool_folder: Path
) -> None:
    settings.IMPORT_MAX_BYTES = 100_000
    page = _page(_send(as_supervisor, _upload("ano.csv", b"a;b\n" * 100_000), _upload(LIST)))
    assert "“ano.csv” não foi lido" in page
    assert [file.name for file in service.usable(_session())] == [LIST]
    assert max(path.stat().st_size for path in spool_folder.rglob("*") if path.is_file()) < 100_000


def test_two_lists_of_guests_are_refused(as_supervisor: Client) -> None:
    page = _page(_send(as_supervisor, _upload(LIST), _upload("05_cloudbeds_reservations.csv")))
    assert "listas de hóspedes" in page


def test_the_spool_is_private_and_empty_after_discarding(as_supervisor: Client, spool_folder: Path) -> None:
    _send(as_supervisor, _upload(LIST))
    kept = list(spool_folder.rglob("*"))
    assert {oct(path.stat().st_mode & 0o777) for path in kept if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in kept if path.is_dir()} == {"0o700"}
    as_supervisor.post(reverse("admin:import_check", args=[_session().pk]), {"discard": "1"})
    assert not list(spool_folder.iterdir())


def test_somebody_else_does_not_open_my_files(people: dict[str, User], as_supervisor: Client, client: Client) -> None:
    _send(as_supervisor, _upload(LIST))
    operator = Client()
    operator.force_login(people["Operação"])
    assert operator.get(reverse("admin:import_check", args=[_session().pk])).status_code == 404


def test_an_expired_import_is_refused_and_its_files_are_gone(
    as_supervisor: Client, spool_folder: Path, opened: Callable[..., ImportSession]
) -> None:
    _send(as_supervisor, _upload(LIST))
    session = _session()
    ImportSession.objects.filter(pk=session.pk).update(expires_at=timezone.now())
    as_supervisor.post(reverse("admin:import_preview", args=[session.pk]))
    assert not JobRun.objects.exists()
    service.forget_expired()
    assert not list(spool_folder.iterdir())


def test_another_column_is_read_when_it_is_chosen(as_supervisor: Client) -> None:
    lines = "Nome;Obs;Apto;Chegada;Saída\n" + "".join(
        f"Silva, Ana {n};tel {n};020{n};10/03/2026;1{n}/03/2026\n" for n in range(3, 7)
    )
    _send(as_supervisor, _upload("na_casa.csv", lines.encode()))
    session = _session()
    file = service.usable(session)[0]
    as_supervisor.post(
        reverse("admin:import_check", args=[session.pk]), {"file": file.pk, "columns": "1", "c1": "phone"}
    )
    file.refresh_from_db()
    assert file.columns == {"Obs": "phone"}
    assert next(spool.lines(session.pk, file.sha256))["phone"] == "tel 3"


def test_a_recipe_travels_as_json(as_supervisor: Client, opened: Callable[..., ImportSession]) -> None:
    file = service.usable(opened(LIST))[0]
    file.answers = {"scope": "casa", "status:presencial": "na_casa", "date_order": "dia-mes"}
    recipe = recipes.remember(file, ["UH", "Hóspede", "Cor do carro"])
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", _page(as_supervisor.get(reverse("admin:sources")))))
    assert "UH Quarto Hóspede Nome Datas Dia e mês Presencial Na casa" in shown
    exported = as_supervisor.get(reverse("admin:sources_recipe", args=[recipe.pk])).content
    ImportRecipe.objects.all().delete()
    as_supervisor.post(reverse("admin:sources"), {"recipe": BytesIO(exported)})
    assert ImportRecipe.objects.get().fingerprint == file.fingerprint
    as_supervisor.post(reverse("admin:sources"), {"recipe": BytesIO(b'{"format": "sistema-os-receita"}')})
    assert ImportRecipe.objects.count() == 1


@pytest.mark.parametrize("forged", ["²", "x", "9" * 5_000])
def test_a_forged_recipe_is_not_found(as_supervisor: Client, forged: str) -> None:
    assert as_supervisor.post(reverse("admin:sources"), {"forget": forged}).status_code == 404


def test_all_questions_of_a_file_stand_on_one_page_with_their_effects(as_supervisor: Client) -> None:
    lines = "Hóspede;Apto;Chegada;Saída;Situação\n" + "".join(
        f"Silva, Ana {n};020{n};10/03/2026;1{n}/03/2026;{word}\n"
        for n, word in enumerate(("Presencial", "Presencial", "Bingo", "Bingo", "Valsa"), 3)
    )
    page = _page(_send(as_supervisor, _upload("lista.csv", lines.encode())))
    session = _session()
    file = service.usable(session)[0]
    # Three at most, one of them the scope; the third word is left empty and reported.
    assert "Faltam 3 respostas" in page
    assert page.count('class="pick best"') == 3
    assert "sugestão: pelas datas das estadias" in page
    assert "sugestão: todas as estadias incluem este dia" in page
    assert "a situação fica em branco em 2 linhas" in page
    answers = (("status:presencial", "na_casa"), ("scope", "casa"), ("status:bingo", "vazio"))
    for left, (question, answer) in zip((2, 1, 0), answers, strict=True):
        page = _page(
            as_supervisor.post(
                reverse("admin:import_check", args=[session.pk]),
                {"file": file.pk, "question": question, "answer": answer},
                follow=True,
            )
        )
        assert page.count('name="question" value="') == 3
        assert page.count('class="picks"') == left
    file.refresh_from_db()
    assert file.state == ImportedFile.State.READY
    assert [line.get("status") for line in spool.lines(session.pk, file.sha256)] == [*["na_casa"] * 2, None, None, None]
    assert "“Valsa” ficou vazio" in page


def test_an_order_of_dates_that_nothing_decides_is_asked_with_both_readings(as_supervisor: Client) -> None:
    page = _page(_send(as_supervisor, _upload("41_ambigua.csv")))
    assert "“03/04/26” é 3 de abril de 2026" in page
    assert "“03/04/26” é 4 de março de 2026" in page
    assert 'class="pick best"' not in page
