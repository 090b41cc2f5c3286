from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Record who is in the house on the business date."
    job = "hospedes_casa"
