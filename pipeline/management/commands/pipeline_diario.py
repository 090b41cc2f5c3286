from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Read listing and orders, compare with the day before, match and leave suggestions."
    job = "pipeline_diario"
