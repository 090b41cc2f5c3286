"""The registered jobs. Only a registered job can be run, by schedule, page or command."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Outcome:
    """The result of a job that reached its end. `reason` is a sentence for people without guest data."""

    state: Literal["succeeded", "partial"]
    summary: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


class ExpectedFailure(Exception):
    """Ends the run `failed` without a traceback; the message is the sentence shown to people."""


class UnknownJob(LookupError):
    """No job of that name is registered; the message lists the registered ones."""


# Its one argument is a RunContext; naming it here would make an import cycle.
JobFunction = Callable[..., Awaitable[Outcome]]


@dataclass(frozen=True)
class JobDefinition:
    name: str
    title: str | Promise
    run: JobFunction
    # A lost run is resumed automatically only if processing a chunk twice changes nothing.
    idempotent: bool
    phases: tuple[str, ...]
    supabase: bool
    # Maintenance of our own database: not among the runs that people follow.
    housekeeping: bool = False
    # Reads the hotel as it is and stores it under the run's business date: on another day it would store the wrong day.
    reads_now: bool = False


_jobs: dict[str, JobDefinition] = {}


def job(
    name: str,
    *,
    title: str | Promise,
    idempotent: bool = False,
    phases: Sequence[str] = (),
    supabase: bool = True,
    housekeeping: bool = False,
    reads_now: bool = False,
) -> Callable[[JobFunction], JobFunction]:
    """Registers the decorated coroutine function under `name`. `supabase=False` opens no client for it; with
    `reads_now` a run of an earlier day is not resumed."""

    def register(run: JobFunction) -> JobFunction:
        if name in _jobs and _jobs[name].run.__module__ != run.__module__:
            raise ValueError(f"two modules register the job {name}: {_jobs[name].run.__module__}, {run.__module__}")
        _jobs[name] = JobDefinition(name, title, run, idempotent, tuple(phases), supabase, housekeeping, reads_now)
        return run

    return register


def load() -> dict[str, JobDefinition]:
    """Imports every module of pipeline.jobs and EXTRA_JOB_MODULES; returns the jobs they register."""
    import pipeline.jobs

    own = [module.name for module in pkgutil.iter_modules(pipeline.jobs.__path__, "pipeline.jobs.")]
    named = {importlib.import_module(name).__name__ for name in (*own, *settings.EXTRA_JOB_MODULES)}
    return {name: job for name, job in sorted(_jobs.items()) if job.run.__module__ in named}


def get(name: str) -> JobDefinition:
    jobs = load()
    if name not in jobs:
        raise UnknownJob(
            _("There is no job “%(name)s”. There are: %(jobs)s.") % {"name": name, "jobs": ", ".join(jobs)}
        )
    return jobs[name]


def title_of(name: str) -> str:
    """What staff call the job; its name where it is not registered any more."""
    job = load().get(name)
    return str(job.title) if job else name
