"""The schedules of the jobs. SCHEDULES in the settings may override the times."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from pipeline.runs import registry

# The daily jobs run after the hotel's night audit; the sweep is the last resort behind jobwatch.
DEFAULTS = {
    "pipeline_diario": "05:50",
    "rm_daily_collection": "06:10",
    "hospedes_casa": "30 min",
    "cleanup_stale_runs": "10 min",
    "retencao_dados": "03:40",
    "receber_arquivos": "5 min",
}


class MalformedSchedule(ValueError):
    """The message names the job and the text that is neither a time nor an interval."""


@dataclass(frozen=True)
class JobSchedule:
    """A job, and either the time of day at which it starts or the minutes between two starts."""

    job: str
    at: time | None = None
    minutes: int | None = None

    def next_after(self, moment: datetime) -> datetime:
        """The first start after `moment`, in the hotel's time zone."""
        local = timezone.localtime(moment)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.at is not None:
            today = local.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
            return today if today > local else today + timedelta(days=1)
        step = timedelta(minutes=self.minutes or 1)
        return midnight + step * ((local - midnight) // step + 1)


def job_schedules() -> list[JobSchedule]:
    """The configured schedules. Raises MalformedSchedule or UnknownJob. While a module of EXTRA_JOB_MODULES is
    disabled, an unknown job may be its, and is left out."""
    wanted: dict[str, str] = {**DEFAULTS, **getattr(settings, "SCHEDULES", {})}
    if not (settings.IMPORT_WATCH_FOLDERS or settings.IMPORT_SHEETS or settings.IMPORT_MAILBOX):
        wanted.pop("receber_arquivos", None)
    if registry.broken_modules():
        known = registry.load()
        wanted = {job: text for job, text in wanted.items() if job in known}
    return [_parse(registry.get(job).name, text) for job, text in wanted.items()]


def _parse(job: str, text: str) -> JobSchedule:
    if daily := re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip()):
        return JobSchedule(job, at=time(int(daily[1]), int(daily[2])))
    every = re.fullmatch(r"(\d{1,4}) ?min", text.strip())
    if every and 1 <= int(every[1]) <= 24 * 60:
        return JobSchedule(job, minutes=int(every[1]))
    raise MalformedSchedule(
        f"The schedule of {job} is “{text}”; write a time of day like 05:50 or a pause like 30 min."
    )
