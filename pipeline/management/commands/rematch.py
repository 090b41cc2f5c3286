from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Match every open order against all stays again and count what changes."
    job = "rematch"
