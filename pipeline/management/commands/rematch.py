from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Match every open order against the whole house again, and count what changes by it."
    job = "rematch"
