from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Read the guest list and the orders, compare with the day before, match, and publish suggestions."
    job = "pipeline_diario"
