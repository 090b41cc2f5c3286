"""The job of docs/jobs.md works as it stands there."""

import importlib
import re
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django.fixtures import Settings

from pipeline.business_date import opening_date
from pipeline.models import State, Trigger
from pipeline.runs import lifecycle, registry
from pipeline.worker.execution import execute

PAGE = (Path(project.BASE_DIR) / "docs" / "jobs.md").read_text(encoding="utf-8")


@pytest.fixture
def module(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    found = re.search(r"```python\n# (\w+)/(\w+)\.py\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    package, name, code = found.groups()
    (tmp_path / package).mkdir()
    (tmp_path / package / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    assert f"EXTRA_JOB_MODULES={package}.{name}" in PAGE
    settings.EXTRA_JOB_MODULES = [f"{package}.{name}"]
    return f"{package}.{name}"


@pytest.mark.django_db(transaction=True)
def test_it_runs_and_goes_on_at_its_checkpoint(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "late_orders" in registry.load()
    job = importlib.import_module(module)
    stored: list[int] = []
    store = job.store

    def failing(context: object, chunk: list[int], following: int) -> None:
        store(context, chunk, following)
        stored.extend(chunk)
        if following == 200:
            raise RuntimeError("the machine went down")

    monkeypatch.setattr(job, "store", failing)
    failed = execute(lifecycle.open_run("late_orders", business_date=opening_date(), trigger=Trigger.COMMAND).pk)
    assert (failed.state, failed.checkpoint) == (State.FAILED, {"next": 200})
    assert "RuntimeError" in failed.reason
    done = execute(lifecycle.resume(failed).pk)
    assert (done.state, done.summary, done.done) == (State.SUCCEEDED, {"rows": 250}, 250)
    assert stored == list(range(250)), "nothing twice"


@pytest.mark.parametrize("parameter", ["idempotent", "reads_now", "by_date"])
def test_every_promise_of_a_job_is_explained(parameter: str) -> None:
    assert f"**`{parameter}" in PAGE
