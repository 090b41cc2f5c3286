from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "End lost and stale runs."
    job = "cleanup_stale_runs"
