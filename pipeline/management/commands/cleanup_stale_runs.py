from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "End runs that nobody will end any more."
    job = "cleanup_stale_runs"
