"""`manage.py import_file` on the real stack: from files to rows at the hotel, and what it refuses."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import CommandError, call_command
from psycopg import sql

from matching.models import MatchSuggestion
from pipeline.imports import delivery, service
from pipeline.models import ImportedFile, ImportRecipe, ImportSession, JobRun
from sistema_os.supabase import SupabaseClient, SupabaseError
from tests.pipeline.imports.conftest import DAY, LIST, ORDERS, SAMPLES

pytestmark = pytest.mark.django_db(transaction=True)


def _import(*names: str | Path, **options: Any) -> dict[str, Any]:
    out = StringIO()
    paths = [str(name if isinstance(name, Path) else SAMPLES / name) for name in names]
    call_command("import_file", *paths, date=DAY, json=True, stdout=out, stderr=StringIO(), **options)
    lines = out.getvalue().splitlines()
    found: dict[str, Any] = json.loads(next(line for line in lines if line.startswith('{"import"')))
    return found


def _rows(hotel: psycopg.Connection, table: str) -> list[tuple[Any, ...]]:
    return hotel.execute(sql.SQL("select * from {} order by 1").format(sql.Identifier(table))).fetchall()


def test_two_files_become_guests_orders_and_suggestions(hotel_db: psycopg.Connection) -> None:
    done = _import(LIST, ORDERS, answer=["status:aguardando peca=aguardando"])
    assert done["state"] == "succeeded"
    assert done["summary"]["stays"]["added"] == 22
    assert done["summary"]["orders"]["added"] == 8
    assert len(_rows(hotel_db, "listagem_hospedes")) == 22
    assert len(_rows(hotel_db, "ordens_servico")) == 8
    pipeline = JobRun.objects.of("pipeline_diario").get()
    assert pipeline.state == "succeeded", pipeline.reason
    assert MatchSuggestion.objects.heads().exists()


def test_the_same_files_twice_change_nothing(hotel_db: psycopg.Connection) -> None:
    _import(LIST, ORDERS)
    before = [_rows(hotel_db, table) for table in ("hospedes", "reservas", "ordens_servico")]
    again = _import(LIST, ORDERS)
    assert [_rows(hotel_db, table) for table in ("hospedes", "reservas", "ordens_servico")] == before
    assert {kind: (found["added"], found["changed"]) for kind, found in again["summary"].items()} == {
        "stays": (0, 0),
        "orders": (0, 0),
    }
    assert set(ImportedFile.objects.order_by("-id").values_list("state", flat=True)[:2]) == {"same"}


def test_a_dry_run_writes_nothing(hotel_db: psycopg.Connection) -> None:
    found = _import(LIST, dry_run=True)
    assert found["summary"]["stays"]["added"] == 22
    assert not _rows(hotel_db, "listagem_hospedes")
    assert not JobRun.objects.exists()


def test_an_open_question_is_exit_4_with_the_question(hotel_db: psycopg.Connection, tmp_path: Path) -> None:
    lista = tmp_path / "lista.csv"
    lista.write_text(
        "Nome;Apto;Chegada;Saída\nSilva, Ana;0201;10/03/2026;14/03/2026\nCosta, Rui;0202;11/03/2026;15/03/2026\n"
    )
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("import_file", str(lista), date=DAY, stdout=StringIO(), stderr=errors)
    assert ended.value.code == 4
    question = json.loads(errors.getvalue().strip().splitlines()[-1])
    assert question["question"] == "scope"
    assert "casa" in question["options"]
    done = _import(lista, answer=["scope=casa"])
    assert done["state"] == "succeeded"
    # The answer is kept under the layout: the next file of it asks nothing.
    assert ImportRecipe.objects.get().scope == "house"
    assert _import(lista)["state"] == "succeeded"


def test_a_refused_file_is_one_sentence_and_nothing_is_left(
    hotel_db: psycopg.Connection, tmp_path: Path, spool_folder: Path
) -> None:
    photo = tmp_path / "lista.csv"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    with pytest.raises(CommandError, match="foto ou imagem"):
        call_command("import_file", str(photo), date=DAY, stdout=StringIO(), stderr=StringIO())
    assert not _rows(hotel_db, "listagem_hospedes")
    assert not list(spool_folder.iterdir())


def test_nothing_of_the_files_is_left_after_the_import(hotel_db: psycopg.Connection, spool_folder: Path) -> None:
    _import(LIST, ORDERS)
    assert not list(spool_folder.iterdir())
    assert ImportSession.objects.get().state == "done"


def test_an_import_that_is_killed_leaves_all_or_nothing(
    hotel_db: psycopg.Connection, opened: Callable[..., ImportSession]
) -> None:
    """The connection is cut while the function works: nothing is written. The same call again writes all of it."""
    file = service.usable(opened(LIST))[0]

    async def send() -> delivery.Delivered:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            return await delivery.deliver(supabase, file, DAY)

    hotel_db.execute(
        b"create function cut() returns trigger language plpgsql as"
        b" $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$"
    )
    hotel_db.execute(b"create trigger cut after insert on listagem_hospedes for each statement execute function cut()")
    try:
        with pytest.raises(SupabaseError):
            async_to_sync(send)()
        assert not _rows(hotel_db, "listagem_hospedes")
    finally:
        hotel_db.execute(b"drop trigger cut on listagem_hospedes")
        hotel_db.execute(b"drop function cut()")
    assert async_to_sync(send)().added == 22
