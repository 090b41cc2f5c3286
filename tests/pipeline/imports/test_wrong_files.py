"""Wrong files on the screen: one Portuguese sentence each; nothing is written, kept or logged."""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from pipeline.imports import service
from pipeline.models import ImportedFile, ImportSession, JobRun
from pipeline.worker.execution import execute
from tests.pipeline.imports.conftest import DAY, LIST, SAMPLES

pytestmark = pytest.mark.django_db(transaction=True)

BROKEN = SAMPLES.parent / "broken"
HEADER = "Reserva;Hóspede;Chegada;Saída;UH\n"
ROW = "1;Ana Lima;10/03/2026;13/03/2026;101\n"
HOUSE = (SAMPLES / LIST).read_bytes().decode("cp1252")


def _zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return packed.getvalue()


def _unreadable() -> Iterator[tuple[str, bytes, str]]:
    yield "foto.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(900), "foto ou imagem"
    yield "bomba.xlsx", _zipped(xl__workbook=b"<x/>", xl__sharedStrings=bytes(60_000_000)), "se expande"
    yield "formula.csv", (HEADER + ROW + "2;=CMD()|X;10/03/2026;13/03/2026;102\n").encode(), "fórmula"
    yield "senha.xlsx", (BROKEN / "locked.xlsx").read_bytes(), "protegido por senha"
    yield "cortada.csv", (HEADER + ROW * 3 + "2;Rui Sá;10/0").encode(), "cortado"
    yield "longa.csv", (HEADER + ROW * 200).encode(), "mais de 100 linhas"
    yield "grande.csv", (HEADER + ROW * 9_000).encode(), "passa de"
    yield "lista.zip", _zipped(lista=HEADER.encode()), "Abra o ZIP"


def _send(client: Client, name: str, data: bytes) -> str:
    files = {"files": [SimpleUploadedFile(name, data)], "day": DAY.isoformat()}
    return str(client.post(reverse("admin:import"), files, follow=True).content.decode())


def _rows(hotel_db: psycopg.Connection) -> list[tuple[object, ...]]:
    return hotel_db.execute(
        "select id, status, saida, visto_em, ausente_desde from listagem_hospedes order by 1"
    ).fetchall()


def test_what_cannot_be_read_is_one_sentence_and_leaves_nothing(
    hotel_db: psycopg.Connection,
    as_supervisor: Client,
    spool_folder: Path,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.IMPORT_MAX_ROWS, settings.IMPORT_MAX_BYTES = 100, 300_000
    caplog.set_level(logging.DEBUG)
    for name, data, words in _unreadable():
        page = _send(as_supervisor, name, data)
        assert f"“{name}” não foi lido" in page
        assert words in page, name
        assert not [path for path in spool_folder.rglob("*") if path.is_file()]
        assert name not in caplog.text
        assert "Ana Lima" not in caplog.text
    assert _rows(hotel_db) == []
    assert not JobRun.objects.exists()
    for session in ImportSession.objects.all():
        service.discard(session)
    assert set(ImportedFile.objects.values_list("name", flat=True)) == {""}


def test_a_list_of_another_hotel_day_or_half_of_it_changes_nothing(
    hotel_db: psycopg.Connection, as_supervisor: Client, settings: Settings
) -> None:
    settings.HOTEL_NAME = "Hotel Exemplo"
    _send(as_supervisor, LIST, HOUSE.encode("cp1252"))
    session = ImportSession.objects.latest("created_at")
    as_supervisor.get(reverse("admin:import_preview", args=[session.pk]))
    execute(service.confirm(session, None).pk)
    session.refresh_from_db()
    assert session.follow_up is not None
    execute(session.follow_up.pk)
    before = _rows(hotel_db)
    assert len(before) == 22
    lines = HOUSE.splitlines(keepends=True)
    cases = (
        (HOUSE.replace("HOTEL EXEMPLO LTDA", "POUSADA DO OUTRO LADO"), "O arquivo diz “POUSADA DO OUTRO LADO”"),
        (
            HOUSE.replace("12/03/26", "11/03/26").replace("12/03/2026", "11/03/2026"),
            "já há uma da casa inteira de 12/03",
        ),
        ("".join(lines[:12]) + lines[-1], "Parece cortada no meio"),
    )
    for text, words in cases:
        _send(as_supervisor, "outra.csv", text.encode("cp1252"))
        where = reverse("admin:import_preview", args=[ImportSession.objects.latest("created_at").pk])
        page = as_supervisor.get(where).content.decode()
        assert words in page, re.sub(r"<[^>]*>|\s+", " ", page)
        as_supervisor.post(where)
        assert ImportSession.objects.latest("created_at").state == ImportSession.State.OPEN
        assert _rows(hotel_db) == before
