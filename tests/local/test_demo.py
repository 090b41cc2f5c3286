"""`manage.py demo` in a copy of the project, as a stranger runs it: the developer's own `.local` is never near it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sistema_os.local.processes import command_line, free_port, wait_for
from sistema_os.local.stack import PROJECT
from tests.stack import settings_names

PACKAGES = ("sistema_os", "pipeline", "matching", "snapshots")
READY_SECONDS = 600.0


class DemoRun:
    """One demo in its own process group; its words are in a file."""

    def __init__(self, project: Path, *args: str, env: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._log = project / "demo.out"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo", "--port", str(self.port), *args],
                cwd=project,
                env={**_clean_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self) -> None:
        wait_for(lambda: "Ctrl-C" in self.said or self.process.poll() is not None, READY_SECONDS)
        assert "Ctrl-C" in self.said, self.said

    def interrupt(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=120)

    def ask(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def _clean_environment() -> dict[str, str]:
    ours = {*settings_names(), "SISTEMA_OS_ENV_FILE", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One copy for all: each new place of the modules is compiled anew. What a test writes into it is removed by it."""
    project = tmp_path_factory.mktemp("demo") / "project"
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, project / package, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copy(PROJECT / "manage.py", project)
    (project / "node_modules").symlink_to(PROJECT / "node_modules")
    yield project
    _reset(project)


@pytest.fixture
def project(copy: Path) -> Iterator[Path]:
    """The copy without what an earlier test left in it."""
    if (copy / ".local" / "stack.json").exists():
        _reset(copy)
    yield copy
    (copy / ".env").unlink(missing_ok=True)


def _reset(project: Path) -> None:
    command = [sys.executable, "manage.py", "supabase_local", "reset"]
    env = {**_clean_environment(), "SISTEMA_OS_ENV_FILE": os.devnull}
    subprocess.run(command, cwd=project, env=env, check=True, capture_output=True)


def _running(project: Path) -> list[str]:
    """Command lines of living processes that name the project's copy, or work in it."""
    found = []
    for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        line = command_line(pid)
        if line and (str(project) in line or _works_in(pid, project)):
            found.append(line)
    return found


def _works_in(pid: int, project: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == project
    except OSError:
        return False


in_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")


@pytest.mark.drill
@pytest.mark.long
@pytest.mark.timeout(1200)
@in_proc
def test_from_nothing_to_the_admin_alone_and_ended_by_ctrl_c(project: Path) -> None:
    demo = DemoRun(project)
    demo.wait_until_ready()
    assert demo.ask("/readyz")[0] == 200
    assert "csrfmiddlewaretoken" in demo.ask("/admin/login/")[1]
    assert demo.said.count("pipeline_diario") == 3
    assert "ana / " in demo.said

    second = DemoRun(project)
    assert second.process.wait(timeout=120) == 1
    assert len(second.said.strip().splitlines()) == 1

    assert demo.interrupt() == 0
    assert _running(project) == []


@pytest.mark.drill
@pytest.mark.slow_drill
@pytest.mark.timeout(1200)
@in_proc
def test_ended_by_ctrl_c_or_killed_with_9_it_goes_on_with_the_same_data(project: Path) -> None:
    demo = DemoRun(project)
    demo.wait_until_ready()
    assert demo.interrupt() == 0

    again = DemoRun(project)
    again.wait_until_ready()
    assert "pipeline_diario" not in again.said
    again.process.kill()
    again.process.wait()

    last = DemoRun(project)
    last.wait_until_ready()
    assert last.ask("/readyz")[0] == 200
    assert last.interrupt() == 0
    assert _running(project) == []


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_SERVICE_KEY": "very-secret"}, "SUPABASE_URL"),
        ({"SUPABASE_URL": "http://127.0.0.1:9"}, "SUPABASE_SERVICE_KEY"),
        ({"DATABASE_URL": "postgres://a:very-secret@127.0.0.1:9/b"}, "DATABASE_URL"),
    ],
)
def test_what_is_wrong_with_servers_of_ones_own_is_the_last_line_and_no_traceback(
    project: Path, env: dict[str, str], named: str
) -> None:
    demo = DemoRun(project, env=env)
    assert demo.process.wait(timeout=120) == 1
    assert named in demo.said.strip().splitlines()[-1]
    assert "Traceback" not in demo.said
    assert "very-secret" not in demo.said


def test_a_port_in_use_is_named_before_anything_starts(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = DemoRun(project, "--port", str(port))
        assert demo.process.wait(timeout=120) == 1
    assert str(port) in demo.said
    assert len(demo.said.strip().splitlines()) == 1
    assert not (project / ".local" / "stack.json").exists()


def test_a_half_written_env_file_is_named_by_its_line_and_not_quoted(project: Path) -> None:
    (project / ".env").write_text("SECRET_KEY=abc\nSUPABASE_SERVICE_KEY=eyJhbGci\neyJyb2xlIjoic2Vydm")
    demo = DemoRun(project)
    assert demo.process.wait(timeout=120) == 1
    assert ".env, line 3," in demo.said
    assert len(demo.said.strip().splitlines()) == 1
    assert "eyJ" not in demo.said


def test_placeholders_left_empty_in_env_count_as_not_given(project: Path) -> None:
    shutil.copy(PROJECT / ".env.example", project / ".env")
    code = "import sistema_os.settings, os; print('DATABASE_URL' in os.environ)"
    command = [sys.executable, "-c", f"import sys; sys.argv = ['manage.py', 'demo']; {code}"]
    env = {**_clean_environment(), "DJANGO_SETTINGS_MODULE": "sistema_os.settings"}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
