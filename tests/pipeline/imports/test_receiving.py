"""The job receber_arquivos: a known layout is imported, an unknown one waits, the same file changes nothing."""

import os
import time
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import psycopg
import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from pipeline.imports import origins, service
from pipeline.imports.origins import SourceUnreachable
from pipeline.imports.sources_page import waiting
from pipeline.models import ImportedFile, ImportRecipe, JobRun, Trigger
from pipeline.runs import lifecycle
from pipeline.worker.execution import execute
from tests.pipeline.imports.conftest import DAY, LIST, SAMPLES
from tests.pipeline.imports.servers import PASSWORD, mailbox, message, published_sheet

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


def test_a_published_sheet_is_read_and_waits(hotel_db: psycopg.Connection, settings: Settings) -> None:
    with published_sheet((SAMPLES / LIST).read_bytes()) as address:
        settings.IMPORT_SHEETS = [address]
        run = _receive()
    assert (run.state, run.summary["held"]) == ("partial", 1)
    file = waiting().get()
    assert (file.name, file.origin, file.lines) == ("na_casa.csv", ImportedFile.Origin.ADDRESS, 22)
    assert not _guests(hotel_db)


def test_a_sheet_does_not_lead_away_from_https_and_may_not_be_larger_than_the_limit(settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 1_000
    with (
        published_sheet(b"", redirect_to="http://hotel.example/planilha.csv") as address,
        pytest.raises(SourceUnreachable),
    ):
        list(origins.from_sheets([address]))
    with published_sheet(b"a;b\n" * 300) as address, pytest.raises(SourceUnreachable):
        list(origins.from_sheets([address]))


def test_the_attachments_of_permitted_senders_are_read_and_the_mailbox_is_left_as_it_is() -> None:
    sent = timezone.localtime() - timedelta(hours=1)
    data = (SAMPLES / LIST).read_bytes()
    mails = [
        message("PMS <sistema@hotel.example>", [(LIST, data), ("logo.png", b"\x89PNG")], format_datetime(sent)),
        message("alguém@fora.example", [("na_casa.csv", data)], format_datetime(sent)),
    ]
    with mailbox(mails) as (address, commands):
        found = list(origins.from_mailbox(f"{address}?from=sistema@hotel.example"))
    assert [(one.name, one.data, one.origin) for one in found] == [(LIST, data, ImportedFile.Origin.MAILBOX)]
    assert found[0].at == sent.replace(microsecond=0)
    assert not [command for command in commands if "STORE" in command or "EXPUNGE" in command]
    assert all("PEEK" in command for command in commands if "FETCH" in command)


def test_a_mailbox_that_cannot_be_read_is_named_without_its_password() -> None:
    with mailbox([]) as (address, _commands):
        pass
    with pytest.raises(SourceUnreachable) as raised:
        list(origins.from_mailbox(f"{address}?from=sistema@hotel.example"))
    assert PASSWORD not in str(raised.value)
