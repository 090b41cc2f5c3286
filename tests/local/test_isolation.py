"""A run of the suite reads nothing of the developer's and reaches none of the developer's servers."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sistema_os.local.stack import PROJECT
from tests.stack import WORKER, settings_names

COPIED = ("sistema_os", "pipeline", "matching", "snapshots", "tests", "manage.py", "pyproject.toml", ".env.example")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(PROJECT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(PROJECT / "node_modules")
    return tmp_path


@pytest.mark.drill
@pytest.mark.slow_drill
def test_env_local_and_shell_of_the_developer_are_neither_read_nor_written(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as developers_own:
        developers_own.setblocking(False)
        settings = _settings_that_lead_to(developers_own.getsockname()[1])
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        files = (project / ".env", project / ".local" / "stack.env")
        for file in files:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        done = _run_some_tests(project, settings)
        assert done.returncode == 0, done.stdout
        assert [file.read_text() for file in files] == [text, text]
        assert [path.name for path in (project / ".local").iterdir()] == ["stack.env"]
        with pytest.raises(BlockingIOError):
            developers_own.accept()


def test_the_list_of_settings_to_hide_is_the_example_of_an_environment() -> None:
    assert {"SECRET_KEY", "DATABASE_URL", "SUPABASE_URL", "SUPABASE_SERVICE_KEY", "HTTPS"} <= set(settings_names())


def _settings_that_lead_to(port: int) -> dict[str, str]:
    return {
        "SECRET_KEY": "the-developers",
        "HASH_KEY": "the-developers",
        "DATABASE_URL": f"postgres://developer:word@127.0.0.1:{port}/mine",
        "SUPABASE_URL": f"http://127.0.0.1:{port}",
        "SUPABASE_SERVICE_KEY": "the-developers",
        "HEARTBEAT_SECONDS": "not a number",
    }


def _run_some_tests(project: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in settings_names()}
    for name in ("SISTEMA_OS_ENV_FILE", WORKER):
        env.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-q", "tests/local/test_stack.py"]
    return subprocess.run(command, cwd=project, env=env | settings, capture_output=True, text=True, check=False)
