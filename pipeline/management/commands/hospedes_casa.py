from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Photograph who is in the house for the business date."
    job = "hospedes_casa"
