"""The exceptions of runs, and the rules that are checked before a run is opened or resumed."""

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from pipeline import labels
from pipeline.business_date import opening_date
from pipeline.models import RESUMABLE, Drain, JobRun
from pipeline.runs import registry
from pipeline.runs.registry import JobDefinition


class AlreadyRunning(Exception):
    """The job has a live run (`run`): a second one was refused."""

    def __init__(self, run: JobRun) -> None:
        self.run = run
        super().__init__(
            _("%(job)s is already running (run %(id)s); it was not started again.") % {"job": run.job, "id": run.pk}
        )


class SlotTaken(Exception):
    """This slot of the schedule has its run already: the task was delivered twice."""


class InvalidRun(ValueError):
    """The requested run is not possible; the message is a sentence that explains it. No row was written."""


class Draining(InvalidRun):
    """A deploy is under way (`drain`): until it is over no run starts."""

    def __init__(self, drain: Drain) -> None:
        self.drain = drain
        super().__init__(labels.drain_sentence(drain))


class NotClaimed(Exception):
    """The run is not queued: another process has it, or it is over. A redelivered task ends here."""


class FenceLost(Exception):
    """Another process declared the run lost, finished or cancelled: nothing more may be written for it."""


def validate(job: JobDefinition, business_date: date, steps: list[str] | None, resume_of: JobRun | None) -> None:
    """Raises InvalidRun where the run may not be opened. Live runs are not checked here."""
    if business_date > opening_date():
        raise InvalidRun(_("The business date %(date)s lies in the future.") % {"date": business_date.isoformat()})
    unknown = [step for step in steps or () if step not in job.phases]
    if unknown or steps == []:
        raise InvalidRun(
            _("%(job)s has no step “%(step)s”. Its steps: %(steps)s.")
            % {"job": job.name, "step": ", ".join(unknown), "steps": ", ".join(job.phases) or "-"}
        )
    if resume_of is not None and (why := why_not_resumable(resume_of)):
        raise InvalidRun(why)


def why_not_resumable(run: JobRun) -> str:
    """A sentence, or "" where the run may be resumed."""
    if run.live:
        return _("The run is not over yet.")
    if run.state not in RESUMABLE:
        return _("The run reached its end; there is nothing to resume.")
    if run.resumed_by.exists():
        return _("The run was resumed already.")
    started = timezone.localdate(run.queued_at, ZoneInfo(settings.TIME_ZONE))
    job = registry.load().get(run.job)
    if job is not None and job.reads_now and started != opening_date():
        return _(
            "It was started on %(started)s and reads the hotel as it is now: resumed today, it would store today's data"
            " under %(date)s. Start the job for today instead."
        ) % {"started": labels.day_words(started), "date": labels.day_words(run.business_date)}
    return ""
