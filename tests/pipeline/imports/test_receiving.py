"""The job receber_arquivos: a known layout is imported, an unknown one waits, the same file changes nothing."""

import os
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from pytest_django.fixtures import Settings

from pipeline.imports import origins, service
from pipeline.imports.origins import SourceUnreachable
from pipeline.imports.sources_page import waiting
from pipeline.models import ImportedFile, ImportRecipe, JobRun, Trigger
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from tests.pipeline.imports.conftest import DAY, LIST, SAMPLES

pytestmark = pytest.mark.django_db(transaction=True)


def _drop(folder: Path, name: str, data: bytes, age: int = 60) -> Path:
    path = folder / name
    path.write_bytes(data)
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def _receive() -> JobRun:
    run = lifecycle.open_run("receber_arquivos", business_date=DAY, trigger=Trigger.SCHEDULE)
    return execute(run.pk)


def _guests(hotel: psycopg.Connection) -> int:
    row = hotel.execute("select count(*) from listagem_hospedes").fetchone()
    return int(row[0]) if row else 0


def test_an_unknown_layout_waits_and_a_known_one_is_imported_once(
    hotel_db: psycopg.Connection, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    settings.IMPORT_WATCH_FOLDERS = [str(folder)]
    data = (SAMPLES / LIST).read_bytes()
    _drop(folder, LIST, data)
    held = _receive()
    assert (held.state, held.summary["held"]) == ("partial", 1)
    assert not _guests(hotel_db)
    file = waiting().get()
    # A person looks at it and confirms: from then on the layout is known.
    service.preview(file.session)
    execute(service.confirm(file.session, None).pk)
    assert _guests(hotel_db) == 22
    assert ImportRecipe.objects.get().fingerprint == file.fingerprint

    _drop(folder, "amanha.csv", data.replace(b"\r\n", b"\n"))
    second = _receive()
    assert (second.state, second.summary["imported"]) == ("succeeded", 1)
    assert ImportedFile.objects.get(name="amanha.csv").state == ImportedFile.State.SAME
    # Both files still lie in the folder.
    assert _receive().summary["found"] == 0
    assert _guests(hotel_db) == 22


def test_a_file_that_is_still_written_to_is_left_for_the_next_look(tmp_path: Path) -> None:
    _drop(tmp_path, "novo.csv", b"a;b\n", age=1)
    _drop(tmp_path, "velho.csv", b"a;b\n", age=int(timedelta(days=9).total_seconds()))
    _drop(tmp_path, "pronto.csv", b"a;b\n")
    assert [one.name for one in origins.from_folders([str(tmp_path)])] == ["pronto.csv"]


def test_a_sheet_is_read_only_over_https() -> None:
    with pytest.raises(SourceUnreachable):
        list(origins.from_sheets(["http://hotel.example/planilha.csv"]))
    with pytest.raises(SourceUnreachable):
        list(origins.from_mailbox("imap://user:secret@hotel.example/INBOX?from=a@hotel.example"))
