"""A run that failed because something else did not answer is tried again; other failures are not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import F

from pipeline import resume
from pipeline.models import JobRun, State, Trigger
from pipeline.resume import RETRY_AFTER
from pipeline.runs import lifecycle, registry
from pipeline.runs.context import RunContext
from pipeline.runs.registry import JobDefinition, Outcome
from pipeline.worker.execution import execute
from sistema_os.supabase import errors

pytestmark = pytest.mark.django_db(transaction=True)
OpenSample = Callable[..., JobRun]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[JobRun, Exception], JobRun]:
    """Executes the run of an idempotent job that raises the error."""

    def fail(run: JobRun, error: Exception) -> JobRun:
        async def body(context: RunContext) -> Outcome:
            raise error

        definition = JobDefinition("sample", "x", body, idempotent=True, phases=("succeed",), supabase=False)
        monkeypatch.setattr(registry, "get", lambda _name: definition)
        monkeypatch.setattr(registry, "load", lambda: {"sample": definition})
        return execute(run.pk)

    return fail


def let_pass(run: JobRun, time: timedelta) -> None:
    JobRun.objects.filter(pk=run.pk).update(finished_at=F("finished_at") - time)


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (errors.ConnectionFailed("no route"), True),
        (errors.Unavailable("503", status=503), True),
        (OperationalError("server closed the connection"), True),
        (errors.AuthError("401", status=401), False),
        (registry.ExpectedFailure("no inventory"), False),
        (KeyError("a programming error"), False),
    ],
)
def test_only_an_outage_is_tried_again(
    open_sample: OpenSample, failing: Callable[[JobRun, Exception], JobRun], error: Exception, outage: bool
) -> None:
    run = failing(open_sample(trigger=Trigger.SCHEDULE), error)
    assert (run.state, run.outage) == (State.FAILED, outage)
    assert resume.retry_outages() == [], "not at once"
    let_pass(run, RETRY_AFTER[0])
    again = resume.retry_outages()
    assert [one.resume_of for one in again] == ([run] if outage else [])
    assert resume.retry_outages() == [], "once"


def test_the_attempts_end(open_sample: OpenSample, failing: Callable[[JobRun, Exception], JobRun]) -> None:
    run = open_sample(trigger=Trigger.SCHEDULE)
    for wait in RETRY_AFTER:
        failing(run, errors.Unavailable("503", status=503))
        let_pass(run, wait)
        (run,) = resume.retry_outages()
    failing(run, errors.Unavailable("503", status=503))
    let_pass(run, RETRY_AFTER[-1])
    assert resume.retry_outages() == []


def test_a_newer_run_or_a_command_line_ends_the_attempts(
    open_sample: OpenSample, failing: Callable[[JobRun, Exception], JobRun]
) -> None:
    typed = failing(open_sample(trigger=Trigger.COMMAND), errors.Unavailable("503", status=503))
    let_pass(typed, RETRY_AFTER[0])
    assert resume.retry_outages() == [], "the person sees it fail"
    run = failing(open_sample(trigger=Trigger.SCHEDULE), errors.Unavailable("503", status=503))
    let_pass(run, RETRY_AFTER[0])
    lifecycle.request_cancel(open_sample())
    assert resume.retry_outages() == []
