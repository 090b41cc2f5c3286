from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Erase old listings and the names of guests who left long ago."
    job = "retencao_dados"
