"""The stack against kill -9, damaged files, taken ports and closed folders, each on a stack of the test's own."""

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sistema_os.local import account
from sistema_os.local.errors import LocalStackError
from sistema_os.local.postgres import Postgres
from sistema_os.local.processes import command_line, gone, read_pid, wait_for
from sistema_os.local.stack import PROJECT, Stack

pytestmark = pytest.mark.drill
SLOW = pytest.mark.slow_drill
START = (
    "import sys; from pathlib import Path; from sistema_os.local.stack import Stack; Stack(Path(sys.argv[1])).start()"
)


@contextmanager
def _new_stack() -> Iterator[Stack]:
    """A stack in a folder that every account can get through, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        stack = Stack(Path(folder) / "project" / ".local")
        yield stack
        stack.reset()


@pytest.fixture
def own() -> Iterator[Stack]:
    with _new_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def started() -> Iterator[Stack]:
    """One started stack for the tests that only look at it."""
    with _new_stack() as stack:
        stack.start()
        yield stack


def _pids(stack: Stack) -> dict[str, int]:
    """PostgreSQL's and PostgREST's, by asking the one and reading the other's file."""
    with psycopg.connect(stack.url("postgres")) as connection:
        row = connection.execute("select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int").fetchone()
    assert row is not None
    return {"postgres": row[0], "postgrest": int((stack.local / "postgrest.pid").read_text())}


def _remember(stack: Stack) -> None:
    with stack.connect_hotel() as hotel:
        hotel.execute("insert into inventario_uh (tipo_uh, desde, uh_total) values ('KEPT', '2026-01-01', 1)")


def _remembers(stack: Stack) -> bool:
    with stack.connect_hotel() as hotel:
        return hotel.execute("select 1 from inventario_uh where tipo_uh = 'KEPT'").fetchone() == (1,)


def _start_elsewhere(stack: Stack) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(stack.local)], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_a_stop_leaves_no_process_and_a_restart_keeps_data_address_and_keys(own: Stack) -> None:
    before = own.start()
    _remember(own)
    pids = _pids(own).values()
    own.stop()
    assert not own.status().postgres
    assert all(not command_line(pid) for pid in pids), "stopping left a process behind"
    assert read_pid(own.local / "postgrest.pid", running="postgrest") is None
    assert own.start() == before
    assert _remembers(own)


def test_a_second_start_leaves_the_running_servers_alone(started: Stack) -> None:
    pids = _pids(started)
    started.start()
    assert _pids(started) == pids


@pytest.mark.parametrize("victim", ["postgres", pytest.param("postgrest", marks=SLOW)])
def test_a_server_killed_with_9_comes_back_with_its_data(own: Stack, victim: str) -> None:
    own.start()
    _remember(own)
    pid = _pids(own)[victim]
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: gone(pid), 10)
    assert not own.status().running
    own.start()
    assert own.status().running
    assert _remembers(own)


@SLOW
def test_a_pid_file_whose_number_another_program_has_taken_stops_nobody(own: Stack) -> None:
    own.start()
    with psycopg.connect(own.url("postgres")) as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row is not None
    own.stop()
    (Path(row[0]) / "postmaster.pid").write_text(f"{os.getpid()}\n{row[0]}\n1\n5432\n\n127.0.0.1\n")
    own.start()
    assert own.status().running
    assert command_line(os.getpid())


@pytest.mark.parametrize("delay", [1.0, *(pytest.param(delay, marks=SLOW) for delay in (0.05, 0.3, 0.6, 1.6))])
def test_killed_with_9_while_starting_it_comes_up_sound(own: Stack, delay: float) -> None:
    starting = _start_elsewhere(own)
    time.sleep(delay)
    starting.kill()
    starting.communicate()
    own.start()
    assert own.status().running
    _remember(own)
    assert _remembers(own)


def test_starts_at_the_same_time_make_one_stack(own: Stack) -> None:
    starts = [_start_elsewhere(own) for _ in range(3)]
    said = [start.communicate()[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], said
    pids = _pids(own)
    own.start()
    assert _pids(own) == pids


def test_a_taken_port_is_left_to_its_owner_and_the_new_one_is_written_down(own: Stack) -> None:
    before = own.start()
    own.stop()
    with socket.create_server(("127.0.0.1", int(before["SUPABASE_URL"].rpartition(":")[2]))):
        after = own.start()
    assert after["SUPABASE_URL"] != before["SUPABASE_URL"]
    assert f"SUPABASE_URL={after['SUPABASE_URL']}\n" in (own.local / "stack.env").read_text()
    assert own.status().running


@SLOW
def test_a_half_written_environment_is_written_anew(own: Stack) -> None:
    values = own.start()
    (own.local / "stack.env").write_text("SECRET_KEY=abc\nDATABASE_U")
    own.start()
    written = (own.local / "stack.env").read_text()
    assert all(f"{name}={value}\n" in written for name, value in values.items())


@SLOW
def test_a_damaged_record_is_named_in_one_sentence(own: Stack) -> None:
    own.start()
    record = own.local / "stack.json"
    whole = record.read_text()
    record.write_text(whole[: len(whole) // 2])
    with pytest.raises(LocalStackError, match=r"stack\.json is damaged; `make demo-reset` starts afresh\.$") as caught:
        own.start()
    assert "\n" not in str(caught.value)
    own.reset()
    own.start()
    assert own.status().running


def test_what_the_stack_writes_is_for_its_owner_alone(started: Stack) -> None:
    for name in ("stack.env", "stack.json"):
        assert stat.S_IMODE((started.local / name).stat().st_mode) == 0o600


@SLOW
def test_an_error_of_the_server_is_passed_on_in_one_sentence(own: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    own.start()
    own.stop()
    monkeypatch.setattr("sistema_os.local.postgres._OPTIONS", {"no_such_parameter": "1"})
    with pytest.raises(LocalStackError, match=r"^PostgreSQL did not start: .*no_such_parameter.*\.$"):
        own.start()


def test_a_password_never_stands_in_a_command_line(started: Stack) -> None:
    values = started.start()
    secrets = {values["SUPABASE_SERVICE_KEY"], started.url("postgres").split(":")[2].split("@")[0]}
    for pid in _pids(started).values():
        assert not any(secret in command_line(pid) for secret in secrets)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another account")


@needs_root
def test_under_a_folder_closed_to_others_the_cluster_lies_outside_and_the_folder_stays_closed(own: Stack) -> None:
    closed = own.local.parent.parent
    closed.chmod(0o700)
    own.start()
    with psycopg.connect(own.url("postgres")) as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row is not None
    assert not Path(row[0]).is_relative_to(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    own.reset()
    assert not Path(row[0]).exists()


@needs_root
def test_a_cluster_outside_whose_project_is_gone_is_taken_away(tmp_path: Path) -> None:
    nobody = account.unprivileged(tmp_path)
    assert nobody is not None
    project = tmp_path / "project"
    project.mkdir()
    outside = account._new_outside(project, nobody)
    assert outside.is_dir()
    project.rmdir()
    other = account._new_outside(tmp_path, nobody)
    assert not outside.exists()
    (other / "owner").unlink()
    other.rmdir()


@needs_root
@SLOW
def test_a_temporary_folder_closed_to_others_is_passed_over(own: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = own.local.parent.parent
    closed.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    own.start()
    assert own.status().running


@needs_root
def test_the_server_does_not_run_as_root(started: Stack) -> None:
    owner = Path(f"/proc/{_pids(started)['postgres']}").stat().st_uid
    assert owner != 0


def test_an_unreachable_server_is_not_alive(tmp_path: Path) -> None:
    place = account.Place(account.installed(), tmp_path, None)
    assert not Postgres(place, "x").alive(1)
