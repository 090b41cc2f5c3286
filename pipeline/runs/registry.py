"""The registered jobs. Only a registered job can be run, by schedule, page or command."""

import importlib
import logging
import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from sistema_os.logs import redact

logger = logging.getLogger(__name__)


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


ByDate = Literal["writes", "deletes"]
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
    # Writes or deletes by its business date: refused where a clock contradicts it (`pipeline.runs.dates`).
    by_date: ByDate | None = None


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
    by_date: ByDate | None = None,
) -> Callable[[JobFunction], JobFunction]:
    """Registers the decorated coroutine function under `name`. `supabase=False` opens no client for it; with
    `reads_now` a run of an earlier day is not resumed; `by_date` says whether it writes or deletes by its date."""

    def register(run: JobFunction) -> JobFunction:
        if name in _jobs and _jobs[name].run.__module__ != run.__module__:
            raise ValueError(f"two modules register the job {name}: {_jobs[name].run.__module__}, {run.__module__}")
        _jobs[name] = JobDefinition(
            name, title, run, idempotent, tuple(phases), supabase, housekeeping, reads_now, by_date
        )
        return run

    return register


# Module -> why it cannot be used. Kept for the life of the process: importing it again would fail again.
_broken: dict[str, str] = {}


def load() -> dict[str, JobDefinition]:
    """Imports every module of pipeline.jobs and EXTRA_JOB_MODULES; returns the jobs they register. An extra module that
    cannot be imported is disabled with its jobs: see `broken_modules`."""
    import pipeline.jobs

    own = [module.name for module in pkgutil.iter_modules(pipeline.jobs.__path__, "pipeline.jobs.")]
    named = {importlib.import_module(name).__name__ for name in own}
    named |= {name for name in settings.EXTRA_JOB_MODULES if _is_importable(name)}
    return {name: job for name, job in sorted(_jobs.items()) if job.run.__module__ in named}


def broken_modules() -> dict[str, str]:
    """The modules of EXTRA_JOB_MODULES that are disabled, and the class of the error of each."""
    load()
    return {name: why for name, why in _broken.items() if name in settings.EXTRA_JOB_MODULES}


def _is_importable(name: str) -> bool:
    if name in _broken:
        return False
    try:
        importlib.import_module(name)
    except Exception as error:  # a module of other people fails in any way when it is imported
        _broken[name] = type(error).__name__
        logger.error("EXTRA_JOB_MODULES: %s cannot be imported and is disabled: %s", name, redact(repr(error)))
        return False
    return True


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
