from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pipeline import queue
from pipeline.runs import registry, schedules
from pipeline.worker.execution import USAGE_ERROR


class Command(BaseCommand):
    help = "Set the schedules of all jobs. Run it at each deploy; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            starts = queue.set_up_schedules()
        except (schedules.MalformedSchedule, registry.UnknownJob) as error:
            raise CommandError(str(error), returncode=USAGE_ERROR) from None
        for job, start in sorted(starts.items(), key=lambda item: item[1]):
            self.stdout.write(f"{timezone.localtime(start):%d/%m %H:%M}  {job}")
